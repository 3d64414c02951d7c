"""The exact bytes of a version's images, out of its archives."""

import os
from collections.abc import Collection
from types import TracebackType
from typing import NamedTuple

from common.errors import UserError
from crawler.archive.reader import INDEX_FILE
from pipelines.versions.version import Version, one_of


class RecordLocation(NamedTuple):
    sha256: str
    path: str  # of the file, from the root of the repository
    offset: int
    length: int
    url: str


class Originals:
    """The images of one source of a version (`ArchiveReader` needs a folder; a revision has only files)."""

    def __init__(self, version: Version, source: str, images: Collection[str] | None = None) -> None:
        """Open the archive of `source`, for some `images` only if they are given.

        Raises:
            UserError: its index is not to be had.
        """
        folder = version.outputs("crawl")[source]
        wanted = None if images is None else one_of("sha256", images)
        index = version.table(
            f"{folder}/{INDEX_FILE}", ("sha256", "file", "offset", "length", "url"), wanted
        ).to_pylist()
        self.locations = [
            RecordLocation(r["sha256"], f"{folder}/{r['file']}", r["offset"], r["length"], r["url"]) for r in index
        ]
        self._by_image = {place.sha256: place for place in self.locations}
        self._version = version
        self._open: dict[str, int] = {}

    def get(self, sha256: str) -> bytes:
        """The bytes that the archive has for an image; whether they are the right ones is for the caller to check.

        Raises:
            UserError: the archive does not have it, or its file is not to be had.
        """
        if sha256 not in self._by_image:
            raise UserError(f"{sha256}: not in the archive's index")
        return self.read(self._by_image[sha256])

    def read(self, place: RecordLocation) -> bytes:
        """The bytes at a place; fewer where the file ends.

        Raises:
            UserError: the file is not to be had.
        """
        if place.path not in self._open:
            self._open[place.path] = os.open(self._version.file(place.path), os.O_RDONLY)
        return os.pread(self._open[place.path], place.length, place.offset)

    def __enter__(self) -> "Originals":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open.clear()
