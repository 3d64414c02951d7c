"""The git repository of a DVC project: its commits, its tags, and the files that they contain."""

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import UserError, on_one_line
from pipelines.versions.dvc_lock import Item

if TYPE_CHECKING:
    from pipelines.versions.dvc_internals import Cache, OutputFiles

LOCK = "dvc.lock"
WORKSPACE = "workspace"
"""The name of the work tree among revisions, as in DVC."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A git commit."""

    sha: str
    parents: tuple[str, ...]  # in a list of commits: the nearest ancestors that are in the list too
    date: datetime  # of the commit, with its time zone
    subject: str
    tags: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The tags of the commit, or else the first eight digits of its hash."""
        return ", ".join(self.tags) or self.sha[:8]


class Repository:
    """A git repository with DVC. It is only read; files downloaded from a DVC remote go to DVC's cache."""

    def __init__(self, start: Path) -> None:
        """Find the repository that contains the folder `start`.

        Raises:
            UserError: There is none, or it has no git history.
        """
        folders = [start.resolve(), *start.resolve().parents]
        # The folder `.dvc` marks the root (dvc.org/doc/user-guide/project-structure/internal-files).
        found = next((folder for folder in folders if (folder / ".dvc").is_dir()), None)
        if found is None:
            raise UserError(f"{start}: not inside a DVC repository; go to a clone of the project")
        self.root = found
        if not self._git("rev-parse", "--git-dir", check=False):
            raise UserError(f"{self.root}: not a git repository; versions are git revisions")

    def resolve(self, rev: str) -> Commit:
        """Return the commit that a revision names: a branch, a tag, a hash, `HEAD~2`, or a DVC experiment.

        Raises:
            UserError: There is no such revision.
        """
        sha = self._sha(rev) or self._sha_of_experiment(rev)
        if not sha:
            raise UserError(f"{rev}: no such revision; `facades dataset log` lists the versions")
        return self._log("--max-count=1", sha)[0]

    def commits(self, *, everywhere: bool = False) -> list[Commit]:
        """Return the commits that changed dvc.lock, newest first.

        Args:
            everywhere: Whether to include all branches, tags, merged branches and DVC experiments. Otherwise only the
                current branch is listed, with a merge as one commit.
        """
        reach = ("--all", "--full-history") if everywhere else ("--first-parent",)
        if not self._sha("HEAD"):
            return []
        tags = self._tags_of_locks()
        return [
            replace(commit, tags=tags.get(commit.sha, ()))
            for commit in self._log(*reach, "--topo-order", "--parents", "--", LOCK)
        ]

    def read(self, commit: Commit, path: str) -> bytes | None:
        """Return the content of a file that git tracked at a commit, or None if it did not."""
        done = subprocess.run(
            ["git", "-C", self.root, "cat-file", "blob", f"{commit.sha}:./{path}"], capture_output=True
        )
        return None if done.returncode else done.stdout

    def changed(self, before: Commit | None, after: Commit | None, paths: Iterable[str]) -> list[str]:
        """Return the files under `paths` that differ between two commits, sorted; None stands for the work tree."""
        revisions = [commit.sha for commit in (before, after) if commit]
        if not revisions:
            return []
        return sorted(self._git("diff", "--name-only", "-z", *revisions, "--", *paths).split("\0")[:-1])

    def user(self) -> str:
        """Return git's `user.name`, or an empty string if it is not set."""
        return self._git("config", "user.name", check=False).strip()

    def output_files(self, outs: Iterable[Item]) -> "OutputFiles":
        """Return access to the files of `outs`, the outputs of one dvc.lock.

        Raises:
            UserError: DVC's configuration is not valid.
        """
        return self._cache.files(outs)

    @cached_property
    def _cache(self) -> "Cache":
        from pipelines.versions.dvc_internals import Cache  # loads DVC, which takes half a second

        return Cache(self.root)

    def _sha(self, rev: str) -> str:
        """The commit that git calls `rev`; empty if there is none."""
        return self._git(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}", check=False
        ).strip()

    def _sha_of_experiment(self, name: str) -> str:
        """The newest commit that DVC keeps under refs/exps/AB/CDEF…/NAME, AB being the start of the parent's hash."""
        listed = self._git("for-each-ref", "--format=%(objectname) %(refname)", "--sort=-committerdate", "refs/exps/")
        return next((line.split()[0] for line in listed.splitlines() if line.rsplit("/", 1)[-1] == name), "")

    def _tags_of_locks(self) -> dict[str, tuple[str, ...]]:
        """For each commit that changed dvc.lock, its tags and those of later commits that did not change it."""
        changed = set(self._git("rev-list", "--all", "--full-history", "--", LOCK).split())
        found: dict[str, tuple[str, ...]] = {}
        carried: dict[str, set[str]] = {}
        for commit in self._log("--all", "--topo-order"):  # children come before their parents
            names = {*commit.tags, *carried.pop(commit.sha, ())}
            if commit.sha in changed:
                found[commit.sha] = tuple(sorted(names))
            elif names and commit.parents:
                carried.setdefault(commit.parents[0], set()).update(names)
        return found

    def _log(self, *arguments: str) -> list[Commit]:
        fields = "%H%x00%P%x00%cI%x00%s%x00%D%x00"
        words = self._git("log", f"--format={fields}", "--decorate-refs=refs/tags/", *arguments).split("\0")
        return [
            Commit(
                sha.strip(),
                tuple(parents.split()),
                datetime.fromisoformat(date),
                subject,
                tuple(name.removeprefix("tag: ") for name in decorations.split(", ") if name),
            )
            for sha, parents, date, subject, decorations in zip(*[iter(words[:-1])] * 5, strict=True)
        ]

    def _git(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(["git", "-C", self.root, *arguments], capture_output=True, text=True, errors="replace")
        if done.returncode and check:
            raise UserError(f"git {arguments[0]}: {on_one_line(done.stderr)}")
        return done.stdout if not done.returncode else ""
