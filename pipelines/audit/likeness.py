"""Measures whether generated images are copies of training images, by comparison with held-out real images.

The statistic is that of Meehan, Chaudhuri, Dasgupta: A non-parametric test to detect data-copying in generative models
(AISTATS 2020, arXiv:2004.05675), over the whole space as one cell: the Mann–Whitney U of the distances from generated
and from held-out images to their nearest training image, as a z-score. A model that has learned the distribution draws
images as far from the training set as other real images: z is near 0. If it copies, z is well below 0.

For pixels that is not enough, since a blurred image is near to everything. There the distance is divided by the mean
of those to the 50 nearest, as in Carlini et al.: Extracting Training Data from Diffusion Models (USENIX Security 2023,
arXiv:2301.13188): a copy is far nearer to one training image than to others.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

COPIES_BELOW = -3.0
"""z-score below which generated images are too near: three standard deviations, as in the paper's experiments."""
CLOSE = 0.01
"""A generated image is close if at most this fraction of the held-out ones is as near to a training image."""
MANY = 5.0
"""More than this many times the expected fraction of close images is a sign of copies."""
NEIGHBOURS = 50
CHUNK = 256  # queries compared at a time

Points = NDArray[np.float32]
"""N × D."""


class Verdict(StrEnum):
    """Whether generated images are copies."""

    COPIES = "copies"  # z is below COPIES_BELOW, and too many images are close
    SOME_COPIES = "some_copies"  # z is not below it, but too many images are close
    NO_COPIES = "no_copies"  # few images are close; z may be below 0, as it is for blurred images


@dataclass(frozen=True)
class Nearest:
    """For each query the index of the nearest reference, and the distance to it, Euclidean or relative."""

    index: NDArray[np.int64]
    distance: NDArray[np.float64]


@dataclass(frozen=True)
class Likeness:
    """The comparison in one space, pixels or features."""

    generated: Nearest
    held_out: Nearest
    z: float
    close: float  # fraction of generated images that are close (see CLOSE)
    verdict: Verdict


def judge(generated: Nearest, held_out: Nearest) -> Likeness:
    """Compare the distances of generated and of held-out real images to the same training images."""
    z = z_score(generated.distance, held_out.distance)
    line = np.quantile(held_out.distance, CLOSE, method="lower") if len(held_out.distance) else 0.0
    close = float((generated.distance <= line).mean()) if len(generated.distance) else 0.0
    copies = Verdict.COPIES if z < COPIES_BELOW else Verdict.SOME_COPIES
    return Likeness(generated, held_out, z, close, copies if close > MANY * CLOSE else Verdict.NO_COPIES)


def z_score(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the Mann–Whitney U as a z-score: below 0 if `one` tends to be smaller than `other`, 0 if one is empty."""
    n, m = len(one), len(other)
    if not n or not m:
        return 0.0
    u = rankdata(np.concatenate([one, other]))[:n].sum() - n * (n + 1) / 2
    return float((u - n * m / 2) / np.sqrt(n * m * (n + m + 1) / 12))


def nearest(queries: Points, references: Points, *, relative: bool = False) -> Nearest:
    """Find the nearest reference of each query, the first of several at the same distance.

    Args:
        queries, references: N × D and M × D, with M at least 1.
        relative: Whether to divide each distance by the mean of those to the NEIGHBOURS nearest, so that it is 0 for a
            copy and at most 1.
    """
    chunks = (queries[start : start + CHUNK] for start in range(0, len(queries), CHUNK))
    parts = [_nearest(part, references, relative) for part in chunks]
    return Nearest(
        np.concatenate([index for index, _ in parts] or [np.empty(0, np.int64)]),
        np.concatenate([distance for _, distance in parts] or [np.empty(0)]),
    )


def _nearest(queries: Points, references: Points, relative: bool) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    # |a − b|² = |a|² − 2ab + |b|²: one matrix product finds the nearest; its distance is then computed exactly.
    squares = np.einsum("nd,nd->n", references, references) - 2 * queries @ references.T
    index = squares.argmin(axis=1)
    distance = np.linalg.norm(queries.astype(np.float64) - references[index], axis=1)
    if relative:
        count = min(NEIGHBOURS, len(references))
        near = np.partition(squares, count - 1, axis=1)[:, :count] + np.einsum("nd,nd->n", queries, queries)[:, None]
        mean = np.sqrt(near.clip(min=0).astype(np.float64)).mean(axis=1)
        distance = np.divide(distance, mean, out=np.zeros_like(distance), where=mean > 0)
    return index, distance
