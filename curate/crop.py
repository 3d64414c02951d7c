"""The two views of a picture: the crop that a model sees, and the thumbnail that duplicates are told by."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from curate.records import THUMBNAIL_SIDE


def center_crop(rgb: Image.Image, size: int) -> NDArray[np.uint8]:
    """The largest square in the middle of `rgb`, scaled with Pillow's antialiased bicubic: 3 × size × size, uint8.

    The square's edges need not fall on whole pixels, so that it lies in the very middle.
    """
    side = min(rgb.size)
    left, top = (rgb.width - side) / 2, (rgb.height - side) / 2
    box = (left, top, left + side, top + side)
    return np.asarray(rgb.resize((size, size), Image.Resampling.BICUBIC, box=box)).transpose(2, 0, 1)


def thumbnail(rgb: Image.Image) -> NDArray[np.uint8]:
    """The whole of `rgb` in grey (ITU-R 601 luma), squeezed to 64 × 64 uint8 with Pillow's antialiased bicubic.

    A large one is reduced by a whole number first, to the mean of equal blocks, which is faster and shows as much.
    """
    side = (THUMBNAIL_SIDE, THUMBNAIL_SIDE)
    return np.asarray(rgb.convert("L").resize(side, Image.Resampling.BICUBIC, reducing_gap=1.5))
