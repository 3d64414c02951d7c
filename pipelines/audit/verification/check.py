"""What one check found."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass
class Check:
    """`looked_at` things were held against what they should be; `failures` has a line for each that is not so."""

    name: str
    looked_at: int = 0
    failures: list[str] = field(default_factory=list)
    skipped: str = ""  # why it could not be made at all

    def fail(self, *lines: str) -> None:
        self.failures += lines

    def fail_all(self, what: str, things: Iterable[object]) -> None:
        """The same failure of several things."""
        self.failures += [f"{thing}: {what}" for thing in things]


def spread(count: int, sample: int | None) -> NDArray[np.int64]:
    """`sample` of `count` places, evenly spread; all of them where there are no more or `sample` is None."""
    if sample is None or sample >= count:
        return np.arange(count)
    return np.unique(np.linspace(0, count - 1, sample).round().astype(np.int64))
