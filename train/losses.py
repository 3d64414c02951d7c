"""What G and D are trained to lower. Logits are float, N; every loss is a mean over them."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Loss = Literal["bce", "hinge", "relativistic"]


def loss_d(kind: Loss, real: Tensor, fake: Tensor) -> Tensor:
    """D's loss from its logits for real and generated images; see `train.recipe.Recipe.loss` for the papers."""
    if kind == "bce":
        return F.softplus(-real).mean() + F.softplus(fake).mean()
    if kind == "hinge":
        return F.relu(1 - real).mean() + F.relu(1 + fake).mean()
    return F.softplus(fake - real).mean()


def loss_g(kind: Loss, real: Tensor | None, fake: Tensor) -> Tensor:
    """G's loss. Only the relativistic one looks at the real images again, each paired with a generated one."""
    if kind == "bce":
        return F.softplus(-fake).mean()
    if kind == "hinge":
        return -fake.mean()
    assert real is not None
    return F.softplus(real - fake).mean()


def gradient_penalty(images: Tensor, logits: Tensor) -> Tensor:
    """Half the mean squared norm of D's gradient at the images, which require one (Mescheder et al. 2018,
    arXiv:1801.04406): R1 at real images, R2 at generated ones. It can itself be differentiated."""
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return gradient.square().sum((1, 2, 3)).mean() / 2
