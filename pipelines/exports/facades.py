"""The facades of a dataset version with their metadata, as every format needs them."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc
from PIL import Image

from common.progress import Progress
from crawler.archive.schemas import PLACE_DATE_AND_KIND
from curate.documents.write import ATTRIBUTION_FILE, CARD_FILE
from curate.schemas import Decision, Split
from pipelines.versions.version import Version

COLUMNS = (
    "row",
    "sha256",
    "source",
    "split",
    "title",
    "author",
    "license",
    "license_url",
    "attribution",
    "page_url",
    "image_url",
    "tags",
    *PLACE_DATE_AND_KIND,
)
"""Columns of the manifest that every format contains, in this order."""

SPLITS = tuple(Split)


@dataclass(frozen=True)
class Facade:
    """One facade."""

    metadata: dict[str, Any]  # by COLUMNS
    image: Image.Image

    @property
    def name(self) -> str:
        """File name without suffix; names sort in the order of images.npy."""
        return f"{self.metadata['row']:08d}"

    def png(self, level: int = 6) -> bytes:
        """Return the image as a PNG file.

        Args:
            level: compression of zlib, 0 (none) to 9.
        """
        buffer = io.BytesIO()
        self.image.save(buffer, "PNG", compress_level=level)
        return buffer.getvalue()


class Facades:
    """All facades of a dataset version, in the order of images.npy, and its documents."""

    def __init__(self, version: Version, progress: Progress) -> None:
        """Read the metadata of a version; images are read one by one.

        Raises:
            UserError: the data of the version are not available.
        """
        # An older version lacks some columns.
        is_kept = pc.field("decision") == str(Decision.KEPT)
        self.rows: Sequence[dict[str, Any]] = version.rows(where=is_kept, columns=COLUMNS)
        self.documents = {
            name: version.file(f"{version.dataset.path}/{name}").read_bytes() for name in (ATTRIBUTION_FILE, CARD_FILE)
        }
        self._images = version.array("images.npy")
        self._progress = progress

    def __iter__(self) -> Iterator[Facade]:
        for done, row in enumerate(self.rows):
            yield Facade(row, Image.fromarray(np.ascontiguousarray(self._images[row["row"]].transpose(1, 2, 0))))
            if not done % 100:
                self._progress(done, len(self.rows), "")
        self._progress(len(self.rows), len(self.rows), "")

    @property
    def sources(self) -> list[str]:
        """Names of the sources, sorted: the classes of formats that have classes."""
        return sorted({row["source"] for row in self.rows})
