"""The two views of a picture: the crop that a model sees, and the thumbnail that duplicates are told by."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from curate.measures import strips
from curate.schemas import THUMBNAIL_SIDE


def center_crop(rgb: Image.Image, size: int) -> NDArray[np.uint8]:
    """The largest square in the middle of `rgb`, scaled to 3 × size × size, uint8.

    With Pillow's Hamming filter, antialiased, nearly as sharp as its bicubic one and done in two thirds of the time;
    bicubic where the square is enlarged. Its edges need not fall on whole pixels, so that it lies in the very middle.
    """
    side = min(rgb.size)
    left, top = (rgb.width - side) / 2, (rgb.height - side) / 2
    kernel = Image.Resampling.HAMMING if side > size else Image.Resampling.BICUBIC
    square = rgb.resize((size, size), kernel, box=(left, top, left + side, top + side))
    return np.asarray(square).transpose(2, 0, 1)


def trimmed(rgb: Image.Image) -> Image.Image:
    """`rgb` without the flat strips along its edges: a frame, a letterbox, a stock agency's caption.

    As `curate.measures.border` tells them, the deepest first, since one may hide the next; one line more goes, which
    scaling has blurred. What would lose more than a quarter at an edge stays as it is: no strip but a wall or a sky.
    """
    left, top, right, bottom = box = [0, 0, rgb.width, rgb.height]
    luma = np.asarray(rgb.convert("L"))[None]
    for _ in range(8):
        depths = strips(luma[:, top:bottom, left:right])[:, 0]
        edge = int(depths.argmax())
        if not depths[edge]:
            break
        side = (bottom - top, right - left)[edge % 2]
        cut = round(depths[edge] * side) + 1
        if edge < 2:
            top, left = (top + cut, left) if edge == 0 else (top, left + cut)
        else:
            bottom, right = (bottom - cut, right) if edge == 2 else (bottom, right - cut)
        if max(top, rgb.height - bottom) > rgb.height / 4 or max(left, rgb.width - right) > rgb.width / 4:
            return rgb
    found = [left, top, right, bottom]
    return rgb if found == box else rgb.crop((left, top, right, bottom))


def thumbnail(rgb: Image.Image) -> NDArray[np.uint8]:
    """The whole of `rgb` in grey (ITU-R 601 luma), squeezed to 64 × 64 uint8 with Pillow's antialiased bilinear.

    A sharper filter lets through more of what a smaller copy has lost: with it fewer copies are found.
    """
    return np.asarray(rgb.convert("L").resize((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.BILINEAR))
