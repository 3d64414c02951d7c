"""Which images look alike: found and verified afresh, or what was found before and what is new.

What is remembered hangs on the images and on the code that compares them alone, so the pairs are the same either way,
and the memory may be deleted at any time.
"""

import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
import scipy  # type: ignore[import-untyped]
from numpy.typing import NDArray

from common.files import replacing
from curate.duplicates import alignment, clusters, hamming, hashes
from curate.duplicates.clusters import Fingerprints, Similarities, candidates
from curate.duplicates.hamming import Indices

Check = Callable[[Indices, Indices], Similarities]


class SimilarPairs(NamedTuple):
    """Pairs of places i < j, sorted, and how alike the two are."""

    i: Indices
    j: Indices
    similarity: Similarities


Finder = Callable[[Sequence[str], Fingerprints, int, Check], SimilarPairs]
"""From the names of n images, all different, their prints, a radius and how to verify, to all candidate pairs."""


def afresh(names: Sequence[str], prints: Fingerprints, radius: int, check: Check) -> SimilarPairs:
    """Every candidate pair (`curate.duplicates.clusters.candidates`), verified by `check`."""
    i, j = candidates(prints, radius)
    return SimilarPairs(i, j, check(i, j))


class Memory:
    """Finds the same pairs, and compares new images alone; what it found it keeps in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, names: Sequence[str], prints: Fingerprints, radius: int, check: Check) -> SimilarPairs:
        """As `afresh`; names must be given in the same order each time, such as sorted."""
        own = _digests(names, prints)
        path = self._folder / f"{_code()}-{radius}-{prints.hashes.shape[1]}.npz"
        images, first, second, similarity = _read(path)
        places = _places(images, own)
        fresh = np.ones(len(own), bool)
        fresh[places[places >= 0]] = False
        i, j = places[first], places[second]
        here = (i >= 0) & (j >= 0)
        i, j, similarity = i[here], j[here], similarity[here]
        if fresh.any():
            one, other = candidates(prints, radius, None if fresh.all() else fresh)
            i, j = np.concatenate([i, one]), np.concatenate([j, other])
            similarity = np.concatenate([similarity, check(one, other)])
        by_place = np.lexsort((j, i))
        found = SimilarPairs(i[by_place], j[by_place], similarity[by_place])
        if fresh.any() or len(own) < len(images):
            self._write(path, own, found)
        return found

    def _write(self, path: Path, images: NDArray[np.bytes_], found: SimilarPairs) -> None:
        with replacing(path) as draft, draft.open("wb") as file:
            np.savez(file, images=images, i=found.i, j=found.j, similarity=found.similarity)
        for other in self._folder.glob("*.npz"):  # of older code, of another radius
            if other != path:
                other.unlink()


def _read(path: Path) -> tuple[NDArray[np.bytes_], Indices, Indices, Similarities]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return file["images"], file["i"], file["j"], file["similarity"]
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):  # none yet, or not ours: nothing is lost but time
        return np.empty(0, "S32"), np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32)


def _digests(names: Sequence[str], prints: Fingerprints) -> NDArray[np.bytes_]:
    """Of all that tells an image apart: other bytes, or other code that hashes and scales them, make another."""
    made = [
        hashlib.blake2b(name.encode() + codes.tobytes() + thumbnail.tobytes(), digest_size=16).hexdigest()
        for name, codes, thumbnail in zip(names, prints.hashes, prints.thumbnails, strict=True)
    ]
    return np.array(made, "S32")


def _places(wanted: NDArray[np.bytes_], among: NDArray[np.bytes_]) -> Indices:
    """For each that is wanted its place among the others, −1 where it is not there."""
    if not len(among):
        return np.full(len(wanted), -1)
    order = np.argsort(among)
    nearest = order[np.minimum(np.searchsorted(among, wanted, sorter=order), len(among) - 1)]
    return np.where(among[nearest] == wanted, nearest, -1)


@lru_cache(maxsize=1)
def _code() -> str:
    """Of what finds and verifies pairs."""
    digest = hashlib.sha256(f"{np.__version__} {scipy.__version__}".encode())
    for module in (alignment, hamming, hashes, clusters):
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()[:16]
