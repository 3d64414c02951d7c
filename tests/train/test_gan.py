# ruff: noqa: N806  # netG, errD_real: the example's own names
"""Updates of `dcgan` against the loop of PyTorch's examples/dcgan, written down again here."""

import copy
import math

import pytest
import torch
from torch import Tensor, nn

from tests.train.layers import weight
from train.gan import Gan
from train.networks import noise
from train.random_streams import RandomStream
from train.recipe import Recipe

pytestmark = pytest.mark.integration

CPU = torch.device("cpu")
STEPS = 3


def batches(recipe: Recipe, size: int) -> list[Tensor]:
    rng = torch.Generator().manual_seed(5)
    return [torch.rand(recipe.batch, 3, size, size, generator=rng) * 2 - 1 for _ in range(STEPS)]


def test_dcgan_is_the_example_s_loop() -> None:
    recipe = Recipe(recipe="dcgan", batch=16, width_g=8, width_d=8)
    ours = Gan(recipe, 32, CPU, "fp32")
    netG, netD = copy.deepcopy(ours.G), nn.Sequential(copy.deepcopy(ours.D), nn.Sigmoid())
    criterion = nn.BCELoss()
    optimizerD = torch.optim.Adam(netD.parameters(), lr=0.0002, betas=(0.5, 0.999))
    optimizerG = torch.optim.Adam(netG.parameters(), lr=0.0002, betas=(0.5, 0.999))

    for step, real in enumerate(batches(recipe, 32)):
        z = noise(16, 100, RandomStream.STEP.rng(recipe.seed, step))
        netD.zero_grad()
        output = netD(real)
        errD_real = criterion(output, torch.ones(16))
        errD_real.backward()
        D_x = output.mean().item()
        fake = netG(z)
        output = netD(fake.detach())
        errD_fake = criterion(output, torch.zeros(16))
        errD_fake.backward()
        D_G_z1 = output.mean().item()
        optimizerD.step()
        netG.zero_grad()
        errG = criterion(netD(fake), torch.ones(16))
        errG.backward()
        optimizerG.step()

        found = ours.update(real, step)
        expected = torch.tensor([(errD_real + errD_fake).item(), errG.item(), D_x, D_G_z1])
        torch.testing.assert_close(found, expected, rtol=2e-4, atol=1e-5)
    for mine, theirs in zip(ours.G.parameters(), netG.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-3, atol=1e-4)


def test_the_ema_has_its_half_life() -> None:
    recipe = Recipe(batch=8, width_g=4, width_d=4, vision=0, ema_images=1_000, lr_g=1e-30, decay=0)
    gan = Gan(recipe, 32, CPU, "fp32")
    start = weight(gan.G_ema).clone()
    with torch.no_grad():
        weight(gan.G).add_(1.0)
    real = torch.zeros(8, 3, 32, 32)
    for step in range(1_000 // 8):
        gan.update(real, 10_000_000 + step)  # far past the ramp
    torch.testing.assert_close(weight(gan.G_ema), start + 0.5, rtol=0, atol=1e-3)


def test_the_half_life_of_the_ema_grows_with_the_images_seen() -> None:
    recipe = Recipe(batch=8, width_g=4, width_d=4, vision=0, ema_images=10**9, ema_ramp=0.5, lr_g=1e-30)
    gan = Gan(recipe, 32, CPU, "fp32")
    start = weight(gan.G_ema).clone()
    with torch.no_grad():
        weight(gan.G).add_(1.0)
    real = torch.zeros(8, 3, 32, 32)
    for step in range(100, 200):
        gan.update(real, step)
    # A half-life of half the images seen: doubling their number is ln 2 / 0.5 half-lives.
    left = 0.5 ** (math.log(2) / 0.5)
    torch.testing.assert_close(weight(gan.G_ema), start + 1 - left, rtol=0, atol=5e-3)


def test_publishing_changes_nothing_and_uses_the_ema() -> None:
    gan = Gan(Recipe(batch=8, width_g=4, width_d=4), 32, CPU, "fp32")
    for step, real in enumerate(batches(gan.recipe, 32)):
        gan.update(real[:8], step)
    before = copy.deepcopy(gan.state_dict())
    published = gan.published_generator()
    torch.testing.assert_close(gan.state_dict(), before, rtol=0, atol=0)
    assert not published.training
    torch.testing.assert_close(published[0].weight, weight(gan.G_ema), rtol=0, atol=0)
    # Its statistics are those of its own images, so its first normalised layer is normal on fresh noise.
    hidden = published[1](published[0](noise(512, 100, RandomStream.LATENTS.rng(9))))
    assert (hidden.mean((0, 2, 3)) - published[1].bias).abs().max() < 0.2


def test_random_numbers_depend_on_seed_and_step_only() -> None:
    recipe = Recipe(batch=8, width_g=4, width_d=4)
    one, other = (Gan(recipe, 32, CPU, "fp32") for _ in range(2))
    real = batches(recipe, 32)[0]
    torch.manual_seed(1)
    a = one.update(real, 7)
    torch.manual_seed(2)
    torch.testing.assert_close(other.update(real, 7), a, rtol=0, atol=0)
    assert not torch.equal(Gan(recipe, 32, CPU, "fp32").update(real, 8), a)


@pytest.mark.parametrize(("end", "half", "last"), [(0.0, 0.5, 0.02), (0.2, 0.6, 0.216), (1.0, 1.0, 1.0)])
def test_the_learning_rate_of_g_falls_over_the_last_steps_and_that_of_d_is_constant(
    end: float, half: float, last: float
) -> None:
    recipe = Recipe(batch=8, width_g=4, width_d=4, steps=100, lr_g=1e-3, lr_d=2e-3, decay=0.5, decay_to=end)
    gan, rates = Gan(recipe, 32, CPU, "fp32"), {}
    for step in (0, 49, 50, 75, 99):
        gan.update(torch.zeros(8, 3, 32, 32), step)
        rates[step] = (gan.adam_g.param_groups[0]["lr"], gan.adam_d.param_groups[0]["lr"])
    for step, share in ((0, 1), (49, 1), (50, 1), (75, half), (99, last)):
        assert rates[step] == pytest.approx((1e-3 * share, 2e-3))


@pytest.mark.parametrize("offset", [0.0, 100.0, -100.0])
def test_the_statistics_of_a_relativistic_d_do_not_depend_on_its_offset(offset: float) -> None:
    recipe = Recipe(batch=8, width_g=4, width_d=4, loss="relativistic", norm_d="none", adaptive=0.6)
    found = []
    for shift in (0.0, offset):
        gan = Gan(recipe, 32, CPU, "fp32")
        last = gan.D[-2]
        assert isinstance(last, nn.Conv2d)
        last.bias = nn.Parameter(torch.tensor([shift]))
        found.append(gan.update(batches(recipe, 32)[0], 1))
    torch.testing.assert_close(found[1], found[0], rtol=1e-3, atol=1e-4)
    assert 0.2 < found[1][2] < 0.8  # a D that has learnt nothing is undecided


def test_the_state_is_all_that_a_step_depends_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the strength of the augmentation, and the pace after a roll-back."""
    monkeypatch.setattr("train.gan.ADAPTIVE_IMAGES", 50)
    recipe = Recipe(batch=8, width_g=4, width_d=4, adaptive=0.01, augment=("color",), norm_d="none")
    one, other = (Gan(recipe, 32, CPU, "fp32") for _ in range(2))
    one.lr_scale = 0.5
    for step, real in enumerate(batches(recipe, 32)):
        one.update(real, step)
    assert 0 < one.augment_p < 1
    other.load_state_dict(copy.deepcopy(one.state_dict()))
    torch.testing.assert_close(other.state_dict(), one.state_dict(), rtol=0, atol=0)
    real = batches(recipe, 32)[0]
    torch.testing.assert_close(other.update(real, STEPS), one.update(real, STEPS), rtol=0, atol=0)
    torch.testing.assert_close(other.state_dict(), one.state_dict(), rtol=0, atol=0)


def test_one_weight_that_is_not_finite_is_seen() -> None:
    gan = Gan(Recipe(batch=8, width_g=4, width_d=4), 32, CPU, "fp32")
    for part in (gan.G, gan.D, gan.critic, gan.G_ema):
        assert gan.is_finite()
        weights = next(part.parameters())
        kept = weights.detach().clone()
        with torch.no_grad():
            weights[(0,) * weights.ndim] = torch.inf
            assert not gan.is_finite()
            weights.copy_(kept)


def test_adaptive_augmentation_follows_d() -> None:
    """D is sure of the real images, then sure of the contrary: the strength grows, then falls."""
    gan = Gan(Recipe(batch=8, width_g=4, width_d=4, adaptive=0.6, norm_d="none"), 32, CPU, "fp32")
    real = torch.rand(8, 3, 32, 32)
    for bias, expected in ((100.0, 8 / 500_000), (-100.0, 0.0)):
        last = gan.D[-2]
        assert isinstance(last, nn.Conv2d)
        last.bias = nn.Parameter(torch.tensor([bias]))
        gan.update(real, 1)
        assert gan.augment_p.item() == pytest.approx(expected)
