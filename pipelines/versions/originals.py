"""The original bytes of a version's images, from its archives."""

import os
from collections.abc import Collection
from types import TracebackType
from typing import NamedTuple

from common.errors import UserError
from crawler.archive.reader import INDEX_FILE
from pipelines.versions.version import Version, one_of


class RecordLocation(NamedTuple):
    """Where an archive contains the bytes of an image."""

    sha256: str
    path: str  # of the WARC file, from the root of the repository
    offset: int  # of the body in that file, in bytes
    length: int  # in bytes
    url: str


class Originals:
    """The images of one source of a version (`ArchiveReader` needs a folder; a revision has only single files)."""

    def __init__(self, version: Version, source: str, images: Collection[str] | None = None) -> None:
        """Open the archive of `source`.

        Args:
            version: The version to read.
            source: Name of the source.
            images: sha256 of the images to look up; all if not given.

        Raises:
            UserError: The index of the archive is not available.
        """
        folder = version.outputs("crawl")[source]
        where = None if images is None else one_of("sha256", images)
        index = version.table(f"{folder}/{INDEX_FILE}", ("sha256", "file", "offset", "length", "url"), where)
        self.locations = [
            RecordLocation(row["sha256"], f"{folder}/{row['file']}", row["offset"], row["length"], row["url"])
            for row in index.to_pylist()
        ]
        self._by_image = {location.sha256: location for location in self.locations}
        self._version = version
        self._open: dict[str, int] = {}

    def get(self, sha256: str) -> bytes:
        """Return the archived bytes of an image, without a check of their hash.

        Raises:
            UserError: The archive does not contain the image, or its file is not available.
        """
        if sha256 not in self._by_image:
            raise UserError(f"{sha256}: not in the archive's index")
        return self.read(self._by_image[sha256])

    def read(self, location: RecordLocation) -> bytes:
        """Return the bytes at a location, or fewer if the file ends before.

        Raises:
            UserError: The file is not available.
        """
        if location.path not in self._open:
            self._open[location.path] = os.open(self._version.file(location.path), os.O_RDONLY)
        return os.pread(self._open[location.path], location.length, location.offset)

    def __enter__(self) -> "Originals":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open.clear()
