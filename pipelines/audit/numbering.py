"""The semantic version of a dataset, by the rule of Croissant 1.1 (docs.mlcommons.org/croissant, "Version")."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from pipelines.versions.row_alignment import Digests, positions

CHUNK = 4096  # facades compared at a time: 50 MB at 64×64

Pixels = NDArray[np.uint8]
"""N × 3 × S × S."""


class Step(IntEnum):
    """Which part of the number changes."""

    PATCH = 0  # the same facades, with other metadata
    MINOR = 1  # facades were only added
    MAJOR = 2  # facades were removed, or their pixels changed


@dataclass(frozen=True, slots=True)
class Number:
    """A semantic version: 2.0.1."""

    major: int
    minor: int
    patch: int

    def after(self, step: Step) -> "Number":
        """Return the number of the next version."""
        if step is Step.MAJOR:
            return Number(self.major + 1, 0, 0)
        if step is Step.MINOR:
            return Number(self.major, self.minor + 1, 0)
        return Number(self.major, self.minor, self.patch + 1)

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


FIRST = Number(1, 0, 0)


def step(before: Digests, after: Digests, *, redrawn: bool) -> Step:
    """Return the step from one version to the next.

    Args:
        before, after: The sha256 of the facades of each, sorted.
        redrawn: Whether the pixels of a facade that is in both differ.
    """
    if redrawn or (positions(before, after) < 0).any():
        return Step.MAJOR
    return Step.MINOR if len(after) > len(before) else Step.PATCH


def redrawn(before: Digests, after: Digests, images_before: Pixels, images_after: Pixels) -> bool:
    """Return whether a facade that is in both versions differs in a pixel.

    Args:
        before, after: The sha256 of the facades of each, sorted.
        images_before, images_after: Their pixels, in the same order.
    """
    if images_before.shape[1:] != images_after.shape[1:]:
        return True
    rows = positions(before, after)
    shared = np.flatnonzero(rows >= 0)
    parts = (shared[start : start + CHUNK] for start in range(0, len(shared), CHUNK))
    return any(not np.array_equal(images_before[part], images_after[rows[part]]) for part in parts)
