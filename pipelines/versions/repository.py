"""The git and DVC repository around a folder: its commits, its tags, and where the bytes of a hash are to be had."""

import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from dvc.config import ConfigError, NoRemoteError
from dvc.exceptions import DvcException, NotDvcRepoError
from dvc.repo import Repo
from dvc.scm import SCMError, resolve_rev
from dvc_data.fs import DataFileSystem
from dvc_data.hashfile.hash_info import HashInfo
from dvc_data.hashfile.meta import Meta
from dvc_data.index import DataIndex, DataIndexDirError, DataIndexEntry, ObjectStorage

from common.errors import UserError
from pipelines.versions.dvc_lock import Item

T = TypeVar("T")

LOCK = "dvc.lock"
WORKSPACE = "workspace"
"""What the work tree is called where a revision is asked for, as in DVC."""


@dataclass(frozen=True, slots=True)
class Commit:
    sha: str
    parents: tuple[str, ...]  # in a list of commits: the nearest ones that are in the list too
    date: datetime  # of the commit, with its time zone
    subject: str
    tags: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What a person calls it: its tags, or the first eight digits."""
        return ", ".join(self.tags) or self.sha[:8]


class Repository:
    """Reads, and never writes to the work tree. What it fetches from a remote goes into DVC's cache."""

    def __init__(self, start: Path) -> None:
        """Find the repository that `start` lies in.

        Raises:
            UserError: there is none, or it has no git history.
        """
        try:
            self.root = Path(Repo.find_root(str(start)))
            self._dvc = Repo(str(self.root))
        except NotDvcRepoError:
            raise UserError(f"{start}: not inside a DVC repository; go to a clone of the project") from None
        except ConfigError as error:
            raise UserError(f"DVC's configuration: {_line(error)}") from None
        if not self._git("rev-parse", "--git-dir", check=False):
            raise UserError(f"{self.root}: not a git repository; versions are git revisions")

    def resolve(self, rev: str) -> Commit:
        """The commit that a revision names: a branch, a tag, a hash, `HEAD~2`, a DVC experiment.

        Raises:
            UserError: there is no such revision.
        """
        try:
            sha = resolve_rev(self._dvc.scm, rev)
        except SCMError:  # among them RevError, and a repository without commits
            raise UserError(f"{rev}: no such revision; `facades dataset log` lists the versions") from None
        return self._log("--max-count=1", sha)[0]

    def commits(self, *, everywhere: bool = False) -> list[Commit]:
        """The commits that changed dvc.lock, newest first.

        Of the current branch, a merge counting as one commit; or, with `everywhere`, of all branches, tags, merged
        branches and DVC experiments.
        """
        reach = ("--all", "--full-history") if everywhere else ("--first-parent",)
        if not self._git("rev-parse", "--verify", "--quiet", "HEAD", check=False):
            return []
        tags = self._tags_of_locks()
        return [
            replace(commit, tags=tags.get(commit.sha, ()))
            for commit in self._log(*reach, "--topo-order", "--parents", "--", LOCK)
        ]

    def read(self, commit: Commit, path: str) -> bytes | None:
        """A file that git tracked at that commit; None where it did not."""
        try:
            with self._dvc.scm.get_fs(commit.sha).open(path, "rb") as file:
                content: bytes = file.read()
                return content
        except (FileNotFoundError, IsADirectoryError):
            return None

    def changed(self, before: Commit | None, after: Commit | None, paths: Iterable[str]) -> list[str]:
        """The files under `paths` that differ between two commits, sorted; None is the work tree."""
        revisions = [commit.sha for commit in (before, after) if commit]
        if not revisions:
            return []
        return sorted(self._git("diff", "--name-only", "-z", *revisions, "--", *paths).split("\0")[:-1])

    def user(self) -> str:
        """Who git would say made a commit; empty where it does not know."""
        return self._git("config", "user.name", check=False).strip()

    def data(self, outs: Iterable[Item]) -> "Data":
        return Data(self._dvc, outs)

    def _tags_of_locks(self) -> dict[str, tuple[str, ...]]:
        """For each commit that changed dvc.lock, its tags and those of later commits that left dvc.lock alone."""
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
            raise UserError(f"git {arguments[0]}: {_line(done.stderr)}")
        return done.stdout if not done.returncode else ""


class Data:
    """The files that stages made, by the hashes of one dvc.lock: DVC's cache first, then its default remote."""

    def __init__(self, dvc: Repo, outs: Iterable[Item]) -> None:
        self._dvc = dvc
        index = DataIndex()  # type: ignore[no-untyped-call]
        index.storage_map.add_cache(ObjectStorage((), dvc.cache.local))
        for out in outs:
            key = tuple(out.path.split("/"))
            index[key] = DataIndexEntry(
                key=key, meta=Meta(isdir=out.is_folder, size=out.size), hash_info=HashInfo("md5", out.md5)
            )
        self._storage = index.storage_map
        self._files = DataFileSystem(index)

    def file(self, path: str) -> Path:
        """A local file with the content of `path`, which the caller must not write to.

        Raises:
            FileNotFoundError: no stage made such a file.
            UserError: a stage did, but its content is neither in the cache nor in the remote.
        """
        self._info(path)
        try:
            return self._local(path)
        except FileNotFoundError:
            return self._from_remote(path, self._local)

    def hashes(self, folder: str) -> dict[str, str]:
        """The md5 of every file in a folder that a stage made, by its path from the root of the repository.

        Raises:
            FileNotFoundError, UserError: as `file`.
        """
        self._info(folder)

        def read(folder: str) -> dict[str, str]:
            return {path: info["md5"] for path, info in self._files.find(folder, detail=True).items()}

        try:
            return read(folder)
        except DataIndexDirError:
            return self._from_remote(folder, read)

    def _info(self, path: str) -> None:
        """Read the listing of the folder that `path` is or lies in, so that what is missing after that is content."""
        try:
            self._files.info(path)
        except DataIndexDirError:
            self._from_remote(path, self._files.info)

    def _local(self, path: str) -> Path:
        with self._files.open(path, cache=True) as file:
            return Path(file.name)

    def _from_remote(self, path: str, read: Callable[[str], T]) -> T:
        try:
            self._storage.add_remote(ObjectStorage((), self._dvc.cloud.get_remote_odb()))
        except NoRemoteError:
            raise UserError(f"{path}: not in the local cache, and there is no default DVC remote to ask") from None
        except DvcException as error:
            raise UserError(
                f"{path}: not in the local cache, and the DVC remote cannot be used: {_line(error)}"
            ) from None
        try:
            return read(path)
        except (FileNotFoundError, DataIndexDirError):
            raise UserError(f"{path}: neither in the local cache nor in the DVC remote") from None
        except Exception as error:  # each kind of remote has its own
            raise UserError(f"{path}: not in the local cache, and the DVC remote failed: {_line(error)}") from error


def _line(error: object) -> str:
    return " ".join(str(error).split())
