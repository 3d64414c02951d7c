"""Schedules: pure functions of a recipe and a step, which counts from 0."""

from train.recipe import Recipe

SHORTEST_HALF_LIFE = 1e-9  # images; avoids a division by 0 where the EMA has no memory


def lr_g(recipe: Recipe, step: int) -> float:
    """Return G's learning rate: `recipe.lr_g`, falling linearly to `decay_to` of it over the last `decay` of the steps.

    D's learning rate is constant, so that D converges faster than G (two time scales, arXiv:1706.08500).
    """
    remaining = min(1.0, (recipe.steps - step) / (recipe.steps * recipe.decay)) if recipe.decay else 1.0
    return recipe.lr_g * (recipe.decay_to + (1 - recipe.decay_to) * remaining)


def ema_weight(recipe: Recipe, step: int) -> float:
    """Return how far the EMA of G's weights moves towards G in a step, in (0, 1].

    The half-life is `ema_images`, and at most `ema_ramp` of the images seen so far (the ramp of StyleGAN2-ADA's code,
    arXiv:2006.06676).
    """
    images_seen = (step + 1) * recipe.batch
    half_life = max(min(recipe.ema_images, images_seen * recipe.ema_ramp), SHORTEST_HALF_LIFE)
    return float(1 - 0.5 ** (recipe.batch / half_life))


def has_gradient_penalty(recipe: Recipe, step: int) -> bool:
    """Return whether D's loss includes its gradient penalties in a step: every `penalty_every` steps (lazy
    regularization, arXiv:1912.04958)."""
    return (recipe.r1 > 0 or recipe.r2 > 0) and step % recipe.penalty_every == 0
