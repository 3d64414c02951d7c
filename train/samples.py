"""Grids and animations of generated images, as marked files."""

import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from train.mark import Mark, embed

if TYPE_CHECKING:
    from torch import Tensor

GAP = 2  # white pixels between two images of a grid
FRAME_MS, LAST_FRAME_MS = 150, 3000  # of the animation of a training
COLORS = 256  # of a GIF


def grid(images: "Tensor | NDArray[np.uint8]", columns: int | None = None) -> Image.Image:
    """Lay out images in rows, with a white gap between them.

    Args:
        images: uint8, N×3×S×S, N ≥ 1, on the CPU.
        columns: images per row; by default the grid is as square as possible.
    """
    n, _, size, _ = images.shape
    columns = columns or math.ceil(math.sqrt(n))
    rows = math.ceil(n / columns)
    pitch = size + GAP
    sheet = np.full((rows * pitch - GAP, columns * pitch - GAP, 3), 255, np.uint8)
    for index, image in enumerate(np.asarray(images)):
        row, column = divmod(index, columns)
        sheet[row * pitch : row * pitch + size, column * pitch : column * pitch + size] = image.transpose(1, 2, 0)
    return Image.fromarray(sheet)


def png(image: Image.Image, mark: Mark) -> bytes:
    """Return an RGB image as a PNG file with a mark."""
    return embed(_encoded(image, "PNG"), mark)


def save_training_gif(frames: Sequence[Path], file: Path, mark: Mark) -> None:
    """Write snapshots of a training (image files of one size) as an endless GIF; the last frame is shown longest."""
    images = [Image.open(frame).convert("RGB") for frame in frames]
    durations = [FRAME_MS] * (len(images) - 1) + [LAST_FRAME_MS]
    save_gif(images, durations, file, mark, colors_of=images[-1])  # the last frame is the most important


def save_gif(
    frames: Iterable[Image.Image],
    durations: int | list[int],
    file: Path,
    mark: Mark,
    *,
    colors_of: Image.Image,
    scale: int = 1,
) -> None:
    """Write an endless GIF with a mark. All frames share one palette, so that equal colours do not flicker.

    Args:
        frames: RGB, of one size.
        durations: milliseconds of each frame, or of all.
        colors_of: the RGB image from which the palette of 256 colours is made.
        scale: factor by which each pixel is enlarged.
    """
    palette = colors_of.quantize(COLORS, method=Image.Quantize.MEDIANCUT)
    first, *rest = (
        frame.quantize(palette=palette, dither=Image.Dither.NONE).resize(
            (frame.width * scale, frame.height * scale), Image.Resampling.NEAREST
        )
        for frame in frames
    )
    gif = _encoded(first, "GIF", save_all=True, append_images=rest, duration=durations, loop=0)
    file.write_bytes(embed(gif, mark))


def _encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=form, **options)
    return buffer.getvalue()
