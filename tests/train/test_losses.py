import math

import pytest
import torch

from tests.train.layers import weight
from train.gan import Gan
from train.losses import gradient_penalty, loss_d, loss_g
from train.recipe import Recipe

REAL, FAKE = torch.tensor([2.0, -0.5]), torch.tensor([0.3, -3.0])


def softplus(x: float) -> float:
    return math.log1p(math.exp(x))


def mean(*values: float) -> float:
    return sum(values) / len(values)


@pytest.mark.parametrize(
    ("kind", "expected_d", "expected_g"),
    [
        (
            "bce",
            mean(softplus(-2), softplus(0.5)) + mean(softplus(0.3), softplus(-3)),
            mean(softplus(-0.3), softplus(3)),
        ),
        ("hinge", mean(0, 1.5) + mean(1.3, 0), -mean(0.3, -3)),
        ("relativistic", mean(softplus(-1.7), softplus(-2.5)), mean(softplus(1.7), softplus(2.5))),
    ],
)
def test_the_losses_are_their_papers(kind, expected_d: float, expected_g: float) -> None:
    assert loss_d(kind, REAL, FAKE).item() == pytest.approx(expected_d, rel=1e-5)
    assert loss_g(kind, REAL, FAKE).item() == pytest.approx(expected_g, rel=1e-5)


def test_the_penalty_of_a_linear_d_is_half_its_squared_weight() -> None:
    weight = torch.full((3, 4, 4), 0.5, requires_grad=True)
    images = torch.rand(5, 3, 4, 4).requires_grad_()
    penalty = gradient_penalty(images, (images * weight).sum((1, 2, 3)))
    assert penalty.item() == pytest.approx(0.5 * 48 * 0.25)
    (gradient,) = torch.autograd.grad(penalty, weight)
    torch.testing.assert_close(gradient, weight.detach())


@pytest.mark.parametrize(
    "fields",
    [
        {"loss": "relativistic", "norm_d": "none", "r1": 1.0, "r2": 1.0, "penalty_every": 2},
        {"loss": "hinge", "norm_d": "spectral"},
        {"norm_d": "none", "augment": (), "r1": 5.0},
    ],
)
def test_options_compose_and_repeat(fields: dict[str, object]) -> None:
    recipe = Recipe(**{"batch": 8, "latent": 8, "width_g": 4, "width_d": 4} | fields)
    real = torch.rand(8, 3, 32, 32) * 2 - 1
    runs = []
    for seed in (1, 2):
        torch.manual_seed(seed)  # which must not matter
        gan = Gan(recipe, 32, torch.device("cpu"), "fp32")
        runs.append(torch.stack([gan.update(real.clone(), step) for step in range(4)]))
    assert runs[0].isfinite().all()
    torch.testing.assert_close(runs[0], runs[1], rtol=0, atol=0)


def test_a_penalty_acts_on_its_own_steps_only() -> None:
    real = torch.rand(8, 3, 32, 32) * 2 - 1
    weights = []
    for r1 in (0.0, 50.0):
        recipe = Recipe(batch=8, latent=8, width_g=4, width_d=4, r1=r1, penalty_every=3, norm_d="none")
        gan = Gan(recipe, 32, torch.device("cpu"), "fp32")
        gan.update(real, 1)
        after_one = weight(gan.D).detach().clone()
        gan.update(real, 3)
        weights.append((after_one, weight(gan.D).detach()))
    assert torch.equal(weights[0][0], weights[1][0])
    assert not torch.equal(weights[0][1], weights[1][1])


def test_spectral_norm_bounds_every_layer() -> None:
    gan = Gan(Recipe(batch=8, width_g=4, width_d=8, norm_d="spectral"), 32, torch.device("cpu"), "fp32")
    for layer in gan.D:
        if isinstance(layer, torch.nn.Conv2d):
            assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, abs=0.05)
