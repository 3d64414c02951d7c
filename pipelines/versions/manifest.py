"""Reads the manifest of one version column by column, long columns in parts, so that a million rows fit in memory."""

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

DICTIONARY_COLUMNS = ("source", "decision", "reason", "measure", "license")
"""Columns with few distinct values. They are read as dictionaries, which are small and quick to compare."""


class ManifestReader:
    """A manifest on disk, of which only sha256 and decision are read at once; the texts alone may take 500 MB."""

    def __init__(self, file: Path) -> None:
        """Open a manifest, sorted by (sha256, source).

        Raises:
            pa.ArrowInvalid, OSError: It is not a Parquet file.
        """
        self._file = file
        self._metadata = pq.read_metadata(file)
        self.columns = self._metadata.schema.to_arrow_schema().names  # an older version may lack some
        self._read: dict[str, pa.ChunkedArray] = {}
        reader = self.range_reader("sha256")
        self.images: Digests = np.empty(reader.ends[-1], "S64")
        """The sha256 of each row."""
        for start, end in pairwise(reader.ends):
            if start < end:
                self.images[start:end] = digests(reader.rows(start, end))
        self.kept: Mask = pc.equal(self.column("decision"), Decision.KEPT).to_numpy()
        """For each row whether its image is kept."""

    def __len__(self) -> int:
        return len(self.images)

    def column(self, name: str) -> pa.ChunkedArray:
        """Return a whole column; nulls if this version does not have it."""
        if name not in self._read:
            if name in self.columns:
                dictionaries = [name] if name in DICTIONARY_COLUMNS else []
                self._read[name] = pq.read_table(self._file, columns=[name], read_dictionary=dictionaries)[name]
            else:
                self._read[name] = pa.chunked_array([pa.nulls(len(self), MANIFEST.field(name).type)])
        return self._read[name]

    def take(self, columns: Sequence[str], rows: Rows) -> pa.Table:
        """Return some rows of some columns, with the types of the manifest's schema."""
        taken = {name: self._taken(name, rows).cast(MANIFEST.field(name).type) for name in columns}
        return pa.table(taken)

    def _taken(self, name: str, rows: Rows) -> pa.Array | pa.ChunkedArray:
        if name == "sha256":
            return pa.array(self.images[rows], pa.binary())
        return self.column(name).take(pa.array(rows))

    def range_reader(self, column: str) -> "RangeReader":
        """Return a reader for ranges of rows of a column."""
        return RangeReader(pq.ParquetFile(self._file, metadata=self._metadata), column)


class RangeReader:
    """Reads ranges of rows of one column, fast if they follow one another. Not safe for several threads."""

    def __init__(self, file: pq.ParquetFile, column: str) -> None:
        """Read `column` of `file`."""
        self._file = file
        self._column = column
        groups = [file.metadata.row_group(index).num_rows for index in range(file.num_row_groups)]
        self.ends: NDArray[np.int64] = np.cumsum([0, *groups])
        """0, then the row after the end of each row group of the file."""
        self._group = lru_cache(maxsize=2)(self._read)

    def rows(self, start: int, end: int) -> pa.ChunkedArray:
        """Return rows `start` to `end` (exclusive), at least one."""
        first, last = np.searchsorted(self.ends, (start, end - 1), "right") - 1
        chunks = [chunk for index in range(first, last + 1) for chunk in self._group(index).chunks]
        return pa.chunked_array(chunks).slice(start - self.ends[first], end - start)

    def _read(self, group: int) -> pa.ChunkedArray:
        return self._file.read_row_group(group, columns=[self._column], use_threads=False)[self._column]
