"""Differentiable augmentation (DiffAugment, Zhao et al. 2020, arXiv:2006.10738) of real and generated images.

It keeps D from memorizing a small training set. Shifts and flips are products with 0/1 matrices, since the backward
passes of gather and scatter are not deterministic on a GPU.
"""

from collections.abc import Collection

import torch
from torch import Tensor

MAX_SHIFT = 1 / 8  # of the side of the image (the paper's)
CUTOUT = 1 / 2  # side of the hole, as a fraction of the side of the image (the paper's)

N_RANDOM = 11
"""Random numbers per image: 3 for color, 2 for translation, 1 for flip, 2 for cutout, and 3 that decide whether color,
translation and cutout are applied."""


def augment(images: Tensor, names: Collection[str], u: Tensor, p: Tensor | None = None) -> Tensor:
    """Augment each image of a batch, given its random numbers.

    Args:
        images: float, N×C×S×S in [-1, 1].
        names: which of `flip`, `color`, `translation` and `cutout` to apply; their order is fixed.
        u: float, N×N_RANDOM, uniform in [0, 1), on the device of the images. Row i determines image i.
        p: a scalar on that device, the probability with which each kind but `flip` is applied to an image
            (ADA, Karras et al. 2020, arXiv:2006.06676); None for 1.

    Returns:
        The same shape. Colours may leave [-1, 1]; pixels that are shifted in or cut out are 0.
    """
    applied = u[:, 8:] < (1 if p is None else p)  # of color, translation and cutout: N×3
    if "color" in names:
        images = color(images, u[:, 0:3].where(applied[:, 0:1], 0.5))  # the middle of each range changes nothing
    if "flip" in names or "translation" in names:
        shift = u[:, 3:5].where(applied[:, 1:2], 0.5) if "translation" in names else None
        images = move(images, shift, u[:, 5] if "flip" in names else None)
    if "cutout" in names:
        images = cut_out(images, u[:, 6:8], applied[:, 2])
    return images


def color(images: Tensor, u: Tensor) -> Tensor:
    """Change brightness by ±0.5, saturation by a factor in [0, 2), contrast by one in [0.5, 1.5); `u`: N×3, [0, 1)."""
    brightness, saturation, contrast = u[:, :, None, None, None].unbind(1)
    images = images + (brightness - 0.5)
    grey = images.mean(1, keepdim=True)
    images = grey + (images - grey) * (saturation * 2)
    mean = images.mean((1, 2, 3), keepdim=True)
    return mean + (images - mean) * (contrast + 0.5)


def move(images: Tensor, shift: Tensor | None, mirror: Tensor | None) -> Tensor:
    """Shift and mirror images.

    Args:
        images: float, N×C×S×S.
        shift: N×2 in [0, 1), for rows and columns: by up to S/8 either way, 0.5 for none; zeros are shifted in.
        mirror: N in [0, 1); images with less than 0.5 are mirrored left to right.
    """
    n, _, size, _ = images.shape
    reach = round(size * MAX_SHIFT)
    target = torch.arange(size, device=images.device)
    rows = columns = target.expand(n, size)  # the source of each target pixel
    if shift is not None:
        offsets = (shift * (2 * reach + 1)).floor() - reach
        rows, columns = (target + offset[:, None] for offset in offsets.unbind(1))
    if mirror is not None:
        columns = torch.where(mirror[:, None] < 0.5, (size - 1) - columns, columns)
    from_rows = (rows[:, :, None] == target).to(images.dtype)  # n×size×size, target × source
    from_columns = (target[:, None] == columns[:, None, :]).to(images.dtype)  # n×size×size, source × target
    return from_rows[:, None] @ images @ from_columns[:, None]


def cut_out(images: Tensor, u: Tensor, applied: Tensor) -> Tensor:
    """Set a square of half the side to 0 in the images for which `applied` (bool, N) is true.

    Its centre is anywhere in the image (`u`: N×2 in [0, 1), for row and column); it may extend beyond the edge.
    """
    size = images.shape[-1]
    side = round(size * CUTOUT)
    corner = (u * (size + 1 - side % 2)).floor() - side // 2
    distance = torch.arange(size, device=images.device) - corner[:, :, None]  # N×2×size
    inside = (distance >= 0) & (distance < side)
    hole = inside[:, 0, :, None] & inside[:, 1, None, :] & applied[:, None, None]
    return images * ~hole[:, None]
