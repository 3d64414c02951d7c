"""All pairs of 64-bit codes within a Hamming radius, exactly, in far less than quadratic time."""

from collections.abc import Iterator
from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint64]
Indices = NDArray[np.int64]
Distances = NDArray[np.uint8]

_BLOCK = 1 << 18  # pairs that are compared at a time: their temporaries stay in the cache
_WIDEST = 22  # bits of a band: a table of 4 million buckets


def pairs_within(
    codes: Codes, radius: int, owners: Indices | None = None, fresh: NDArray[np.bool_] | None = None
) -> tuple[Indices, Indices, Distances]:
    """Every pair i < j of places in `codes` (n, uint64) whose codes differ in at most `radius` bits, and in how many.

    Sorted by i, then j. Where `owners` (n) are given, two codes of one owner are no pair; where `fresh` (n) is, a pair
    has a fresh code in it, and the time goes with the number of those.

    Codes are cut into bands, each with a radius of its own, such that codes which are farther apart than that in every
    band are farther apart than `radius` in all (the pigeonhole principle with unequal shares: Norouzi, Punjani, Fleet:
    Fast exact search in Hamming space with multi-index hashing, PAMI 36, 2014). For each band the codes are sorted into
    buckets, and each bucket meets those within the band's radius.
    """
    found: list[tuple[Indices, Indices, Distances]] = []
    bands = _bands(len(codes), radius)
    for number, band in enumerate(bands):
        for i, j in _near(codes, band, radius, fresh):
            difference = codes[i] ^ codes[j]
            new = np.ones(len(i), bool) if owners is None else owners[i] != owners[j]
            for earlier in bands[:number]:  # which has told of it already
                new &= np.bitwise_count(difference & earlier.mask) > earlier.radius
            i, j, difference = i[new], j[new], difference[new]
            found.append((np.minimum(i, j), np.maximum(i, j), np.bitwise_count(difference)))
    if not found:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint8)
    i, j, distances = (np.concatenate(columns) for columns in zip(*found, strict=True))
    order = np.lexsort((j, i))
    return i[order], j[order], distances[order]


class _Band(NamedTuple):
    shift: int  # of its lowest bit
    width: int  # in bits
    radius: int

    @property
    def mask(self) -> np.uint64:
        return np.uint64(((1 << self.width) - 1) << self.shift)

    @property
    def ball(self) -> int:
        """How many values of the band lie within its radius of one."""
        return sum(comb(self.width, flips) for flips in range(self.radius + 1))


def _bands(count: int, radius: int) -> list[_Band]:
    """The cut that costs least for `count` evenly spread codes: many buckets to look into, or many codes in each."""

    def cost(bands: list[_Band]) -> float:
        return sum(band.ball * (64 + count + count**2 / (1 << band.width)) for band in bands)

    cuts = [_cut(parts, radius) for parts in range(-(-64 // _WIDEST), 17)]
    return min(cuts, key=cost)


def _cut(parts: int, radius: int) -> list[_Band]:
    """`parts` bands whose radii, each plus one, sum up to `radius` + 1; a band of radius −1 would find nothing."""
    edges = [round(64 * part / parts) for part in range(parts + 1)]
    radii = [(radius + 1 + part) // parts - 1 for part in range(parts)]
    bands = [_Band(low, high - low, own) for low, high, own in zip(edges[:-1], edges[1:], radii, strict=True)]
    return [band for band in bands if band.radius >= 0]


def _near(codes: Codes, band: _Band, radius: int, fresh: NDArray[np.bool_] | None) -> Iterator[tuple[Indices, Indices]]:
    """The pairs within `radius` among those that the band's buckets bring together, each once."""
    keys = ((codes & band.mask) >> np.uint64(band.shift)).astype(np.int64)
    order = np.argsort(keys, kind="stable")
    keys, codes = keys[order], codes[order]
    starts = np.concatenate([[0], np.cumsum(np.bincount(keys, minlength=1 << band.width))])
    places = np.arange(len(codes))
    known = np.zeros(len(codes), bool) if fresh is None else ~fresh[order]
    for flips in range(band.radius + 1):
        for bits in combinations(range(band.width), flips):
            flip = sum(1 << bit for bit in bits)
            if fresh is not None:
                first = places[~known]
                start, stop = starts[keys[first] ^ flip], starts[(keys[first] ^ flip) + 1]
            elif flip:
                # The other bucket has the higher key, so that each two buckets meet once.
                first = places[keys < keys ^ flip]
                start, stop = starts[keys[first] ^ flip], starts[(keys[first] ^ flip) + 1]
            else:
                first, start, stop = places, places + 1, starts[keys + 1]
            for i, j in _meetings(first, start, stop):
                near = np.bitwise_count(codes[i] ^ codes[j]) <= radius
                if fresh is not None:
                    near &= known[j] | (i < j)  # two fresh ones meet from both sides
                yield order[i[near]], order[j[near]]


def _meetings(first: Indices, start: Indices, stop: Indices) -> Iterator[tuple[Indices, Indices]]:
    """Each place of `first` with all from its `start` to its `stop`, about _BLOCK pairs at a time."""
    some = stop > start
    first, start, counts = first[some], start[some], (stop - start)[some]
    if not len(first):
        return
    total = np.cumsum(counts)
    cuts = np.searchsorted(total, np.arange(_BLOCK, total[-1], _BLOCK))
    for low, high in zip([0, *cuts], [*cuts, len(first)], strict=True):
        count = counts[low:high]
        before = np.cumsum(count) - count
        i = np.repeat(first[low:high], count)
        j = np.arange(len(i)) + np.repeat(start[low:high] - before, count)
        yield i, j
