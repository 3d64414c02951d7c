"""Distances between the distributions of two versions, against their definitions."""

from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipelines.audit import shifts


def test_shares_are_compared_by_total_variation() -> None:
    before, after = pa.chunked_array([["a", "a", "b", "c"]]), pa.chunked_array([["a", "b", "d", "d"]])
    shift = shifts.shares("source", before, after)
    assert shift.before == {"a": 0.5, "b": 0.25, "c": 0.25, "d": 0}
    assert shift.after == {"a": 0.25, "b": 0.25, "c": 0, "d": 0.5}
    assert shift.distance == 0.5
    assert shift.notable


@given(st.lists(st.integers(0, 9), min_size=1), st.lists(st.integers(0, 9), min_size=1))
def test_measures_are_compared_as_kolmogorov_and_smirnov_do(before: list[int], after: list[int]) -> None:
    shift = shifts.measure("entropy", np.array([*before, np.nan]), np.array(after, float))
    assert shift.distance == pytest.approx(stats.ks_2samp(before, after, method="asymp").statistic)
    assert shift.after["50 %"] == np.median(after)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=2, max_size=12))
def test_spread_is_the_mean_distance_of_two_hashes(hashes: list[int]) -> None:
    shift = shifts.hash_space(np.array(hashes, np.uint64), np.array([0, 0, 1, 1], np.uint64))
    pairs = [(a ^ b).bit_count() for a, b in combinations(hashes, 2)]
    assert shift.before["spread"] == pytest.approx(np.mean(pairs), abs=1e-9)
    share = max(
        np.mean([(h >> bit & 1) for h in hashes]) if bit else abs(np.mean([h & 1 for h in hashes]) - 0.5)
        for bit in range(64)
    )
    assert shift.distance == pytest.approx(share)


def test_equal_versions_are_at_no_distance_and_empty_ones_are_named() -> None:
    hashes, values, names = np.arange(9, dtype=np.uint64), np.arange(9.0), pa.chunked_array([["a"]])
    for shift in (
        shifts.hash_space(hashes, hashes),
        shifts.measure("entropy", values, values),
        shifts.shares("source", names, names),
    ):
        assert shift.distance == 0
        assert not shift.notable
    assert shifts.hash_space(hashes, hashes[:0]).distance == 1
    assert shifts.measure("entropy", values[:0], values).distance == 1
    assert shifts.shares("source", names, names.slice(1)).before == {"a": 1.0}
