"""The manifest of one version on disk: columns that are read when they are asked for, long ones a stretch at a time."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curate.schemas import MANIFEST, Decision
from pipelines.versions.row_alignment import Digests, Mask, Rows, digests

FEW = ("source", "decision", "reason", "measure", "license")
"""Columns of few different values, which are read as dictionaries: small, and no texts to compare."""


class ManifestReader:
    """Reads what identifies and what decides; the texts alone of a million rows are half a gigabyte."""

    def __init__(self, file: Path) -> None:
        """`file` is a manifest, sorted by (sha256, source).

        Raises:
            pa.ArrowInvalid, OSError: it is not a Parquet file.
        """
        self._file = file
        self._metadata = pq.read_metadata(file)
        self.columns = self._metadata.schema.to_arrow_schema().names  # an older version may lack some
        self._read: dict[str, pa.ChunkedArray] = {}
        reader = self.stretches("sha256")
        self.images: Digests = np.empty(reader.ends[-1], "S64")
        """The sha256 of each row."""
        for start, end in pairwise(reader.ends):
            if start < end:
                self.images[start:end] = digests(reader.rows(start, end))
        self.kept: Mask = pc.equal(self.column("decision"), Decision.KEPT).to_numpy()
        """Whether each row's image is."""

    def __len__(self) -> int:
        return len(self.images)

    def column(self, name: str) -> pa.ChunkedArray:
        """A whole column; nulls where this version did not have it yet."""
        if name not in self._read:
            if name in self.columns:
                few = [name] if name in FEW else []
                self._read[name] = pq.read_table(self._file, columns=[name], read_dictionary=few)[name]
            else:
                self._read[name] = pa.chunked_array([pa.nulls(len(self), MANIFEST.field(name).type)])
        return self._read[name]

    def take(self, columns: Sequence[str], rows: Rows) -> pa.Table:
        """Some rows of some columns, with the types of the manifest."""
        picked = {name: self._taken(name, rows).cast(MANIFEST.field(name).type) for name in columns}
        return pa.table(picked)

    def _taken(self, name: str, rows: Rows) -> pa.Array | pa.ChunkedArray:
        if name == "sha256":
            return pa.array(self.images[rows], pa.binary())
        return self.column(name).take(pa.array(rows))

    def stretches(self, column: str) -> "Stretches":
        return Stretches(pq.ParquetFile(self._file, metadata=self._metadata), column)


class Stretches:
    """Reads rows of a column, quickly where one stretch follows on the other. For one thread."""

    def __init__(self, file: pq.ParquetFile, column: str) -> None:
        self._file = file
        self._column = column
        groups = [file.metadata.row_group(place).num_rows for place in range(file.num_row_groups)]
        self.ends: NDArray[np.int64] = np.cumsum([0, *groups])
        """Where the groups of rows end that the file is written in, after a leading 0."""
        self._group = lru_cache(maxsize=2)(self._read)

    def rows(self, start: int, end: int) -> pa.ChunkedArray:
        """Rows `start` to `end`, of which there is at least one."""
        first, last = np.searchsorted(self.ends, (start, end - 1), "right") - 1
        chunks = [chunk for place in range(first, last + 1) for chunk in self._group(place).chunks]
        return pa.chunked_array(chunks).slice(start - self.ends[first], end - start)

    def _read(self, place: int) -> pa.ChunkedArray:
        return self._file.read_row_group(place, columns=[self._column], use_threads=False)[self._column]
