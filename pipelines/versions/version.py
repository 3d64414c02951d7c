"""One dataset version: the tables, pictures and parameters of a git revision, or of the work tree as it is."""

import json
from collections.abc import Collection, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml  # type: ignore[import-untyped]

from common.errors import UserError
from curate.schemas import MANIFEST
from pipelines.versions.dvc_lock import Item, Lock, Stage, parse
from pipelines.versions.manifest import ManifestReader
from pipelines.versions.repository import LOCK, WORKSPACE, Commit, Repository

if TYPE_CHECKING:
    from pipelines.versions.dvc_internals import OutputFiles


class Version:
    """What a revision held. Everything is read when it is asked for, and only then."""

    def __init__(self, repository: Repository, commit: Commit | None) -> None:
        """`commit` is None for the work tree: what lies there now, tracked or not, is what counts."""
        self.repository = repository
        self.commit = commit

    @property
    def name(self) -> str:
        return self.commit.name if self.commit else WORKSPACE

    @property
    def revision(self) -> str:
        """The full hash of the commit, or `workspace`."""
        return self.commit.sha if self.commit else WORKSPACE

    @cached_property
    def lock(self) -> Lock:
        """Empty where nothing has been reproduced yet.

        Raises:
            UserError: dvc.lock cannot be read.
        """
        text = self.read_tracked(LOCK)
        return parse(text, f"{LOCK} at {self.name}") if text else Lock({})

    @cached_property
    def params(self) -> dict[str, Any]:
        """params.yaml, not validated: older versions may have had other keys.

        Raises:
            UserError: it is not YAML.
        """
        try:
            values = yaml.load(self.read_tracked("params.yaml") or b"", Loader=yaml.CSafeLoader)
        except yaml.YAMLError as error:
            raise UserError(f"params.yaml at {self.name}: not YAML: {' '.join(str(error).split())}") from None
        return values if isinstance(values, dict) else {}

    @property
    def dataset(self) -> Item:
        """The dataset's folder.

        Raises:
            UserError: this revision has none.
        """
        if self.lock.dataset is None:
            raise UserError(f"{self.name}: found no dataset in its {LOCK}; expected an output of stage curate")
        return self.lock.dataset

    def read_tracked(self, path: str) -> bytes | None:
        """A file that git tracks (in the work tree: that lies there), None where there is none."""
        if self.commit is not None:
            return self.repository.read(self.commit, path)
        file = self.repository.root / path
        return file.read_bytes() if file.is_file() else None

    def file(self, path: str) -> Path:
        """A local file with the content of what a stage made at `path`; not to be written to.

        Raises:
            UserError: no stage made it, or its content is not to be had.
        """
        if self.commit is None and (self.repository.root / path).is_file():
            return self.repository.root / path
        try:
            return self._files.file(path)
        except FileNotFoundError:
            raise UserError(f"{path}: no such file at {self.name}") from None
        except UserError as error:
            raise UserError(f"{self.name}: {error}") from None

    def hashes(self, folder: str) -> dict[str, str]:
        """The md5 of every file in a folder that a stage made, as dvc.lock has it, by its path from the root.

        Raises:
            UserError: as `file`.
        """
        try:
            return self._files.hashes(folder)
        except FileNotFoundError:
            raise UserError(f"{folder}: no such folder at {self.name}") from None
        except UserError as error:
            raise UserError(f"{self.name}: {error}") from None

    def manifest(
        self,
        columns: Sequence[str] | None = None,
        images: Collection[str] | None = None,
        wanted: pc.Expression | None = None,
    ) -> pa.Table:
        """The decision table; of `columns`, those that this version already had; of `images`, those that it knows.

        Raises:
            UserError: as `file`, or it is not a Parquet file.
        """
        if images is not None:
            wanted = one_of("sha256", images)
        return self.table(f"{self.dataset.path}/manifest.parquet", columns, wanted)

    def manifest_reader(self) -> ManifestReader:
        """The decision table, whose columns are read when they are asked for.

        Raises:
            UserError: as `manifest`.
        """
        path = f"{self.dataset.path}/manifest.parquet"
        try:
            return ManifestReader(self.file(path))
        except (pa.ArrowInvalid, OSError) as error:
            raise _unreadable(path, self.name, error) from None

    def rows(
        self,
        images: Collection[str] | None = None,
        wanted: pc.Expression | None = None,
        columns: Sequence[str] = tuple(MANIFEST.names),
    ) -> list[dict[str, Any]]:
        """Rows of the decision table, with all `columns`; None where this version did not have them yet.

        Raises:
            UserError: as `manifest`.
        """
        absent = dict.fromkeys(columns)
        return [absent | row for row in self.manifest(columns, images, wanted).to_pylist()]

    def table(self, path: str, columns: Sequence[str] | None = None, wanted: pc.Expression | None = None) -> pa.Table:
        """Any table that a stage made; of `columns`, those that it has; the rows that are `wanted`.

        Raises:
            UserError: as `file`, or it is not a Parquet file.
        """
        file = self.file(path)
        try:
            there = pq.read_schema(file).names
            chosen = None if columns is None else [name for name in columns if name in there]
            return pq.read_table(file, columns=chosen, filters=wanted)
        except (pa.ArrowInvalid, OSError) as error:
            raise _unreadable(path, self.name, error) from None

    def array(self, name: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """`images.npy` or `split.npy` of the dataset, memory-mapped.

        Raises:
            UserError: as `file`, or it is not an array.
        """
        path = f"{self.dataset.path}/{name}"
        try:
            array: np.ndarray[Any, np.dtype[np.uint8]] = np.load(self.file(path), mmap_mode="r", allow_pickle=False)
        except (ValueError, OSError) as error:
            raise UserError(f"{path} at {self.name}: not an array: {error}") from None
        return array

    def foreach(self, stage: str) -> dict[str, Stage]:
        """The stages of one `foreach`, by key; not those of a source or model that params.yaml names no more.

        DVC leaves what was taken out of params.yaml in dvc.lock.
        """
        section = self.params.get("models" if stage in ("train", "evaluate") else "sources")
        stages = self.lock.foreach(stage)
        return {key: body for key, body in stages.items() if key in section} if isinstance(section, dict) else stages

    def outputs(self, stage: str, ending: str = "") -> dict[str, str]:
        """Return the paths of outputs with an ending by key of a `foreach` stage: `outputs("prepare", ".parquet")`."""
        return {key: path for key, body in self.foreach(stage).items() for path in body.outs if path.endswith(ending)}

    def metrics(self, model: str) -> dict[str, float]:
        """metrics.json of a model; empty where it was not evaluated."""
        path = self.outputs("evaluate", ".json").get(model)
        if path is None:
            return {}
        # Small metrics may be kept in git rather than in the cache.
        content = self.read_tracked(path) or self.file(path).read_bytes()
        values = json.loads(content)
        return {key: value for key, value in values.items() if isinstance(value, int | float)}

    @cached_property
    def _files(self) -> "OutputFiles":
        return self.repository.output_files(self.lock.outs())


def one_of(column: str, values: Collection[str]) -> pc.Expression:
    """The rows of a table whose `column`, of texts, is one of `values`, of which there may be none."""
    return pc.field(column).isin(pa.array(sorted(values), pa.string()))


def _unreadable(path: str, version: str, error: Exception) -> UserError:
    return UserError(f"{path} at {version}: not a Parquet file: {' '.join(str(error).split())}")


def open_version(repository: Repository, rev: str) -> Version:
    """The version that a revision names; `workspace` is the work tree.

    Raises:
        UserError: there is no such revision.
    """
    return Version(repository, None if rev == WORKSPACE else repository.resolve(rev))
