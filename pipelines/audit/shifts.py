"""Differences between the distributions of the facades of two versions."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

NOTABLE = 0.1
"""Distance from which a shift is reported. A convention: versions are not samples, so there is no significance test."""

SAMPLE = 20_000
"""Facades whose measures and hashes are compared: those with the smallest sha256, a fair and reproducible sample."""


MEDIAN = "50 %"


@dataclass(frozen=True)
class Shift:
    """One property of the facades in two versions."""

    name: str
    distance: float  # 0 (equal) to 1 (nothing in common)
    before: Mapping[str, float]  # shares by value, or quantiles
    after: Mapping[str, float]

    @property
    def notable(self) -> bool:
        """Whether the shift is large enough to be reported."""
        return self.distance >= NOTABLE


def shares(name: str, before: pa.ChunkedArray, after: pa.ChunkedArray) -> Shift:
    """Compare the frequencies of values. The distance is the total variation, ½ Σ |p − q|."""
    old, new = _shares(before), _shares(after)
    values = sorted(old.keys() | new.keys())
    distance = 0.5 * sum(abs(old.get(value, 0.0) - new.get(value, 0.0)) for value in values)
    return Shift(
        name,
        distance,
        {value: old.get(value, 0.0) for value in values},
        {value: new.get(value, 0.0) for value in values},
    )


def measure(name: str, before: NDArray[np.float64], after: NDArray[np.float64]) -> Shift:
    """Compare the distributions of a measure, without NaN. The distance is Kolmogorov–Smirnov's, max |F − G|."""
    old, new = (np.sort(values[~np.isnan(values)]) for values in (before, after))
    if not len(old) or not len(new):
        return Shift(name, float(bool(len(old)) != bool(len(new))), _quantiles(old), _quantiles(new))
    at = np.concatenate([old, new])
    gaps = np.searchsorted(old, at, "right") / len(old) - np.searchsorted(new, at, "right") / len(new)
    return Shift(name, float(np.abs(gaps).max()), _quantiles(old), _quantiles(new))


def hash_space(before: NDArray[np.uint64], after: NDArray[np.uint64]) -> Shift:
    """Compare pHashes. The distance is the largest change of the fraction of facades in which one bit is set.

    `spread` is the mean Hamming distance of two facades, about 32 for unrelated ones. It follows from the fraction p of
    each bit: two facades differ in it with probability 2p(1 − p).
    """
    old, new = _bits(before), _bits(after)
    distance = float(np.abs(old - new).max()) if len(before) and len(after) else float(len(before) != len(after))
    return Shift("phash", distance, _spread(old, len(before)), _spread(new, len(after)))


def _shares(values: pa.ChunkedArray) -> dict[str, float]:
    counted = pc.value_counts(values).to_pylist()
    return {str(one["values"]): one["counts"] / len(values) for one in counted}


def _quantiles(values: NDArray[np.float64]) -> dict[str, float]:
    if not len(values):
        return {}
    return {
        f"{percent} %": float(value)
        for percent, value in zip((5, 50, 95), np.percentile(values, (5, 50, 95)), strict=True)
    }


def _bits(hashes: NDArray[np.uint64]) -> NDArray[np.float64]:
    """The fraction of `hashes` in which each of the 64 bits is set."""
    if not len(hashes):
        return np.zeros(64)
    shares: NDArray[np.float64] = np.unpackbits(hashes.view(np.uint8).reshape(-1, 8), axis=1).mean(axis=0)
    return shares


def _spread(bits: NDArray[np.float64], count: int) -> dict[str, float]:
    return {"spread": float((2 * bits * (1 - bits)).sum() * count / (count - 1))} if count > 1 else {}
