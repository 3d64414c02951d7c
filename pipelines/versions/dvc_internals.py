"""Reads the files of one dvc.lock by their hashes, through members of DVC and dvc-data that are not public.

The public `dvc.api` opens files of a revision, too, but only after it has parsed that revision's stages, and as a
stream: a table or an array would have to be copied before it could be memory-mapped. No other module of this project
uses more of DVC than `dvc.api` and the `dvc` command. tests/pipelines/versions/test_dvc_internals.py has a test for
each member used here, and pyproject.toml pins both packages to a minor version.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from dvc.config import ConfigError, NoRemoteError
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc_data.fs import DataFileSystem
from dvc_data.hashfile.hash_info import HashInfo
from dvc_data.hashfile.meta import Meta
from dvc_data.index import DataIndex, DataIndexDirError, DataIndexEntry, ObjectStorage

from common.errors import UserError, on_one_line
from pipelines.versions.dvc_lock import Item

T = TypeVar("T")


class Cache:
    """The cache of a DVC repository, and its default remote."""

    def __init__(self, root: Path) -> None:
        """Open the cache of the repository at `root`.

        Raises:
            UserError: DVC's configuration is not valid.
        """
        try:
            self._repository = Repo(str(root))
        except ConfigError as error:
            raise UserError(f"DVC's configuration: {on_one_line(error)}") from None

    def files(self, outs: Iterable[Item]) -> "OutputFiles":
        """Return access to the files of `outs`, the outputs of all stages in one dvc.lock. Nothing is read yet."""
        return OutputFiles(self._repository, outs)


class OutputFiles:
    """The files that stages wrote, by the hashes of one dvc.lock, from DVC's cache or else from its default remote."""

    def __init__(self, repository: Repo, outs: Iterable[Item]) -> None:
        self._repository = repository
        index = DataIndex()  # type: ignore[no-untyped-call]
        index.storage_map.add_cache(ObjectStorage((), repository.cache.local))
        for out in outs:
            key = tuple(out.path.split("/"))
            index[key] = DataIndexEntry(
                key=key, meta=Meta(isdir=out.is_folder, size=out.size), hash_info=HashInfo("md5", out.md5)
            )
        self._storage = index.storage_map
        self._files = DataFileSystem(index)

    def file(self, path: str) -> Path:
        """Return the file in the cache that has the content of `path`; callers must not write to it.

        A file that only the remote has is downloaded to the cache.

        Raises:
            FileNotFoundError: No stage wrote `path`.
            UserError: A stage did, but neither the cache nor the remote has its content.
        """
        self._load_listing(path)
        try:
            return self._cached(path)
        except FileNotFoundError:
            return self._with_remote(path, self._cached)

    def hashes(self, folder: str) -> dict[str, str]:
        """Return the md5 of each file in a folder that a stage wrote, by its path from the root of the repository.

        Raises:
            FileNotFoundError, UserError: as `file`.
        """
        self._load_listing(folder)

        def read(folder: str) -> dict[str, str]:
            return {path: info["md5"] for path, info in self._files.find(folder, detail=True).items()}

        try:
            return read(folder)
        except DataIndexDirError:
            return self._with_remote(folder, read)

    def _load_listing(self, path: str) -> None:
        """Read the listing of the folder that `path` is or is in, so that only content can be missing after that."""
        try:
            self._files.info(path)
        except DataIndexDirError:
            self._with_remote(path, self._files.info)

    def _cached(self, path: str) -> Path:
        with self._files.open(path, cache=True) as file:
            return Path(file.name)

    def _with_remote(self, path: str, read: Callable[[str], T]) -> T:
        try:
            self._storage.add_remote(ObjectStorage((), self._repository.cloud.get_remote_odb()))
        except NoRemoteError:
            raise UserError(f"{path}: not in the local cache, and there is no default DVC remote to ask") from None
        except (DvcException, ImportError) as error:
            raise UserError(
                f"{path}: not in the local cache, and the DVC remote cannot be used: {on_one_line(error)}"
            ) from None
        try:
            return read(path)
        except (FileNotFoundError, DataIndexDirError):
            raise UserError(f"{path}: neither in the local cache nor in the DVC remote") from None
        except Exception as error:  # each kind of remote raises errors of its own libraries
            raise UserError(
                f"{path}: not in the local cache, and the DVC remote failed: {on_one_line(error)}"
            ) from error
