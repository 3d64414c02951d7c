"""DCGAN's two networks (Radford et al. 2016, arXiv:1511.06434), as PyTorch's examples/dcgan lays them out.

Images are float, N×3×S×S in [-1, 1], S a power of two from 32 to 256. At S = 64 the layers are the example's; a size
twice as large adds one layer with twice the feature maps at the small end of each network.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

Norm = Literal["batch", "spectral", "none"]
SIZES = (32, 64, 128, 256)


class Generator(nn.Sequential):
    """From noise N×latent×1×1 to images N×3×S×S in [-1, 1].

    With labels each of them has its own place in the space of z: a mean, learnt with the rest, that is added to the
    noise (Gurumurthy et al. 2017, arXiv:1706.02071). So the network itself and all that is done with a z stay as they
    are without labels.
    """

    means: nn.Parameter | None  # classes×latent
    shares: Tensor | None  # of the training images that have each label, classes
    offset: Tensor | None  # latent×1×1, added to every z: this generator draws one label alone

    def __init__(self, latent: int, width: int, size: int, classes: int = 0) -> None:
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
        self.register_parameter("means", nn.Parameter(torch.zeros(classes, latent)) if classes else None)
        self.register_buffer("shares", torch.full((classes,), 1 / classes) if classes else None)
        self.register_buffer("offset", None, persistent=False)

    def forward(self, input: Tensor) -> Tensor:
        images: Tensor = super().forward(input if self.offset is None else input + self.offset)  # type: ignore[no-untyped-call]
        return images

    def draw_labels(self, n: int, rng: torch.Generator) -> Tensor:
        """n labels as frequent as in training: int64, n, on the device of `rng`; 0 without labels."""
        if self.shares is None:
            return torch.zeros(n, dtype=torch.long, device=rng.device)
        # A product gives the running sums: cumsum, and multinomial for its sake, have no fixed order on a GPU.
        upto = self.shares @ self.shares.new_ones(len(self.shares), len(self.shares)).triu()
        u = torch.rand(n, generator=rng, device=rng.device) * upto[-1]  # which rounding may leave below 1
        return torch.searchsorted(upto, u, right=True).clamp_max(len(self.shares) - 1)

    def settle(self, label: int) -> None:
        """Draw nothing but this label from now on, from plain noise."""
        assert self.means is not None
        self.offset = self.means[label].detach().view(-1, 1, 1)

    def place(self, z: Tensor, labels: Tensor) -> Tensor:
        """Noise, N×latent×1×1, moved to where its labels (int64, N) are."""
        return z if self.means is None else z + self.means[labels][:, :, None, None]


class Discriminator(nn.Sequential):
    """From images N×3×S×S to logits, N: positive where D takes the image for real.

    The example ends in a sigmoid; here the loss applies it, which is the same function and does not round to 0 or 1.
    Without batch norm the convolutions have a bias instead. With labels the logit has a second term, the product of the
    mean of the last feature maps with a vector of the label (Miyato & Koyama 2018, arXiv:1802.05637).
    """

    projection: nn.Parameter | None  # classes×widest

    def __init__(self, width: int, size: int, norm: Norm = "batch", classes: int = 0) -> None:
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
        self.register_parameter("projection", nn.Parameter(torch.zeros(classes, widest)) if classes else None)

    def forward(self, input: Tensor, labels: Tensor | None = None) -> Tensor:
        *body, last, flatten = self
        maps = input
        for layer in body:
            maps = layer(maps)
        logits: Tensor = flatten(last(maps))
        if self.projection is None or labels is None:
            return logits
        return logits + (maps.mean((2, 3)) * self.projection[labels]).sum(1)


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
    """Draw DCGAN's initial weights in place: convolutions N(0, 0.02), batch norm N(1, 0.02) with a bias of 0; labels'
    vectors N(0, 1) in G, as far apart as the noise is wide, and N(0, 0.02) in D."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.weight.normal_(0.0, 0.02, generator=rng)
            if module.bias is not None:
                module.bias.zero_()
        elif isinstance(module, nn.BatchNorm2d):
            module.weight.normal_(1.0, 0.02, generator=rng)
            module.bias.zero_()
    for name, spread in (("means", 1.0), ("projection", 0.02)):
        vectors = getattr(network, name, None)
        if vectors is not None:
            vectors.normal_(0.0, spread, generator=rng)


def noise(n: int, latent: int, rng: torch.Generator) -> Tensor:
    """Draw z: float32, n×latent×1×1, standard normal, on the device of `rng`."""
    return torch.randn(n, latent, 1, 1, generator=rng, device=rng.device)


def _widest(width: int, size: int) -> int:
    """Feature maps at 4×4: they double with every halving of the size."""
    if size not in SIZES:
        raise ValueError(f"images of {size}×{size}: DCGAN grows by doubling, expected one of {SIZES}")
    return width * size // 8
