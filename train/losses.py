"""The losses of G and D. Logits are float, of any shape; each loss is a mean over them, a scalar."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Loss = Literal["bce", "hinge", "relativistic"]


def loss_d(kind: Loss, real: Tensor, fake: Tensor) -> Tensor:
    """Return D's loss, given its logits for real and generated images.

    Args:
        kind: `bce`, the non-saturating loss (Goodfellow et al. 2014, arXiv:1406.2661); `hinge` (Lim & Ye 2017,
            arXiv:1705.02894); or `relativistic`, which pairs image i of both (Jolicoeur-Martineau 2018,
            arXiv:1807.00734; Huang et al. 2025, arXiv:2501.05441) and needs equal shapes.
    """
    if kind == "bce":
        return F.softplus(-real).mean() + F.softplus(fake).mean()
    if kind == "hinge":
        return F.relu(1 - real).mean() + F.relu(1 + fake).mean()
    return F.softplus(fake - real).mean()


def loss_g(kind: Loss, real: Tensor | None, fake: Tensor) -> Tensor:
    """Return G's loss, given D's logits for generated images and, for `relativistic` only, for real images."""
    if kind == "bce":
        return F.softplus(-fake).mean()
    if kind == "hinge":
        return -fake.mean()
    assert real is not None
    return F.softplus(real - fake).mean()


def gradient_penalty(images: Tensor, logits: Tensor) -> Tensor:
    """Return half the mean squared norm of D's gradient at images: R1 at real ones, R2 at generated ones (Mescheder et
    al. 2018, arXiv:1801.04406).

    Args:
        images: float, N×3×S×S, which require a gradient.
        logits: D's logits for them, N.

    Returns:
        A scalar that can be differentiated again.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return gradient.square().sum((1, 2, 3)).mean() / 2
