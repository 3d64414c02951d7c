"""The Hamming join finds exactly the pairs of brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from curate.duplicates.hamming import pairs_within


def brute_force(codes: NDArray[np.uint64], radius: int) -> list[tuple[int, int, int]]:
    distances = np.bitwise_count(codes[:, None] ^ codes[None])
    i, j = np.nonzero(np.triu(distances <= radius, 1))
    return list(zip(i.tolist(), j.tolist(), distances[i, j].tolist(), strict=True))


def joined(codes: NDArray[np.uint64], radius: int) -> list[tuple[int, int, int]]:
    return list(zip(*(column.tolist() for column in pairs_within(codes, radius)), strict=True))


def clustered(count: int, seed: int) -> NDArray[np.uint64]:
    """Codes of which most lie up to 16 bits from another."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 2**64, count, dtype=np.uint64)
    for place in range(count // 3 + 1, count):
        flips = rng.choice(64, rng.integers(0, 17), replace=False)
        codes[place] = codes[rng.integers(place)] ^ np.bitwise_or.reduce(np.uint64(1) << flips.astype(np.uint64))
    return codes


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 300), st.integers(0, 12), st.integers(0, 2**32))
def test_the_pairs_are_those_of_brute_force(count: int, radius: int, seed: int) -> None:
    codes = clustered(count, seed) if count else np.empty(0, np.uint64)
    assert joined(codes, radius) == brute_force(codes, radius)


@pytest.mark.parametrize("radius", [0, 3, 7, 8, 12])
def test_every_cut_into_bands_is_exact(radius: int) -> None:
    codes = clustered(4000, radius)
    assert joined(codes, radius) == brute_force(codes, radius)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 300), st.integers(0, 12), st.integers(0, 2**32), st.floats(0, 1))
def test_with_new_codes_only_the_pairs_with_one_are_found(count: int, radius: int, seed: int, share: float) -> None:
    codes = clustered(count, seed)
    new = np.random.default_rng(seed).random(count) < share
    found = list(zip(*(column.tolist() for column in pairs_within(codes, radius, new=new)), strict=True))
    assert found == [pair for pair in brute_force(codes, radius) if new[pair[0]] or new[pair[1]]]


@pytest.mark.integration
def test_finds_planted_pairs_among_many() -> None:
    rng = np.random.default_rng(5)
    codes = rng.integers(0, 2**64, 300_000, dtype=np.uint64)
    flips = np.array([rng.choice(64, 8, replace=False) for _ in range(1000)]).astype(np.uint64)
    codes[-1000:] = codes[:1000] ^ np.bitwise_or.reduce(np.uint64(1) << flips, axis=1)
    i, j, distance = pairs_within(codes, 8)
    found = set(zip(i.tolist(), j.tolist(), strict=True))
    assert {(place, 299_000 + place) for place in range(1000)} <= found
    assert distance.max() == 8


def test_equal_codes_are_pairs() -> None:
    assert len(joined(np.zeros(50, np.uint64), 4)) == 50 * 49 // 2


def test_codes_of_one_owner_are_not_paired() -> None:
    codes = clustered(600, 1)
    owners = np.arange(600) // 4
    expected = [pair for pair in brute_force(codes, 8) if pair[0] // 4 != pair[1] // 4]
    i, j, _ = pairs_within(codes, 8, owners)
    assert list(zip(i.tolist(), j.tolist(), strict=True)) == [pair[:2] for pair in expected]
