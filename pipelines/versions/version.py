"""One dataset version: the tables, arrays and parameters of a git revision, or of the work tree as it is."""

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml  # type: ignore[import-untyped]

from common.errors import UserError, on_one_line
from curate.schemas import MANIFEST
from pipelines.versions.dvc_lock import Item, Lock, Stage, parse
from pipelines.versions.manifest import ManifestReader
from pipelines.versions.repository import LOCK, WORKSPACE, Commit, Repository

if TYPE_CHECKING:
    from pipelines.versions.dvc_internals import OutputFiles


class Version:
    """The contents of a revision. Everything is read on demand."""

    def __init__(self, repository: Repository, commit: Commit | None) -> None:
        """Open the version of a commit; None is the work tree, with the files that are there now, tracked or not."""
        self.repository = repository
        self.commit = commit

    @property
    def name(self) -> str:
        """The tags of the commit or the start of its hash, or `workspace`."""
        return self.commit.name if self.commit else WORKSPACE

    @property
    def revision(self) -> str:
        """The full hash of the commit, or `workspace`."""
        return self.commit.sha if self.commit else WORKSPACE

    @cached_property
    def lock(self) -> Lock:
        """dvc.lock; empty before the first `dvc repro`.

        Raises:
            UserError: dvc.lock is not valid.
        """
        text = self.read_tracked(LOCK)
        return parse(text, f"{LOCK} at {self.name}") if text else Lock({})

    @cached_property
    def params(self) -> dict[str, Any]:
        """params.yaml, not validated, since older versions may have other keys.

        Raises:
            UserError: It is not YAML.
        """
        try:
            values = yaml.load(self.read_tracked("params.yaml") or b"", Loader=yaml.CSafeLoader)
        except yaml.YAMLError as error:
            raise UserError(f"params.yaml at {self.name}: not YAML: {on_one_line(error)}") from None
        return values if isinstance(values, dict) else {}

    @property
    def dataset(self) -> Item:
        """The folder of the dataset, as dvc.lock lists it.

        Raises:
            UserError: This revision has no dataset.
        """
        if self.lock.dataset is None:
            raise UserError(f"{self.name}: found no dataset in its {LOCK}; expected an output of stage curate")
        return self.lock.dataset

    def read_tracked(self, path: str) -> bytes | None:
        """Return the content of a file that git tracks, or of any file in the work tree; None if there is none."""
        if self.commit is not None:
            return self.repository.read(self.commit, path)
        file = self.repository.root / path
        return file.read_bytes() if file.is_file() else None

    def file(self, path: str) -> Path:
        """Return a local file with the content of the output `path`; callers must not write to it.

        Raises:
            UserError: No stage wrote `path`, or its content is not available.
        """
        if self.commit is None and (self.repository.root / path).is_file():
            return self.repository.root / path
        with self._named(path, "file"):
            return self._files.file(path)

    def hashes(self, folder: str) -> dict[str, str]:
        """Return the md5 of each file in a folder that a stage wrote, by its path from the root of the repository.

        Raises:
            UserError: As `file`.
        """
        with self._named(folder, "folder"):
            return self._files.hashes(folder)

    def manifest(
        self,
        columns: Sequence[str] | None = None,
        images: Collection[str] | None = None,
        where: pc.Expression | None = None,
    ) -> pa.Table:
        """Return the manifest.

        Args:
            columns: Columns to read; those that this version lacks are left out. All if not given.
            images: sha256 of the images to read; all if not given.
            where: Condition for the rows to read, if `images` is not given.

        Raises:
            UserError: As `file`, or it is not a Parquet file.
        """
        if images is not None:
            where = one_of("sha256", images)
        return self.table(f"{self.dataset.path}/manifest.parquet", columns, where)

    def manifest_reader(self) -> ManifestReader:
        """Return a reader of the manifest for single columns.

        Raises:
            UserError: As `manifest`.
        """
        path = f"{self.dataset.path}/manifest.parquet"
        with self._readable(path):
            return ManifestReader(self.file(path))

    def rows(
        self,
        images: Collection[str] | None = None,
        where: pc.Expression | None = None,
        columns: Sequence[str] = tuple(MANIFEST.names),
    ) -> list[dict[str, Any]]:
        """Return rows of the manifest with all `columns`; the value is None for a column that this version lacks.

        Raises:
            UserError: As `manifest`.
        """
        absent = dict.fromkeys(columns)
        return [absent | row for row in self.manifest(columns, images, where).to_pylist()]

    def table(self, path: str, columns: Sequence[str] | None = None, where: pc.Expression | None = None) -> pa.Table:
        """Return a table that a stage wrote.

        Args:
            path: From the root of the repository.
            columns: Columns to read; those that the table lacks are left out. All if not given.
            where: Condition for the rows to read.

        Raises:
            UserError: As `file`, or it is not a Parquet file.
        """
        file = self.file(path)
        with self._readable(path):
            present = pq.read_schema(file).names
            chosen = None if columns is None else [name for name in columns if name in present]
            return pq.read_table(file, columns=chosen, filters=where)

    def array(self, name: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """Return `images.npy` or `split.npy` of the dataset, memory-mapped.

        Raises:
            UserError: As `file`, or it is not an array.
        """
        path = f"{self.dataset.path}/{name}"
        try:
            array: np.ndarray[Any, np.dtype[np.uint8]] = np.load(self.file(path), mmap_mode="r", allow_pickle=False)
        except (ValueError, OSError) as error:
            raise UserError(f"{path} at {self.name}: not an array: {error}") from None
        return array

    def foreach(self, stage: str) -> dict[str, Stage]:
        """Return the stages of one `foreach`, by source or model.

        Those that params.yaml no longer lists are left out; DVC keeps them in dvc.lock.
        """
        section = self.params.get("models" if stage in ("train", "evaluate", "describe") else "sources")
        stages = self.lock.foreach(stage)
        return {key: body for key, body in stages.items() if key in section} if isinstance(section, dict) else stages

    def output_hashes(self, stage: str) -> dict[str, tuple[str, ...]]:
        """Return the md5 of each output of a `foreach` stage, by source or model."""
        return {key: tuple(out.md5 for out in body.outs.values()) for key, body in self.foreach(stage).items()}

    def outputs(self, stage: str, pattern: str = "*") -> dict[str, str]:
        """Return the path of an output by key of a `foreach` stage: `outputs("extract", "data/images/*")`."""
        return {
            key: path for key, body in self.foreach(stage).items() for path in body.outs if fnmatchcase(path, pattern)
        }

    def metrics(self, model: str) -> dict[str, float]:
        """Return the numbers in metrics.json of a model; empty if it was not evaluated.

        Raises:
            UserError: The file is not available.
        """
        path = self.outputs("evaluate", "*.json").get(model)
        if path is None:
            return {}
        # Small metrics may be kept in git rather than in the cache.
        content = self.read_tracked(path) or self.file(path).read_bytes()
        values = json.loads(content)
        return {key: value for key, value in values.items() if isinstance(value, int | float)}

    @contextmanager
    def _named(self, path: str, what: str) -> Iterator[None]:
        """Add the name of the version to errors."""
        try:
            yield
        except FileNotFoundError:
            raise UserError(f"{path}: no such {what} at {self.name}") from None
        except UserError as error:
            raise UserError(f"{self.name}: {error}") from None

    @contextmanager
    def _readable(self, path: str) -> Iterator[None]:
        """Turn the errors of pyarrow into one line."""
        try:
            yield
        except (pa.ArrowInvalid, OSError) as error:
            raise UserError(f"{path} at {self.name}: not a Parquet file: {on_one_line(error)}") from None

    @cached_property
    def _files(self) -> "OutputFiles":
        return self.repository.output_files(self.lock.outs())


def one_of(column: str, values: Collection[str]) -> pc.Expression:
    """Return the condition that `column` is one of `values`, texts of which there may be none."""
    return pc.field(column).isin(pa.array(sorted(values), pa.string()))


def open_version(repository: Repository, rev: str) -> Version:
    """Open the version that a revision names; `workspace` is the work tree.

    Raises:
        UserError: There is no such revision.
    """
    return Version(repository, None if rev == WORKSPACE else repository.resolve(rev))
