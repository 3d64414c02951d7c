"""The two networks of DCGAN (Radford et al. 2016, arXiv:1511.06434), with the layers of PyTorch's examples/dcgan.

Images are float, N×3×S×S in [-1, 1]; S is one of SIZES. At S = 64 the layers are those of the example; each doubling of
S adds a layer at the 4×4 end of both networks, with twice the feature maps.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

Norm = Literal["batch", "spectral", "none"]
SIZES = (32, 64, 128, 256)


class Generator(nn.Sequential):
    """A network from noise (float, N×latent×1×1) to images (float, N×3×S×S in [-1, 1]).

    In a conditional model each label has a learnt mean, which `condition` adds to the noise (Gurumurthy et al. 2017,
    arXiv:1706.02071); the layers are those of an unconditional model.
    """

    means: nn.Parameter | None  # of the noise of each label, float32, classes×latent
    shares: Tensor | None  # `label_frequencies`, under the name that generator.safetensors has for it
    offset: Tensor | None  # added to every z once `fix_label` was called, latent×1×1

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

    @property
    def label_frequencies(self) -> Tensor | None:
        """The fraction of training images that have each label: float32, classes; None without labels."""
        return self.shares

    def draw_labels(self, n: int, rng: torch.Generator) -> Tensor:
        """Draw n labels with the frequencies of training: int64, n, on the device of `rng`; zeros without labels."""
        frequencies = self.label_frequencies
        if frequencies is None:
            return torch.zeros(n, dtype=torch.long, device=rng.device)
        # A matrix product for the running sums: cumsum and multinomial are not deterministic on a GPU.
        cumulative = frequencies @ frequencies.new_ones(len(frequencies), len(frequencies)).triu()
        u = torch.rand(n, generator=rng, device=rng.device) * cumulative[-1]  # which rounding may leave below 1
        return torch.searchsorted(cumulative, u, right=True).clamp_max(len(frequencies) - 1)

    def fix_label(self, label: int) -> None:
        """Make `forward` draw this label for every z."""
        assert self.means is not None
        self.offset = self.means[label].detach().view(-1, 1, 1)

    def condition(self, z: Tensor, labels: Tensor) -> Tensor:
        """Add the means of labels (int64, N) to noise (N×latent×1×1); without labels return the noise unchanged."""
        return z if self.means is None else z + self.means[labels][:, :, None, None]


class Discriminator(nn.Sequential):
    """A network from images (float, N×3×S×S in about [-1, 1]) to logits (N), positive for images it classifies as real.

    The example ends in a sigmoid; here the losses include it, which is the same function and does not round to 0 or 1.
    Without batch norm the convolutions have a bias instead. In a conditional model the dot product of the mean of the
    last feature maps and a learnt vector of the label is added (Miyato & Koyama 2018, arXiv:1802.05637).
    """

    projection: nn.Parameter | None  # a vector of each label, classes×widest

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
    """Parametrize every convolution by spectral norm: weights divided by their largest singular value (Miyato et al.
    2018, arXiv:1802.05957)."""
    with torch.random.fork_rng(devices=[]):  # torch starts the power iteration from its global generator
        torch.manual_seed(rng.initial_seed())
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                spectral_norm(module)


@torch.no_grad()
def initialise(network: nn.Module, rng: torch.Generator) -> None:
    """Draw the initial weights in place.

    As in DCGAN: convolutions from N(0, 0.02²), scales of batch norm from N(1, 0.02²), biases 0. Means of labels in G
    from N(0, 1), as wide as the noise; projections of labels in D from N(0, 0.02²).
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.weight.normal_(0.0, 0.02, generator=rng)
            if module.bias is not None:
                module.bias.zero_()
        elif isinstance(module, nn.BatchNorm2d):
            module.weight.normal_(1.0, 0.02, generator=rng)
            module.bias.zero_()
    for name, deviation in (("means", 1.0), ("projection", 0.02)):
        vectors = getattr(network, name, None)
        if vectors is not None:
            vectors.normal_(0.0, deviation, generator=rng)


def noise(n: int, latent: int, rng: torch.Generator) -> Tensor:
    """Draw z: float32, n×latent×1×1, standard normal, on the device of `rng`."""
    return torch.randn(n, latent, 1, 1, generator=rng, device=rng.device)


def _widest(width: int, size: int) -> int:
    """Feature maps at 4×4: their number doubles each time the side is halved."""
    if size not in SIZES:
        raise ValueError(f"size: found {size}, expected one of {SIZES}")
    return width * size // 8
