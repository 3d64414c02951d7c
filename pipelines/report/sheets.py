"""Pictures inside the page: contact sheets as sprites (one WebP each, a tile shown by its place), grids, animations."""

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
"""(S, S, 3), RGB."""

LARGEST_TILE = 96  # px: no tile is shown larger, so nothing larger is embedded
LARGEST_PICTURE = 1064  # px: a grid of 64 is shown at half of that at most
QUALITY = 84  # of WebP: no fault is seen at the sizes shown
GRID_COLUMNS, GRID_GAP = 8, 2
GUTTER = 1  # px of repeated edge around a tile, so that a scaled tile does not bleed into the next


@dataclass(frozen=True)
class Picture:
    uri: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True)
class Sheet:
    """One sprite. `size` is its CSS background-size for a square element that shows one tile."""

    uri: str
    columns: int
    rows: int
    edge: int  # px of one tile, without its gutter

    @property
    def size(self) -> str:
        pitch = self.edge + 2 * GUTTER
        return f"{_percent(self.columns * pitch / self.edge)} {_percent(self.rows * pitch / self.edge)}"

    def position(self, index: int) -> str:
        """CSS background-position of tile `index`."""
        row, column = divmod(index, self.columns)
        return f"{self._along(column, self.columns)} {self._along(row, self.rows)}"

    def _along(self, index: int, count: int) -> str:
        # CSS: a position of p % puts the point p % along the sprite on the point p % along the element.
        pitch = self.edge + 2 * GUTTER
        return _percent((index * pitch + GUTTER) / (count * pitch - self.edge))


def sheet(tiles: Sequence[Pixels]) -> Sheet:
    """Lay `tiles` (at least one, all of one size) out row by row, no larger than LARGEST_TILE."""
    edge = min(tiles[0].shape[0], LARGEST_TILE)
    columns = math.ceil(math.sqrt(len(tiles)))
    rows = math.ceil(len(tiles) / columns)
    pitch = edge + 2 * GUTTER
    canvas = np.zeros((rows * pitch, columns * pitch, 3), np.uint8)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        framed = np.pad(_resized(tile, edge), ((GUTTER, GUTTER), (GUTTER, GUTTER), (0, 0)), mode="edge")
        canvas[row * pitch : (row + 1) * pitch, column * pitch : (column + 1) * pitch] = framed
    buffer = io.BytesIO()
    Image.fromarray(canvas).save(buffer, "WEBP", quality=QUALITY)
    return Sheet(_data_uri(buffer.getvalue()), columns, rows, edge)


def grid(tiles: Sequence[Pixels]) -> Image.Image:
    """Lay `tiles` out as the trainer lays out its samples: GRID_COLUMNS a row, GRID_GAP white px between them."""
    edge = tiles[0].shape[0]
    pitch = edge + GRID_GAP
    rows = math.ceil(len(tiles) / GRID_COLUMNS)
    canvas = np.full((rows * pitch - GRID_GAP, GRID_COLUMNS * pitch - GRID_GAP, 3), 255, np.uint8)
    for index, tile in enumerate(tiles):
        top, left = (pitch * place for place in divmod(index, GRID_COLUMNS))
        canvas[top : top + edge, left : left + edge] = tile
    return Image.fromarray(canvas)


def picture(image: Image.Image, alt: str, frames: Sequence[Image.Image] = (), durations: Sequence[int] = ()) -> Picture:
    """`image` to embed, no larger than LARGEST_PICTURE; with the `frames` that follow it, an endless animation.

    Args:
        durations: milliseconds of each frame, `image` included.
    """
    first, *rest = (_bounded(one) for one in (image, *frames))
    buffer = io.BytesIO()
    if rest:
        first.save(buffer, "WEBP", quality=QUALITY, save_all=True, append_images=rest, duration=list(durations), loop=0)
    else:
        first.save(buffer, "WEBP", quality=QUALITY)
    return Picture(_data_uri(buffer.getvalue()), first.width, first.height, alt)


def _data_uri(content: bytes) -> str:
    return f"data:image/webp;base64,{base64.b64encode(content).decode('ascii')}"


def _bounded(image: Image.Image) -> Image.Image:
    if max(image.size) <= LARGEST_PICTURE:
        return image
    bounded = image.copy()
    bounded.thumbnail((LARGEST_PICTURE, LARGEST_PICTURE), Image.Resampling.LANCZOS)
    return bounded


def _resized(tile: Pixels, edge: int) -> Pixels:
    if tile.shape[0] == edge:
        return tile
    return np.asarray(Image.fromarray(tile).resize((edge, edge), Image.Resampling.LANCZOS))


def _percent(share: float) -> str:
    return f"{100 * share:.4f}%"
