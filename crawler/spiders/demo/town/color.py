"""Arithmetic on 8-bit RGB colours."""

import numpy as np

Color = tuple[int, int, int]


def mix(a: Color, b: Color, share: float) -> Color:
    """Return the colour at the fraction `share` (0–1) between `a` and `b`."""
    return (
        round(a[0] + (b[0] - a[0]) * share),
        round(a[1] + (b[1] - a[1]) * share),
        round(a[2] + (b[2] - a[2]) * share),
    )


def shaded(color: Color, factor: float) -> Color:
    """Return `color` times `factor`, clipped to 0–255."""
    factor = max(factor, 0.0)
    return (min(255, int(color[0] * factor)), min(255, int(color[1] * factor)), min(255, int(color[2] * factor)))


def varied(color: Color, rng: np.random.Generator, spread: float = 0.08) -> Color:
    """Return a variant of `color`: lightness and each channel shifted at random by about `spread`."""
    gains = rng.normal(1.0, spread) * rng.normal(1.0, spread / 3, size=3)
    red, green, blue = (min(255, max(0, round(c * g))) for c, g in zip(color, gains, strict=True))
    return (red, green, blue)


def distance(a: Color, b: Color) -> float:
    """Return the Euclidean distance in RGB, 0–441."""
    return float(np.linalg.norm(np.subtract(a, b)))
