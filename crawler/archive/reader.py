"""Read access to a finished archive: the exact bytes of each image, by sha256."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from common.errors import UserError

INDEX_FILE = "index.parquet"
FETCHES_FILE = "fetches.parquet"


class ArchiveReader:
    """The stored images of a finished archive. Can be pickled and shared by threads and forked processes.

    Reading an image is one `pread` at its position in index.parquet. Set `verify` to check each sha256.
    """

    def __init__(self, path: Path, *, verify: bool = False) -> None:
        """Open the archive in folder `path`.

        Raises:
            UserError: the folder contains no finished archive.
        """
        if not (path / INDEX_FILE).is_file():
            raise UserError(f"{path}: found no {INDEX_FILE}, expected a finished archive; crawl the source first")
        self.path = path
        self._verify = verify
        table = pq.read_table(path / INDEX_FILE, columns=["sha256", "file", "offset", "length"])
        digests = table["sha256"].to_numpy().astype("S64")
        # Sorted by sha256: equal digests have equal bytes, so the first one is enough.
        self._digests, first = np.unique(digests, return_index=True)
        self._files = table["file"].to_numpy()[first]
        self._offsets = table["offset"].to_numpy()[first]
        self._lengths = table["length"].to_numpy()[first]
        self._open: dict[str, int] = {}

    def __len__(self) -> int:
        """The number of distinct images."""
        return len(self._digests)

    def digests(self) -> list[str]:
        """The sha256 of every image, sorted, lower-case hex."""
        return [digest.decode() for digest in self._digests.tolist()]

    def __contains__(self, sha256: str) -> bool:
        return self._row(sha256) is not None

    def get(self, sha256: str) -> bytes:
        """Return the exact bytes that the server sent.

        Raises:
            KeyError: the archive does not contain this image.
            UserError: the file is missing or shorter than the index says, or (with `verify`) contains other bytes.
        """
        row = self._row(sha256)
        if row is None:
            raise KeyError(sha256)
        return self._read(row)

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """Yield (sha256, bytes) of every image once, in file order."""
        for row in np.lexsort((self._offsets, self._files.astype("U"))):
            yield self._digests[row].decode(), self._read(int(row))

    def close(self) -> None:
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open.clear()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_open": {}}

    def _row(self, sha256: str) -> int | None:
        key = sha256.encode()
        row = int(np.searchsorted(self._digests, key))
        return row if row < len(self._digests) and self._digests[row] == key else None

    def _read(self, row: int) -> bytes:
        name, offset, length = str(self._files[row]), int(self._offsets[row]), int(self._lengths[row])
        try:
            if name not in self._open:
                self._open[name] = os.open(self.path / name, os.O_RDONLY)
            body = os.pread(self._open[name], length, offset)
        except FileNotFoundError:
            raise UserError(f"{self.path / name}: missing, though {INDEX_FILE} names it") from None
        if len(body) != length:
            raise UserError(f"{self.path / name}: ends before byte {offset + length}, which {INDEX_FILE} names")
        if self._verify and hashlib.sha256(body).hexdigest().encode() != self._digests[row]:
            raise UserError(f"{self.path / name}: the {length} bytes at {offset} are not those that {INDEX_FILE} names")
        return body
