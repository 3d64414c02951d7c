"""Versions are read from the cache or the remote, without a change to the work tree."""

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from common.errors import UserError
from pipelines.versions.repository import Repository
from pipelines.versions.version import Version, open_version

if TYPE_CHECKING:
    from tests.pipelines.audit.conftest import Town

pytestmark = pytest.mark.integration


def version(town: "Town", rev: str) -> Version:
    return open_version(Repository(town.folder), rev)


def titles(version: Version) -> set[str]:
    return set(version.manifest(["title"])["title"].to_pylist())


def contents(folder: Path) -> dict[str, tuple[int, int]]:
    """Every path of the work tree with its size and time."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in folder.rglob("*")
        if not {".git", ".dvc"} & set(path.relative_to(folder).parts)
    }


def test_a_revision_is_read_as_it_was(story: "Town") -> None:
    assert titles(version(story, "HEAD")) == {"A house", "A palace"}
    assert titles(version(story, "HEAD~2")) == {"A house"}
    assert version(story, "v1.0.0").params["sources"].keys() == {"town"}
    assert version(story, "v2.0.0").params["sources"].keys() == {"town", "museum"}
    first = version(story, story.commits["first"][:10])
    assert len(first.array("images.npy")) == len(first.array("split.npy")) == 18
    assert first.metrics("facade")["ksd"] == pytest.approx(0.11)
    assert version(story, "main").metrics("facade")["ksd"] == pytest.approx(0.12)


def test_reading_leaves_the_work_tree_alone(town: "Town", monkeypatch: pytest.MonkeyPatch) -> None:
    (town.folder / "params.yaml").write_text("a change that is not committed: true\n")
    before = contents(town.folder), town.git("status", "--porcelain")
    monkeypatch.chdir(town.folder / "crawler" / "spiders")
    old = open_version(Repository(Path.cwd()), "v1.0.0")
    assert old.manifest().num_rows == 20
    assert old.table(old.outputs("prepare", "*.parquet")["town"], ["sha256"]).num_rows == 20
    assert (contents(town.folder), town.git("status", "--porcelain")) == before


def test_the_work_tree_is_a_version(town: "Town") -> None:
    workspace = version(town, "workspace")
    committed = workspace.manifest(["sha256"]).num_rows
    town.sources["museum"].clear()
    town.write()
    assert version(town, "workspace").manifest(["sha256"]).num_rows == 20
    assert version(town, "HEAD").manifest(["sha256"]).num_rows == committed


def test_data_missing_in_the_cache_are_downloaded_from_the_remote(town: "Town", tmp_path: Path) -> None:
    for command in (
        ["remote", "add", "--local", "--default", "store", str(tmp_path / "store")],
        ["push", "--all-commits"],
    ):
        subprocess.run(["dvc", "-q", *command], cwd=town.folder, check=True)
    shutil.rmtree(town.folder / ".dvc/cache")
    old = version(town, "v1.0.0")
    assert old.manifest(["sha256"]).num_rows == 20
    assert np.asarray(old.array("images.npy")).shape == (18, 3, 64, 64)
    shutil.rmtree(tmp_path / "store")
    with pytest.raises(UserError, match=r"^v2\.0\.0: data/dataset/manifest\.parquet: neither in the local cache nor"):
        version(town, "v2.0.0").manifest()


def test_unavailable_data_are_reported_in_one_line(town: "Town") -> None:
    shutil.rmtree(town.folder / ".dvc/cache")
    with pytest.raises(UserError, match="there is no default DVC remote") as error:
        version(town, "HEAD").manifest()
    assert "\n" not in str(error.value)


def test_unknown_revisions_and_missing_files_are_reported(town: "Town", tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^v9: no such revision"):
        version(town, "v9")
    with pytest.raises(UserError, match="not inside a DVC repository"):
        Repository(tmp_path)
    town.git("rm", "--quiet", "--cached", "dvc.lock")
    town.git("commit", "--quiet", "--message", "no lock")
    with pytest.raises(UserError, match="found no dataset"):
        version(town, "HEAD").manifest()
    (town.folder / "dvc.lock").write_text("<<<<<<< HEAD\n")
    with pytest.raises(UserError, match=r"^dvc.lock at workspace: not a valid dvc.lock"):
        version(town, "workspace").manifest()


def test_a_dvc_experiment_is_a_revision(town: "Town") -> None:
    base = town.git("rev-parse", "HEAD~1").strip()
    commit = town.git("commit-tree", "HEAD^{tree}", "-p", base, "-m", "experiment").strip()
    town.git("update-ref", f"refs/exps/{base[:2]}/{base[2:]}/gray-dogs", commit)
    assert Repository(town.folder).resolve("gray-dogs").sha == commit
    assert commit in {one.sha for one in Repository(town.folder).commits(everywhere=True)}


def test_a_tag_names_the_last_version_before_it(town: "Town") -> None:
    (town.folder / "NEWS.md").write_text("v3\n")
    town.git("add", "NEWS.md")
    town.git("commit", "--quiet", "--message", "release")
    town.git("tag", "--annotate", "v3.0.0", "--message", "three")
    commits = Repository(town.folder).commits()
    assert [commit.subject for commit in commits] == list(reversed(town.commits))
    assert [commit.tags for commit in commits if commit.tags] == [("v3.0.0",), ("v2.0.0",), ("v1.0.0",)]
    assert version(town, "v3.0.0").manifest(["sha256"]).num_rows == version(town, "HEAD").manifest(["sha256"]).num_rows


def test_a_dataset_that_was_moved_is_found(town: "Town") -> None:
    stages = (town.folder / "dvc.yaml").read_text()
    (town.folder / "dvc.yaml").write_text(stages.replace("data/dataset", "data/facades"))
    (town.folder / "data/dataset").rename(town.folder / "data/facades")
    lock = (town.folder / "dvc.lock").read_text()
    (town.folder / "dvc.lock").write_text(lock.replace("data/dataset", "data/facades"))
    town.git("add", "--all")
    town.git("commit", "--quiet", "--message", "moved")
    assert version(town, "HEAD").manifest().equals(version(town, "HEAD~1").manifest())
