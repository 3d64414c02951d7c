import pytest

from train import schedules
from train.recipe import Recipe


@pytest.mark.parametrize(("step", "fraction"), [(0, 1.0), (50, 1.0), (75, 0.6), (99, 0.216), (100, 0.2)])
def test_the_learning_rate_of_g_falls_linearly_over_the_last_half(step: int, fraction: float) -> None:
    recipe = Recipe(steps=100, lr_g=1e-3, decay=0.5, decay_to=0.2)
    assert schedules.lr_g(recipe, step) == pytest.approx(1e-3 * fraction)


def test_without_decay_the_learning_rate_of_g_is_constant() -> None:
    recipe = Recipe(recipe="dcgan", steps=100)
    assert {schedules.lr_g(recipe, step) for step in range(100)} == {recipe.lr_g}


def test_after_as_many_images_as_its_half_life_the_ema_has_forgotten_half() -> None:
    recipe = Recipe(batch=10, ema_images=1_000)
    left = 1.0
    for step in range(10_000, 10_100):  # past the ramp
        left *= 1 - schedules.ema_weight(recipe, step)
    assert left == pytest.approx(0.5)


def test_at_first_the_half_life_of_the_ema_is_a_fraction_of_the_images_seen() -> None:
    recipe = Recipe(batch=10, ema_images=100_000, ema_ramp=0.5)
    assert schedules.ema_weight(recipe, 0) == pytest.approx(1 - 0.5 ** (10 / 5))
    assert schedules.ema_weight(recipe, 99) == pytest.approx(1 - 0.5 ** (10 / 500))


@pytest.mark.parametrize(("r1", "r2", "expected"), [(0, 0, []), (0.1, 0, [0, 4, 8]), (0, 0.1, [0, 4, 8])])
def test_penalties_are_computed_every_few_steps(r1: float, r2: float, expected: list[int]) -> None:
    recipe = Recipe(r1=r1, r2=r2, penalty_every=4)
    assert [step for step in range(10) if schedules.has_gradient_penalty(recipe, step)] == expected
