"""Find all pairs of 64-bit codes within a Hamming radius: exactly, in much less than quadratic time."""

from collections.abc import Iterator
from itertools import combinations
from math import comb
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Codes: TypeAlias = NDArray[np.uint64]
Indices: TypeAlias = NDArray[np.int64]
Distances: TypeAlias = NDArray[np.uint8]

_BATCH = 1 << 18  # pairs compared at a time: their temporaries stay in the cache
_MAX_WIDTH = 22  # bits of a band: a table of 4 million buckets


def pairs_within(
    codes: Codes, radius: int, owners: Indices | None = None, new: NDArray[np.bool_] | None = None
) -> tuple[Indices, Indices, Distances]:
    """Return every pair i < j of codes that differ in at most `radius` bits, sorted by i, then j, and their distance.

    Multi-index hashing (Norouzi, Punjani, Fleet: Fast exact search in Hamming space with multi-index hashing, PAMI 36,
    2014): codes are cut into bands of bits, each with its own radius, such that two codes within `radius` are within
    the radius of at least one band (pigeonhole principle). For each band the codes are sorted into buckets by its bits,
    and each bucket is compared with the buckets within the band's radius.

    Args:
        codes: n, uint64.
        radius: in bits, 0 to 64.
        owners: n integers; if given, two codes of one owner are not a pair.
        new: a mask of n; if given, only pairs with at least one such code are returned. The running time then depends
            on the number of new codes.
    """
    found: list[tuple[Indices, Indices, Distances]] = []
    bands = _bands(len(codes), radius)
    for number, band in enumerate(bands):
        for i, j in _near(codes, band, radius, new):
            difference = codes[i] ^ codes[j]
            chosen = np.ones(len(i), bool) if owners is None else owners[i] != owners[j]
            for earlier in bands[:number]:  # has found the pair already if its bits are within its radius
                chosen &= np.bitwise_count(difference & earlier.mask) > earlier.radius
            i, j, difference = i[chosen], j[chosen], difference[chosen]
            found.append((np.minimum(i, j), np.maximum(i, j), np.bitwise_count(difference)))
    if not found:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint8)
    i, j, distances = (np.concatenate(columns) for columns in zip(*found, strict=True))
    order = np.lexsort((j, i))
    return i[order], j[order], distances[order]


class _Band(NamedTuple):
    """Some neighbouring bits of a code."""

    shift: int  # of its lowest bit
    width: int  # in bits
    radius: int

    @property
    def mask(self) -> np.uint64:
        return np.uint64(((1 << self.width) - 1) << self.shift)

    @property
    def ball(self) -> int:
        """The number of values of the band that are within its radius of one value."""
        return sum(comb(self.width, flips) for flips in range(self.radius + 1))


def _bands(count: int, radius: int) -> list[_Band]:
    """Return the bands that cost least for `count` evenly spread codes: few wide ones have many buckets to visit."""

    def cost(bands: list[_Band]) -> float:
        return sum(band.ball * (64 + count + count**2 / (1 << band.width)) for band in bands)

    cuts = [_cut(parts, radius) for parts in range(-(-64 // _MAX_WIDTH), 17)]
    return min(cuts, key=cost)


def _cut(parts: int, radius: int) -> list[_Band]:
    """Return `parts` bands whose radii, each plus one, sum to `radius` + 1; a band of radius −1 finds nothing."""
    edges = [round(64 * part / parts) for part in range(parts + 1)]
    radii = [(radius + 1 + part) // parts - 1 for part in range(parts)]
    bands = [_Band(low, high - low, within) for low, high, within in zip(edges[:-1], edges[1:], radii, strict=True)]
    return [band for band in bands if band.radius >= 0]


def _near(codes: Codes, band: _Band, radius: int, new: NDArray[np.bool_] | None) -> Iterator[tuple[Indices, Indices]]:
    """Yield the pairs within `radius` whose buckets are within the band's radius, each pair once."""
    keys = ((codes & band.mask) >> np.uint64(band.shift)).astype(np.int64)
    order = np.argsort(keys, kind="stable")
    keys, codes = keys[order], codes[order]
    starts = np.concatenate([[0], np.cumsum(np.bincount(keys, minlength=1 << band.width))])
    indices = np.arange(len(codes))
    known = np.zeros(len(codes), bool) if new is None else ~new[order]
    for flips in range(band.radius + 1):
        for bits in combinations(range(band.width), flips):
            flip = sum(1 << bit for bit in bits)
            if new is not None:
                first = indices[~known]
                start, stop = starts[keys[first] ^ flip], starts[(keys[first] ^ flip) + 1]
            elif flip:
                # The other bucket has the higher key, so two buckets are compared once.
                first = indices[keys < keys ^ flip]
                start, stop = starts[keys[first] ^ flip], starts[(keys[first] ^ flip) + 1]
            else:
                first, start, stop = indices, indices + 1, starts[keys + 1]
            for i, j in _products(first, start, stop):
                near = np.bitwise_count(codes[i] ^ codes[j]) <= radius
                if new is not None:
                    near &= known[j] | (i < j)  # two new codes are compared from both sides
                yield order[i[near]], order[j[near]]


def _products(first: Indices, start: Indices, stop: Indices) -> Iterator[tuple[Indices, Indices]]:
    """Yield each index of `first` with all indices from its `start` to its `stop`, about _BATCH pairs at a time."""
    some = stop > start
    first, start, counts = first[some], start[some], (stop - start)[some]
    if not len(first):
        return
    total = np.cumsum(counts)
    cuts = np.searchsorted(total, np.arange(_BATCH, total[-1], _BATCH))
    for low, high in zip([0, *cuts], [*cuts, len(first)], strict=True):
        count = counts[low:high]
        before = np.cumsum(count) - count
        i = np.repeat(first[low:high], count)
        j = np.arange(len(i)) + np.repeat(start[low:high] - before, count)
        yield i, j
