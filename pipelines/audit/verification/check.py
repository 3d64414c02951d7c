"""The result of one check."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass
class Check:
    """The result of one check: how many things were compared, and a line for each that does not match."""

    name: str
    looked_at: int = 0
    failures: list[str] = field(default_factory=list)
    skipped: str = ""  # why the check could not be made

    def fail(self, *lines: str) -> None:
        """Add failures."""
        self.failures += lines

    def fail_all(self, what: str, things: Iterable[object]) -> None:
        """Add the same failure for several things."""
        self.failures += [f"{thing}: {what}" for thing in things]


def spread(count: int, sample: int | None) -> NDArray[np.int64]:
    """Return `sample` indices below `count`, evenly spread; all if there are no more or `sample` is None."""
    if sample is None or sample >= count:
        return np.arange(count)
    return np.unique(np.linspace(0, count - 1, sample).round().astype(np.int64))
