"""Near duplicates: candidates by hash, verified on thumbnails, gathered around keepers."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array  # type: ignore[import-untyped]
from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped]

from curate.duplicates.alignment import Starts, Thumbnails, similarity
from curate.duplicates.hamming import Indices, pairs_within
from curate.duplicates.hashes import FRAMES

Similarities = NDArray[np.float32]

_PAIRS = 1024  # verified at a time
_STARTS = 6  # for a pair: the nearest hash alone takes a whole for its middle where windows repeat


class Fingerprints(NamedTuple):
    """What tells n images apart, in the order of their sha256."""

    hashes: NDArray[np.uint64]  # n × (1 + PROBES): the pHash, then the probes; without the last, no mirrored copies
    thumbnails: Thumbnails  # n × 64 × 64


class Clusters(NamedTuple):
    """For each image the place of its keeper (its own where it is one), and how alike they are (1 to itself)."""

    keeper: Indices
    similarity: Similarities


def candidates(prints: Fingerprints, radius: int, fresh: NDArray[np.bool_] | None = None) -> tuple[Indices, Indices]:
    """Every pair i < j of images with a hash of one within `radius` of a hash of the other, sorted.

    Where `fresh` (n) is given, those with a fresh image in them.
    """
    count, parts = prints.hashes.shape
    owners = np.repeat(np.arange(count), parts)
    one, other, _ = pairs_within(
        prints.hashes.ravel(), radius, owners, None if fresh is None else np.repeat(fresh, parts)
    )
    pairs = np.unique(owners[one] * count + owners[other])
    return pairs // count, pairs % count


def verify(prints: Fingerprints, i: Indices, j: Indices) -> Iterator[Similarities]:
    """How alike the images at `i` and `j` are, _PAIRS values at a time, the last time fewer.

    `curate.duplicates.alignment.similarity`, from the starts that their hashes suggest.
    """
    for low in range(0, len(i), _PAIRS):
        one, other = i[low : low + _PAIRS], j[low : low + _PAIRS]
        starts = _starts(prints.hashes[one], prints.hashes[other])
        yield similarity(prints.thumbnails[one], prints.thumbnails[other], starts).astype(np.float32)


def gather(
    count: int,
    pairs: tuple[Indices, Indices],
    similarities: Similarities,
    ranks: Indices,
    least: float,
    check: Callable[[Indices, Indices], Similarities],
) -> Clusters:
    """Clusters of `count` images, transitive over the `pairs` (i < j, sorted) that are at least `least` alike.

    The keeper of a cluster is its image of the lowest rank. A member that came by way of others is held against the
    keeper by `check`; those that fail leave and are gathered again among themselves, so that no chain of small changes
    ends in two different pictures. The order of images does not matter, their `ranks` (all different) alone.
    """
    known, values = pairs[0] * count + pairs[1], similarities
    i, j = (side[similarities >= least] for side in pairs)
    result = Clusters(np.arange(count), np.ones(count, np.float32))
    while len(i):
        edges = coo_array((np.ones(len(i), bool), (i, j)), shape=(count, count))
        _, labels = connected_components(edges, directed=False)
        open_images = np.unique(np.concatenate([i, j]))
        keepers = _lowest(labels, ranks, open_images)
        members = open_images[keepers != open_images]
        keepers = keepers[keepers != open_images]
        low, high = np.minimum(members, keepers), np.maximum(members, keepers)
        keys = low * count + high
        unknown = ~np.isin(keys, known)
        known = np.concatenate([known, keys[unknown]])
        values = np.concatenate([values, check(low[unknown], high[unknown])])
        order = np.argsort(known)
        known, values = known[order], values[order]
        alike = values[np.searchsorted(known, keys)]
        stays = alike >= least
        result.keeper[members[stays]] = keepers[stays]
        result.similarity[members[stays]] = alike[stays]
        left = np.zeros(count, bool)
        left[members[~stays]] = True
        both = left[i] & left[j]
        i, j = i[both], j[both]
    return result


def _lowest(labels: NDArray[np.int32], ranks: Indices, images: Indices) -> Indices:
    """For each of `images` the one of lowest rank among those with its label."""
    best = np.full(labels.max() + 1, -1)
    # Written from the highest rank to the lowest: the last one stays.
    by_rank = images[np.argsort(-ranks[images])]
    best[labels[by_rank]] = by_rank
    return best[labels[images]]


def _starts(hashes: NDArray[np.uint64], others: NDArray[np.uint64]) -> Starts:
    """For each pair the maps that take a part of one image to a part of the other, of those with the nearest hashes."""
    parts = hashes.shape[1]
    distances = np.bitwise_count(hashes[:, :, None] ^ others[:, None, :])
    nearest = distances.reshape(len(hashes), parts * parts).argsort(axis=1, kind="stable")[:, :_STARTS]
    return np.asarray(_PART_MAPS[nearest // parts, nearest % parts])


def _part_maps() -> NDArray[np.float64]:
    """The maps from each part of one image to each of another, in the order of their hashes: 10 × 10 × 2 × 3."""
    whole_mirrored = np.array([0.0, 1.0, 1.0, 0.0])  # right before left
    parts = np.concatenate([FRAMES, whole_mirrored[None]])
    origins, sizes = parts[:, (2, 0)], parts[:, (3, 1)] - parts[:, (2, 0)]
    maps = np.zeros((len(parts), len(parts), 2, 3))
    scale = sizes[None] / sizes[:, None]
    maps[..., 0, 0], maps[..., 1, 1] = scale[..., 0], scale[..., 1]
    maps[..., 2] = origins[None] - scale * origins[:, None]
    return maps


_PART_MAPS = _part_maps()
