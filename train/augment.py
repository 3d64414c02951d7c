"""DiffAugment (Zhao et al. 2020, arXiv:2006.10738): the same random changes for real and generated images, so that D
cannot learn the few training images by heart and G still gets its gradient.

Written without gather or scatter, whose backward pass has no fixed order on a GPU: a shift or a flip is a product with
two 0/1 matrices.
"""

from collections.abc import Collection

import torch
from torch import Tensor

SHIFT = 1 / 8  # of the side, at most (the paper's)
CUTOUT = 1 / 2  # side of the hole, of the image's side (the paper's)

DRAWS = 11
"""Random numbers an image: color 3, shift 2, mirror 1, hole 2, and whether color, translation and cutout act."""


def augment(images: Tensor, names: Collection[str], u: Tensor, strength: Tensor | None = None) -> Tensor:
    """Change each image of a batch at random, as the numbers given say.

    Args:
        images: float, N×C×S×S in [-1, 1].
        names: of `flip`, `color`, `translation`, `cutout`; the order of application is fixed.
        u: float, N×DRAWS, uniform in [0, 1), on the device of the images. An image's changes hang on its own row alone.
        strength: a scalar on that device, the probability with which each kind but `flip` acts on an image
            (ADA, Karras et al. 2020, arXiv:2006.06676); None is always.

    Returns:
        The same shape; colours may leave [-1, 1], what is shifted in or cut out is 0.
    """
    acts = u[:, 8:] < (1 if strength is None else strength)  # which of three kinds acts on an image: N×3
    if "color" in names:
        images = color(images, u[:, 0:3].where(acts[:, 0:1], 0.5))  # the middle of each range changes nothing
    if "flip" in names or "translation" in names:
        shift = u[:, 3:5].where(acts[:, 1:2], 0.5) if "translation" in names else None
        images = move(images, shift, u[:, 5] if "flip" in names else None)
    if "cutout" in names:
        images = cut_out(images, u[:, 6:8], acts[:, 2])
    return images


def color(images: Tensor, u: Tensor) -> Tensor:
    """Brightness by ±0.5, saturation by a factor in [0, 2), contrast by a factor in [0.5, 1.5). `u`: N×3."""
    brightness, saturation, contrast = u[:, :, None, None, None].unbind(1)
    images = images + (brightness - 0.5)
    grey = images.mean(1, keepdim=True)
    images = grey + (images - grey) * (saturation * 2)
    mean = images.mean((1, 2, 3), keepdim=True)
    return mean + (images - mean) * (contrast + 0.5)


def move(images: Tensor, shift: Tensor | None, mirror: Tensor | None) -> Tensor:
    """Shift each image by up to an eighth of its side both ways (`shift`: N×2), 0 comes in; mirror it left to right
    where `mirror` (N) is below a half."""
    n, _, size, _ = images.shape
    reach = round(size * SHIFT)
    target = torch.arange(size, device=images.device)
    rows = columns = target.expand(n, size)  # that each pixel comes from
    if shift is not None:
        offsets = (shift * (2 * reach + 1)).floor() - reach
        rows, columns = (target + offset[:, None] for offset in offsets.unbind(1))
    if mirror is not None:
        columns = torch.where(mirror[:, None] < 0.5, (size - 1) - columns, columns)
    from_rows = (rows[:, :, None] == target).to(images.dtype)  # n×size×size, target × source
    from_columns = (target[:, None] == columns[:, None, :]).to(images.dtype)  # n×size×size, source × target
    return from_rows[:, None] @ images @ from_columns[:, None]


def cut_out(images: Tensor, u: Tensor, acts: Tensor) -> Tensor:
    """Set a square of half the side to 0, its centre anywhere in the image (`u`: N×2), where `acts` (bool, N)."""
    size = images.shape[-1]
    side = round(size * CUTOUT)
    corner = (u * (size + 1 - side % 2)).floor() - side // 2
    distance = torch.arange(size, device=images.device) - corner[:, :, None]  # N×2×size
    inside = (distance >= 0) & (distance < side)
    hole = inside[:, 0, :, None] & inside[:, 1, None, :] & acts[:, None, None]
    return images * ~hole[:, None]
