"""DCGAN's two networks (Radford et al. 2016, arXiv:1511.06434), as PyTorch's examples/dcgan lays them out.

Images are float, N×3×S×S in [-1, 1], S a power of two from 32 to 256. At S = 64 the layers are the example's; a size
twice as large adds one layer with twice the feature maps at the small end of each network.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

Norm = Literal["batch", "spectral", "none"]


class Generator(nn.Sequential):
    """From noise N×latent×1×1 to images N×3×S×S in [-1, 1]."""

    def __init__(self, latent: int, width: int, size: int) -> None:
        widest = _widest(width, size)
        layers: list[nn.Module] = [
            nn.ConvTranspose2d(latent, widest, 4, 1, 0, bias=False),
            nn.BatchNorm2d(widest),
            nn.ReLU(inplace=True),
        ]
        maps = widest
        while maps > width:
            layers += [
                nn.ConvTranspose2d(maps, maps // 2, 4, 2, 1, bias=False),
                nn.BatchNorm2d(maps // 2),
                nn.ReLU(inplace=True),
            ]
            maps //= 2
        layers += [nn.ConvTranspose2d(width, 3, 4, 2, 1, bias=False), nn.Tanh()]
        super().__init__(*layers)
        self.latent = latent


class Discriminator(nn.Sequential):
    """From images N×3×S×S to logits, N: positive where D takes the image for real.

    The example ends in a sigmoid; here the loss applies it, which is the same function and does not round to 0 or 1.
    Without batch norm the convolutions have a bias instead.
    """

    def __init__(self, width: int, size: int, norm: Norm = "batch") -> None:
        layers: list[nn.Module] = [nn.Conv2d(3, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
        maps, widest = width, _widest(width, size)
        while maps < widest:
            layers += [
                nn.Conv2d(maps, maps * 2, 4, 2, 1, bias=norm != "batch"),
                *([nn.BatchNorm2d(maps * 2)] if norm == "batch" else []),
                nn.LeakyReLU(0.2, inplace=True),
            ]
            maps *= 2
        layers += [nn.Conv2d(widest, 1, 4, 1, 0, bias=False), nn.Flatten(0)]
        super().__init__(*layers)


def normalise_spectrally(network: nn.Module, rng: torch.Generator) -> None:
    """Divide the weights of every convolution by their largest singular value, for ever (Miyato et al. 2018,
    arXiv:1802.05957)."""
    with torch.random.fork_rng(devices=[]):  # torch draws its first guess of the singular vectors from the global one
        torch.manual_seed(rng.initial_seed())
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                spectral_norm(module)


@torch.no_grad()
def initialise(network: nn.Module, rng: torch.Generator) -> None:
    """Draw DCGAN's initial weights in place: convolutions N(0, 0.02), batch norm N(1, 0.02) with a bias of 0."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.weight.normal_(0.0, 0.02, generator=rng)
            if module.bias is not None:
                module.bias.zero_()
        elif isinstance(module, nn.BatchNorm2d):
            module.weight.normal_(1.0, 0.02, generator=rng)
            module.bias.zero_()


def noise(n: int, latent: int, rng: torch.Generator) -> Tensor:
    """Draw z: float32, n×latent×1×1, standard normal, on the device of `rng`."""
    return torch.randn(n, latent, 1, 1, generator=rng, device=rng.device)


def _widest(width: int, size: int) -> int:
    """Feature maps at 4×4: they double with every halving of the size."""
    if size not in (32, 64, 128, 256):
        raise ValueError(f"images of {size}×{size}: DCGAN grows by doubling, expected 32, 64, 128 or 256")
    return width * size // 8
