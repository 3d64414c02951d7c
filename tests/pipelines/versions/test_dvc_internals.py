"""Every member of DVC that is not public: it exists, and does what `dvc_internals` uses it for.

When a new version of DVC changes one, the test that fails bears the name of that member.
"""

import ast
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]
from dvc.config import ConfigError, NoRemoteError
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc_data.fs import DataFileSystem
from dvc_data.hashfile.hash_info import HashInfo
from dvc_data.hashfile.meta import Meta
from dvc_data.index import DataIndex, DataIndexDirError, DataIndexEntry, ObjectStorage

from common.errors import UserError
from pipelines.versions import dvc_internals
from pipelines.versions.dvc_internals import Cache
from pipelines.versions.dvc_lock import Item

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
PRODUCT = ("benchmarks", "common", "crawler", "curate", "pipelines", "train")
PUBLIC = ("dvc", "dvc.api")
UNKNOWN = "0" * 32  # an md5 that no cache has


@dataclass(frozen=True)
class Project:
    """A repository with DVC, whose cache has the folder `data` with the file `a.txt`."""

    root: Path
    folder: Item
    file: Item

    def index(self, *outs: Item) -> DataIndex:
        index = DataIndex()
        for out in outs:
            key = tuple(out.path.split("/"))
            meta = Meta(isdir=out.is_folder, size=out.size)
            index[key] = DataIndexEntry(key=key, meta=meta, hash_info=HashInfo("md5", out.md5))
        return index

    def cached(self, *outs: Item) -> DataFileSystem:
        index = self.index(*outs)
        index.storage_map.add_cache(ObjectStorage((), Repo(str(self.root)).cache.local))
        return DataFileSystem(index)


def dvc(root: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "dvc", "-q", *arguments], cwd=root, check=True)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DVC_NO_ANALYTICS", "1")
        patch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path_factory.mktemp("site-cache")))
        dvc(root, "init", "--no-scm")
        (root / "data").mkdir()
        (root / "data/a.txt").write_text("a")
        dvc(root, "add", "data")
    (out,) = yaml.safe_load((root / "data.dvc").read_text())["outs"]
    return Project(root, Item("data", out["md5"], 1), Item("data/a.txt", "0cc175b9c0f1b6a831c399e269772661", 1))


def configured(project: Project, folder: Path, text: str) -> Path:
    """A repository without a cache of its own, with this .dvc/config."""
    (folder / ".dvc").mkdir()
    (folder / ".dvc/config").write_text(f"[core]\n no_scm = true\n{text}")
    return folder


def raises(expected: type[Exception], call: Callable[[], object]) -> bool:
    with pytest.raises(expected):
        call()
    return True


MEMBERS: dict[str, Callable[[Project, Path], object]] = {
    "dvc.repo.Repo": lambda p, _: Repo(str(p.root)).root_dir == str(p.root),
    "dvc.repo.Repo.cache.local": lambda p, _: Repo(str(p.root)).cache.local.exists(p.file.md5),
    "dvc.repo.Repo.cloud.get_remote_odb": lambda p, temp: (
        Repo(str(configured(p, temp, f" remote = store\n['remote \"store\"']\n url = {temp}/store\n")))
        .cloud.get_remote_odb()
        .path.startswith(f"{temp}/store")
    ),
    "dvc.config.ConfigError": lambda p, temp: raises(
        ConfigError, lambda: Repo(str(configured(p, temp, "[nonsense]\n key = 1\n")))
    ),
    "dvc.config.NoRemoteError": lambda p, _: raises(NoRemoteError, Repo(str(p.root)).cloud.get_remote_odb),
    "dvc.exceptions.DvcException": lambda p, temp: raises(
        DvcException, Repo(str(configured(p, temp, " remote = nowhere\n"))).cloud.get_remote_odb
    ),
    "dvc_data.hashfile.hash_info.HashInfo": lambda p, _: HashInfo("md5", p.folder.md5).isdir,
    "dvc_data.hashfile.meta.Meta": lambda p, _: Meta(isdir=True, size=7).size == 7,
    "dvc_data.index.DataIndex": lambda p, _: ("data",) in p.index(p.folder),
    "dvc_data.index.DataIndexEntry": lambda p, _: p.index(p.folder)["data",].hash_info.value == p.folder.md5,
    "dvc_data.index.DataIndex.storage_map.add_cache": lambda p, _: p.cached(p.folder).isfile("data/a.txt"),
    "dvc_data.index.DataIndex.storage_map.add_remote": lambda p, _: p.index(p.folder).storage_map.add_remote,
    "dvc_data.index.ObjectStorage": lambda p, _: ObjectStorage((), Repo(str(p.root)).cache.local).odb,
    "dvc_data.index.DataIndexDirError": lambda p, _: raises(
        DataIndexDirError, lambda: p.cached(Item("lost", f"{UNKNOWN}.dir", 1)).info("lost/a.txt")
    ),
    "dvc_data.fs.DataFileSystem.info": lambda p, _: p.cached(p.folder).info("data/a.txt")["md5"] == p.file.md5,
    "dvc_data.fs.DataFileSystem.find": lambda p, _: (
        list(p.cached(p.folder).find("data", detail=True)) == ["data/a.txt"]
    ),
    "dvc_data.fs.DataFileSystem.open": lambda p, _: (
        p.cached(p.folder).open("data/a.txt", cache=True).name == Repo(str(p.root)).cache.local.oid_to_path(p.file.md5)
    ),
}


@pytest.mark.parametrize("member", MEMBERS)
def test_a_member_does_what_it_is_used_for(member: str, project: Project, tmp_path: Path) -> None:
    assert MEMBERS[member](project, tmp_path)


def imported(file: Path) -> set[str]:
    """The names that a module imports from DVC's packages, in full."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{name.name}" for name in node.names}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return {name for name in found if name.split(".")[0] in ("dvc", "dvc_data", "dvc_objects", "scmrepo")}


def test_every_member_in_use_has_a_test() -> None:
    names = imported(Path(dvc_internals.__file__))
    assert names
    assert {name for name in names if not any(member.startswith(name) for member in MEMBERS)} == set()


def test_no_other_module_uses_what_is_not_public() -> None:
    files = [file for room in PRODUCT for file in (ROOT / room).rglob("*.py")]
    users = {
        file.relative_to(ROOT).as_posix(): names
        for file in files
        if (names := {name for name in imported(file) if not name.startswith("dvc.api") and name != "dvc"})
    }
    assert set(users) == {"pipelines/versions/dvc_internals.py"}


def test_a_file_is_read_where_it_lies_in_the_cache(project: Project) -> None:
    files = Cache(project.root).files([project.folder])
    path = files.file("data/a.txt")
    assert path.is_relative_to(project.root / ".dvc/cache")
    assert path.read_text() == "a"
    assert files.hashes("data") == {"data/a.txt": project.file.md5}
    with pytest.raises(FileNotFoundError):
        files.file("data/b.txt")


def test_what_neither_cache_nor_remote_has_is_named_in_a_line(project: Project) -> None:
    files = Cache(project.root).files([Item("lost.txt", UNKNOWN, 1)])
    with pytest.raises(UserError, match=r"^lost\.txt: not in the local cache, and there is no default DVC remote"):
        files.file("lost.txt")


def test_a_remote_without_its_plug_in_is_named_in_a_line(project: Project, tmp_path: Path) -> None:
    configured(project, tmp_path, " remote = store\n['remote \"store\"']\n url = oss://store/path\n")
    with pytest.raises(UserError, match=r"^lost\.txt: .* cannot be used: .*dvc-oss") as error:
        Cache(tmp_path).files([Item("lost.txt", UNKNOWN, 1)]).file("lost.txt")
    assert "\n" not in str(error.value)


def test_a_configuration_with_a_mistake_is_named_in_a_line(project: Project, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^DVC's configuration: ") as error:
        Cache(configured(project, tmp_path, "[nonsense]\n key = 1\n"))
    assert "\n" not in str(error.value)
