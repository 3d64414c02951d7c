"""Pictures embedded in a page as WebP in `data:` URLs: sprites of many tiles, single pictures, animations."""

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from pipelines.report.crops import Pixels
from train.mark import Mark, xmp

LARGEST_TILE = 96  # px; the page shows no tile larger
LARGEST_PICTURE = 1064  # px; the page shows a picture at half of that at most
QUALITY = 84  # of WebP; artefacts are invisible at the sizes shown
GUTTER = 1  # px of repeated edge around a tile; without it a scaled tile shows a line of its neighbour


@dataclass(frozen=True)
class Picture:
    """One picture or animation."""

    uri: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True)
class Sprite:
    """Many square tiles in one picture; CSS shows one of them as the background of a square element."""

    uri: str
    columns: int
    rows: int
    side: int  # px of one tile, without its gutter

    @property
    def size(self) -> str:
        """Value of CSS background-size."""
        pitch = self.side + 2 * GUTTER
        return f"{_percent(self.columns * pitch / self.side)} {_percent(self.rows * pitch / self.side)}"

    def position(self, index: int) -> str:
        """Return the value of CSS background-position for tile `index`."""
        row, column = divmod(index, self.columns)
        return f"{self._along(column, self.columns)} {self._along(row, self.rows)}"

    def _along(self, index: int, count: int) -> str:
        # CSS: a position of p % puts the point p % along the sprite on the point p % along the element.
        pitch = self.side + 2 * GUTTER
        return _percent((index * pitch + GUTTER) / (count * pitch - self.side))


def sprite(tiles: Sequence[Pixels], mark: Mark | None = None) -> Sprite:
    """Lay out `tiles` (at least one, all of one size) row by row; those above LARGEST_TILE are scaled down.

    Args:
        mark: to embed if tiles are generated.
    """
    side = min(tiles[0].shape[0], LARGEST_TILE)
    columns = math.ceil(math.sqrt(len(tiles)))
    rows = math.ceil(len(tiles) / columns)
    pitch = side + 2 * GUTTER
    canvas = np.zeros((rows * pitch, columns * pitch, 3), np.uint8)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        framed = np.pad(_resized(tile, side), ((GUTTER, GUTTER), (GUTTER, GUTTER), (0, 0)), mode="edge")
        canvas[row * pitch : (row + 1) * pitch, column * pitch : (column + 1) * pitch] = framed
    return Sprite(_data_uri(Image.fromarray(canvas), mark), columns, rows, side)


def picture(
    image: Image.Image,
    alt: str,
    frames: Sequence[Image.Image] = (),
    durations: Sequence[int] = (),
    mark: Mark | None = None,
) -> Picture:
    """Embed `image`, scaled down if it is larger than LARGEST_PICTURE; with `frames`, as an endless animation.

    Args:
        frames: the pictures that follow `image`.
        durations: milliseconds of each picture, `image` included.
        mark: to embed in a generated picture.
    """
    first, *rest = (_bounded(one) for one in (image, *frames))
    film = {"save_all": True, "append_images": rest, "duration": list(durations), "loop": 0} if rest else {}
    return Picture(_data_uri(first, mark, **film), first.width, first.height, alt)


def _data_uri(image: Image.Image, mark: Mark | None, **options: Any) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=QUALITY, xmp=xmp(mark).encode() if mark else b"", **options)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def _bounded(image: Image.Image) -> Image.Image:
    if max(image.size) <= LARGEST_PICTURE:
        return image
    bounded = image.copy()
    bounded.thumbnail((LARGEST_PICTURE, LARGEST_PICTURE), Image.Resampling.LANCZOS)
    return bounded


def _resized(tile: Pixels, side: int) -> Pixels:
    if tile.shape[0] == side:
        return tile
    return np.asarray(Image.fromarray(tile).resize((side, side), Image.Resampling.LANCZOS))


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.4f}%"
