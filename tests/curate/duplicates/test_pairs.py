"""The cache of similar pairs: the same pairs as computed from nothing, and only new images are compared."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from curate.crop import thumbnail
from curate.decode import Picture, decode
from curate.duplicates import fingerprints, pairs
from curate.duplicates.clusters import Similarities, SimilarPairs, verify
from curate.duplicates.fingerprints import Fingerprints
from curate.duplicates.hamming import Indices
from curate.duplicates.pairs import PairCache, find_pairs
from tests.curate.pictures import encoded, facade

pytestmark = pytest.mark.integration

RADIUS = 10


def prints_of(bodies: Sequence[bytes]) -> Fingerprints:
    pictures = [decode(body, 128) for body in bodies]
    return fingerprints.compute(
        np.stack([thumbnail(picture.rgb) for picture in pictures if isinstance(picture, Picture)])
    )


@pytest.fixture(scope="module")
def town() -> tuple[NDArray[np.str_], Fingerprints]:
    """Thirty buildings, each three times: as it is, compressed, reduced; in a fixed order that mixes them."""
    bodies = [encoded(facade(seed)) for seed in range(30)]
    bodies += [encoded(facade(seed), quality=40) for seed in range(30)]
    bodies += [encoded(facade(seed).resize((120, 150))) for seed in range(30)]
    order = np.random.default_rng(0).permutation(90)
    return np.array([f"{place:03}" for place in range(90)]), prints_of([bodies[place] for place in order])


class Counting:
    """Verifies pairs and counts them."""

    def __init__(self, prints: Fingerprints) -> None:
        self.prints = prints
        self.pairs: list[tuple[int, int]] = []

    def __call__(self, i: Indices, j: Indices) -> Similarities:
        self.pairs += zip(i.tolist(), j.tolist(), strict=True)
        return np.concatenate([np.empty(0, np.float32), *verify(self.prints, i, j)])


def some(town: tuple[NDArray[np.str_], Fingerprints], rows: NDArray[np.int64]) -> tuple[list[str], Fingerprints]:
    names, prints = town
    return names[rows].tolist(), Fingerprints(prints.hashes[rows], prints.thumbnails[rows])


def same(one: SimilarPairs, other: SimilarPairs) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in SimilarPairs._fields)


def test_cached_pairs_are_the_computed_ones_whatever_images_were_added_or_removed(
    town: tuple[NDArray[np.str_], Fingerprints], tmp_path: Path
) -> None:
    rng = np.random.default_rng(1)
    cache = PairCache(tmp_path)
    for count in (0, 40, 90, 55, 0, 80, 80):
        rows = np.sort(rng.choice(90, count, replace=False))
        names, prints = some(town, rows)
        assert same(
            cache.find_pairs(names, prints, RADIUS, Counting(prints)),
            find_pairs(names, prints, RADIUS, Counting(prints)),
        )
    found = find_pairs(*some(town, np.arange(90)), RADIUS, Counting(town[1]))
    assert len(found.i) >= 90  # each building three times


def test_only_new_images_are_compared(town: tuple[NDArray[np.str_], Fingerprints], tmp_path: Path) -> None:
    old, everything = some(town, np.arange(5, 90)), some(town, np.arange(90))
    PairCache(tmp_path).find_pairs(*old, RADIUS, Counting(old[1]))
    counting = Counting(everything[1])
    found = PairCache(tmp_path).find_pairs(*everything, RADIUS, counting)
    assert counting.pairs
    assert len(counting.pairs) < len(found.i)
    assert all(i < 5 for i, _ in counting.pairs)
    again = Counting(everything[1])
    assert same(PairCache(tmp_path).find_pairs(*everything, RADIUS, again), found)
    assert not again.pairs


def test_other_pictures_other_settings_and_other_code_are_compared_again(
    town: tuple[NDArray[np.str_], Fingerprints], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, prints = some(town, np.arange(90))
    cache = PairCache(tmp_path)

    def asked(prints: Fingerprints, radius: int = RADIUS) -> int:
        counting = Counting(prints)
        cache.find_pairs(names, prints, radius, counting)
        return len(counting.pairs)

    first = asked(prints)
    assert asked(prints) == 0
    changed = prints.thumbnails.copy()
    changed[7, 0, 0] ^= 1
    assert 0 < asked(Fingerprints(prints.hashes, changed)) < first
    assert asked(prints, RADIUS + 1) >= first
    assert asked(Fingerprints(prints.hashes[:, :-1], prints.thumbnails)) > 0
    asked(prints)
    monkeypatch.setattr(pairs, "_code_version", lambda: "other")
    assert asked(prints) == first
    assert len(list(tmp_path.iterdir())) == 1


def test_a_damaged_cache_is_computed_again(town: tuple[NDArray[np.str_], Fingerprints], tmp_path: Path) -> None:
    names, prints = some(town, np.arange(90))
    found = PairCache(tmp_path).find_pairs(names, prints, RADIUS, Counting(prints))
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    for broken in (b"", b"no archive", whole[: len(whole) // 2]):
        path.write_bytes(broken)
        assert same(PairCache(tmp_path).find_pairs(names, prints, RADIUS, Counting(prints)), found)
