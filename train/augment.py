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


def augment(images: Tensor, names: Collection[str], rng: torch.Generator, strength: Tensor | None = None) -> Tensor:
    """Change each image of a batch at random.

    Args:
        images: float, N×C×S×S in [-1, 1].
        names: of `flip`, `color`, `translation`, `cutout`; the order of application is fixed.
        rng: on the device of the images.
        strength: a scalar on that device, the probability with which each kind but `flip` acts on an image
            (ADA, Karras et al. 2020, arXiv:2006.06676); None is always.

    Returns:
        The same shape; colours may leave [-1, 1], what is shifted in or cut out is 0.
    """
    if "color" in names:
        images = color(images, rng, strength)
    if "flip" in names or "translation" in names:
        images = move(
            images, rng, flip="flip" in names, shift=SHIFT if "translation" in names else 0, strength=strength
        )
    if "cutout" in names:
        images = cut_out(images, rng, strength)
    return images


def color(images: Tensor, rng: torch.Generator, strength: Tensor | None = None) -> Tensor:
    """Brightness by ±0.5, saturation by a factor in [0, 2), contrast by a factor in [0.5, 1.5)."""
    n = len(images)
    u = torch.rand(3, n, 1, 1, 1, generator=rng, device=images.device)
    u = u.where(_acts(n, rng, strength), 0.5)  # the middle of each range changes nothing
    images = images + (u[0] - 0.5)
    grey = images.mean(1, keepdim=True)
    images = grey + (images - grey) * (u[1] * 2)
    mean = images.mean((1, 2, 3), keepdim=True)
    return mean + (images - mean) * (u[2] + 0.5)


def move(images: Tensor, rng: torch.Generator, *, flip: bool, shift: float, strength: Tensor | None = None) -> Tensor:
    """Mirror half of the images left to right, and shift each by up to `shift` of its side both ways; 0 comes in."""
    n, _, size, _ = images.shape
    u = torch.rand(3, n, 1, 1, generator=rng, device=images.device)
    reach = round(size * shift)
    offsets = ((u[:2] * (2 * reach + 1)).floor() - reach) * _acts(n, rng, strength)[..., 0]
    target = torch.arange(size, device=images.device)
    source = target + offsets  # 2×n×1×size: the row and the column that each pixel comes from
    mirrored = (size - 1) - source[1]
    columns = torch.where(u[2] < 0.5, mirrored, source[1]) if flip else source[1]
    rows = (source[0].mT == target).to(images.dtype)  # n×size×size, target × source
    columns = (target[:, None] == columns).to(images.dtype)  # n×size×size, source × target
    return rows[:, None] @ images @ columns[:, None]


def cut_out(images: Tensor, rng: torch.Generator, strength: Tensor | None = None) -> Tensor:
    """Set a square of half the side to 0, its centre anywhere in the image."""
    n, _, size, _ = images.shape
    side = round(size * CUTOUT)
    corner = (torch.rand(2, n, 1, generator=rng, device=images.device) * (size + 1 - side % 2)).floor() - side // 2
    distance = torch.arange(size, device=images.device) - corner  # 2×n×size
    inside = (distance >= 0) & (distance < side)
    hole = inside[0][:, None, :, None] & inside[1][:, None, None, :] & _acts(n, rng, strength)
    return images * ~hole


def _acts(n: int, rng: torch.Generator, strength: Tensor | None) -> Tensor:
    """Which of n images a kind of change acts on: bool, n×1×1×1."""
    if strength is None:
        return torch.ones(n, 1, 1, 1, dtype=torch.bool, device=rng.device)
    return torch.rand(n, 1, 1, 1, generator=rng, device=rng.device) < strength
