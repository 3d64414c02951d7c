"""Whether generated images are copies: how near they lie to training images, with held-out real ones as the yardstick.

The statistic is that of Meehan, Chaudhuri, Dasgupta: A non-parametric test to detect data-copying in generative models
(AISTATS 2020, arXiv:2004.05675), over the whole space as one cell: the Mann–Whitney U of the distances from generated
and from held-out images to their nearest training image, as a z-score. A model that has learned the distribution draws
images as far from the training set as other real images are: z is near 0, and falls well below it where it copies.

By pixels that would not do: a blurred image lies near to everything. There the distance is taken in relation to those
of the 50 nearest, as in Carlini et al.: Extracting Training Data from Diffusion Models (USENIX Security 2023,
arXiv:2301.13188): a copy lies far nearer to one training image than to others.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

COPIES_BELOW = -3.0
"""z-score from which generated images lie too near: three standard deviations, as the paper's experiments read it."""
CLOSE = 0.01
"""A generated image is close where no more than this share of the held-out ones lies as near to a training image."""
MANY = 5.0
"""So many times the expected share of close images are too many, even where most images are no copies."""
NEIGHBOURS = 50
CHUNK = 256  # queries compared at a time

Points = NDArray[np.float32]
"""N × D."""


class Verdict(StrEnum):
    COPIES = "copies"  # images lie too near altogether, and too many are close
    SOME_COPIES = "some_copies"  # altogether they do not, but too many are close
    NO_COPIES = "no_copies"  # also where images lie a little nearer altogether, but none is close: blur does that


@dataclass(frozen=True)
class Nearest:
    """For each query the nearest reference, and the distance to it, Euclidean or relative."""

    place: NDArray[np.int64]
    distance: NDArray[np.float64]


@dataclass(frozen=True)
class Likeness:
    """One space, pixels or features."""

    generated: Nearest
    held_out: Nearest
    z: float
    close: float  # share of generated images that are CLOSE
    verdict: Verdict


def judge(generated: Nearest, held_out: Nearest) -> Likeness:
    """Hold the distances of generated images against those of held-out real ones; both to the same training images."""
    z = z_score(generated.distance, held_out.distance)
    line = np.quantile(held_out.distance, CLOSE, method="lower") if len(held_out.distance) else 0.0
    close = float((generated.distance <= line).mean()) if len(generated.distance) else 0.0
    copies = Verdict.COPIES if z < COPIES_BELOW else Verdict.SOME_COPIES
    return Likeness(generated, held_out, z, close, copies if close > MANY * CLOSE else Verdict.NO_COPIES)


def z_score(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Mann and Whitney's U as a z-score: below 0 where `one` tends to be smaller than `other`. 0 where one is empty."""
    n, m = len(one), len(other)
    if not n or not m:
        return 0.0
    u = rankdata(np.concatenate([one, other]))[:n].sum() - n * (n + 1) / 2
    return float((u - n * m / 2) / np.sqrt(n * m * (n + m + 1) / 12))


def nearest(queries: Points, references: Points, *, relative: bool = False) -> Nearest:
    """The nearest of `references`, of which there is at least one, to each of `queries`; of equal ones the first.

    `relative` distances are in units of the mean distance to the NEIGHBOURS nearest: 0 for a copy, at most 1.
    """
    parts = [_nearest(part, references, relative) for part in _chunks(queries)]
    return Nearest(
        np.concatenate([place for place, _ in parts] or [np.empty(0, np.int64)]),
        np.concatenate([distance for _, distance in parts] or [np.empty(0)]),
    )


def _nearest(queries: Points, references: Points, relative: bool) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    # |a − b|² = |a|² − 2ab + |b|²: one matrix product finds the place; the distance is then taken exactly.
    squares = np.einsum("nd,nd->n", references, references) - 2 * queries @ references.T
    place = squares.argmin(axis=1)
    distance = np.linalg.norm(queries.astype(np.float64) - references[place], axis=1)
    if relative:
        count = min(NEIGHBOURS, len(references))
        near = np.partition(squares, count - 1, axis=1)[:, :count] + np.einsum("nd,nd->n", queries, queries)[:, None]
        mean = np.sqrt(near.clip(min=0).astype(np.float64)).mean(axis=1)
        distance = np.divide(distance, mean, out=np.zeros_like(distance), where=mean > 0)
    return place, distance


def _chunks(points: Points) -> Iterator[Points]:
    return (points[start : start + CHUNK] for start in range(0, len(points), CHUNK))
