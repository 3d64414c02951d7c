"""The semantic version of a dataset, by the rule of Croissant 1.1 (docs.mlcommons.org/croissant, "Version")."""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.versions.row_alignment import Digests, places

CHUNK = 4096  # facades compared at a time: 50 MB at 64×64

Pixels = NDArray[np.uint8]


class Step(IntEnum):
    PATCH = 0  # the same facades; something else is told of them
    MINOR = 1  # only added
    MAJOR = 2  # some removed, or with other pixels


class Number(NamedTuple):
    major: int
    minor: int
    patch: int

    def after(self, step: Step) -> "Number":
        """The number of a version that is `step` away from this one."""
        if step is Step.MAJOR:
            return Number(self.major + 1, 0, 0)
        if step is Step.MINOR:
            return Number(self.major, self.minor + 1, 0)
        return Number(self.major, self.minor, self.patch + 1)

    def __str__(self) -> str:
        return ".".join(str(part) for part in self)


FIRST = Number(1, 0, 0)


def step(before: Digests, after: Digests, *, redrawn: bool) -> Step:
    """What a version is to the one before, by their facades; `redrawn` where pixels of shared ones differ."""
    if redrawn or (places(before, after) < 0).any():
        return Step.MAJOR
    return Step.MINOR if len(after) > len(before) else Step.PATCH


def redrawn(before: Digests, after: Digests, images_before: Pixels, images_after: Pixels) -> bool:
    """Whether a facade that both versions have differs in a pixel."""
    if images_before.shape[1:] != images_after.shape[1:]:
        return True
    rows = places(before, after)
    shared = np.flatnonzero(rows >= 0)
    parts = (shared[start : start + CHUNK] for start in range(0, len(shared), CHUNK))
    return any(not np.array_equal(images_before[part], images_after[rows[part]]) for part in parts)
