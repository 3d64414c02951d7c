"""What every format is made of: each facade with its picture and its papers."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc
from PIL import Image

from common.progress import Progress
from curate.documents.write import ATTRIBUTION_FILE, CARD_FILE
from curate.schemas import Decision, Split
from pipelines.versions.version import Version

TOLD = (
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
)
"""What goes with every facade, in this order: columns of the manifest."""

SPLITS = tuple(Split)


@dataclass(frozen=True)
class Facade:
    told: dict[str, Any]  # TOLD
    image: Image.Image

    @property
    def name(self) -> str:
        """Sorts as images.npy does."""
        return f"{self.told['row']:08d}"

    def png(self, level: int = 6) -> bytes:
        """`level` is zlib's: 0 does not compress."""
        buffer = io.BytesIO()
        self.image.save(buffer, "PNG", compress_level=level)
        return buffer.getvalue()


class Facades:
    """The facades of one version, and its papers."""

    def __init__(self, version: Version, progress: Progress) -> None:
        kept = version.manifest(("decision", *TOLD), wanted=pc.field("decision") == str(Decision.KEPT))
        self.rows: Sequence[dict[str, Any]] = kept.select(TOLD).to_pylist()
        self.papers = {
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
        """Sorted: the classes, for formats that want some."""
        return sorted({row["source"] for row in self.rows})
