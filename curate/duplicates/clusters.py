"""Near duplicates: candidate pairs by hash, verified by alignment, clustered around keepers."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from curate.duplicates.alignment import Guesses, similarity
from curate.duplicates.fingerprints import Fingerprints
from curate.duplicates.hamming import Indices, pairs_within
from curate.duplicates.hashes import FRAMES

Similarities: TypeAlias = NDArray[np.float32]

Verify: TypeAlias = Callable[[Indices, Indices], Similarities]
"""Called with two arrays of image numbers, i < j; returns the similarity of each pair."""

_PAIRS = 1024  # verified at a time
_GUESSES = 6  # maps a pair; with the nearest hash only, repeating windows mistake a whole picture for its middle


class SimilarPairs(NamedTuple):
    """Pairs of images i < j, sorted by i, then j, and the similarity of the two."""

    i: Indices
    j: Indices
    similarity: Similarities

    def where(self, chosen: NDArray[np.bool_]) -> "SimilarPairs":
        """Return the pairs that a mask chooses."""
        return SimilarPairs(self.i[chosen], self.j[chosen], self.similarity[chosen])


class Clusters(NamedTuple):
    """For each of n images the number of its keeper and the similarity to it; a keeper has its own number and 1."""

    keeper: Indices
    similarity: Similarities


def candidates(
    fingerprints: Fingerprints, radius: int, new: NDArray[np.bool_] | None = None
) -> tuple[Indices, Indices]:
    """Return every pair i < j of images with a hash of one within `radius` bits of a hash of the other, sorted.

    Args:
        new: a mask of n; if given, only pairs with at least one image in it are returned.
    """
    count, hashes_each = fingerprints.hashes.shape
    owners = np.repeat(np.arange(count), hashes_each)
    is_new = None if new is None else np.repeat(new, hashes_each)
    one, other, _ = pairs_within(fingerprints.hashes.ravel(), radius, owners, is_new)
    pairs = np.unique(owners[one] * count + owners[other])
    return pairs // count, pairs % count


def verify(fingerprints: Fingerprints, i: Indices, j: Indices) -> Iterator[Similarities]:
    """Yield the similarity of the images `i` and `j` (`curate.duplicates.alignment.similarity`), _PAIRS at a time.

    The alignment starts from the maps that the nearest hashes of the two suggest.
    """
    for low in range(0, len(i), _PAIRS):
        first, second = i[low : low + _PAIRS], j[low : low + _PAIRS]
        guesses = _guesses(fingerprints.hashes[first], fingerprints.hashes[second])
        yield similarity(fingerprints.thumbnails[first], fingerprints.thumbnails[second], guesses).astype(np.float32)


def cluster(pairs: SimilarPairs, ranks: Indices, threshold: float, check: Verify) -> Clusters:
    """Cluster n images, transitively over the pairs whose similarity is at least `threshold`.

    The keeper of a cluster is its image of the lowest rank. A member that is connected to its keeper only through other
    members is verified against the keeper; members that fail leave and form clusters among themselves. So a chain of
    small changes never puts two different pictures into one cluster. The order of the images has no influence.

    Args:
        pairs: the verified pairs.
        ranks: n different numbers: the order of preference for keepers.
        check: verifies pairs that are not in `pairs`.
    """
    count = len(ranks)
    known, similarities = pairs.i * count + pairs.j, pairs.similarity
    i, j, _ = pairs.where(pairs.similarity >= threshold)
    result = Clusters(np.arange(count), np.ones(count, np.float32))
    while len(i):
        edges = coo_array((np.ones(len(i), bool), (i, j)), shape=(count, count))
        _, labels = connected_components(edges, directed=False)
        connected = np.unique(np.concatenate([i, j]))
        keepers = _lowest(labels, ranks, connected)
        members = connected[keepers != connected]
        keepers = keepers[keepers != connected]
        low, high = np.minimum(members, keepers), np.maximum(members, keepers)
        keys = low * count + high
        unknown = ~np.isin(keys, known)
        known = np.concatenate([known, keys[unknown]])
        similarities = np.concatenate([similarities, check(low[unknown], high[unknown])])
        order = np.argsort(known)
        known, similarities = known[order], similarities[order]
        to_keeper = similarities[np.searchsorted(known, keys)]
        stays = to_keeper >= threshold
        result.keeper[members[stays]] = keepers[stays]
        result.similarity[members[stays]] = to_keeper[stays]
        leaves = np.zeros(count, bool)
        leaves[members[~stays]] = True
        both = leaves[i] & leaves[j]
        i, j = i[both], j[both]
    return result


def _lowest(labels: NDArray[np.int32], ranks: Indices, images: Indices) -> Indices:
    """Return, for each of `images`, the image of lowest rank with the same label."""
    best = np.full(labels.max() + 1, -1)
    # Written from the highest rank to the lowest: the last one stays.
    by_rank = images[np.argsort(-ranks[images])]
    best[labels[by_rank]] = by_rank
    return best[labels[images]]


def _guesses(first: NDArray[np.uint64], second: NDArray[np.uint64]) -> Guesses:
    """Return, for each pair of images, the maps between the parts whose hashes are nearest: n × _GUESSES × 2 × 3."""
    parts = first.shape[1]
    distances = np.bitwise_count(first[:, :, None] ^ second[:, None, :])
    nearest = distances.reshape(len(first), parts * parts).argsort(axis=1, kind="stable")[:, :_GUESSES]
    return np.asarray(_PART_MAPS[nearest // parts, nearest % parts])


def _part_maps() -> NDArray[np.float64]:
    """Return the maps from each part of an image to each part of another, in the order of hashes: 10 × 10 × 2 × 3."""
    whole_mirrored = np.array([0.0, 1.0, 1.0, 0.0])  # right before left
    parts = np.concatenate([FRAMES, whole_mirrored[None]])
    origins, sizes = parts[:, (2, 0)], parts[:, (3, 1)] - parts[:, (2, 0)]
    maps = np.zeros((len(parts), len(parts), 2, 3))
    scale = sizes[None] / sizes[:, None]
    maps[..., 0, 0], maps[..., 1, 1] = scale[..., 0], scale[..., 1]
    maps[..., 2] = origins[None] - scale * origins[:, None]
    return maps


_PART_MAPS = _part_maps()
