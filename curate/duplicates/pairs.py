"""All similar pairs of a set of images: computed from nothing, or from a cache and the images that are new.

The key of the cache covers the images and the code that compares them, so cached and computed pairs are identical;
deleting the cache is always safe.
"""

import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias
from zipfile import BadZipFile

import numpy as np
import scipy
from numpy.typing import NDArray

from common.files import replacing
from curate.duplicates import alignment, clusters, fingerprints, hamming, hashes
from curate.duplicates.clusters import SimilarPairs, Verify, candidates
from curate.duplicates.fingerprints import Fingerprints
from curate.duplicates.hamming import Indices

FindPairs: TypeAlias = Callable[[Sequence[str], Fingerprints, int, Verify], SimilarPairs]
"""Called with the names of n images (unique), their fingerprints, a radius in bits and `verify`; see `find_pairs`."""


def find_pairs(names: Sequence[str], prints: Fingerprints, radius: int, verify: Verify) -> SimilarPairs:
    """Return every candidate pair (`curate.duplicates.clusters.candidates`) with its similarity."""
    i, j = candidates(prints, radius)
    return SimilarPairs(i, j, verify(i, j))


class PairCache:
    """Keeps the pairs of the last call in a folder, so that only new images are compared."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find_pairs(self, names: Sequence[str], prints: Fingerprints, radius: int, verify: Verify) -> SimilarPairs:
        """Return what the function `find_pairs` returns; needs names in the same order each time, such as sorted."""
        keys = _keys(names, prints)
        path = self._folder / f"{_code_version()}-{radius}-{prints.hashes.shape[1]}.npz"
        cached_keys, cached = _read(path)
        numbers = _positions(cached_keys, keys)
        new = np.ones(len(keys), bool)
        new[numbers[numbers >= 0]] = False
        i, j = numbers[cached.i], numbers[cached.j]
        kept = (i >= 0) & (j >= 0)
        i, j, similarity = i[kept], j[kept], cached.similarity[kept]
        if new.any():
            new_i, new_j = candidates(prints, radius, None if new.all() else new)
            i, j = np.concatenate([i, new_i]), np.concatenate([j, new_j])
            similarity = np.concatenate([similarity, verify(new_i, new_j)])
        order = np.lexsort((j, i))
        found = SimilarPairs(i[order], j[order], similarity[order])
        if new.any() or len(keys) < len(cached_keys):
            self._write(path, keys, found)
        return found

    def _write(self, path: Path, keys: NDArray[np.bytes_], found: SimilarPairs) -> None:
        with replacing(path) as draft, draft.open("wb") as file:
            np.savez(file, images=keys, i=found.i, j=found.j, similarity=found.similarity)
        for other in self._folder.glob("*.npz"):  # of older code, or of another radius
            if other != path:
                other.unlink()


def _read(path: Path) -> tuple[NDArray[np.bytes_], SimilarPairs]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return file["images"], SimilarPairs(file["i"], file["j"], file["similarity"])
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):  # no cache, or a damaged one: compute all pairs
        empty: Indices = np.empty(0, np.int64)
        return np.empty(0, "S32"), SimilarPairs(empty, empty, np.empty(0, np.float32))


def _keys(names: Sequence[str], prints: Fingerprints) -> NDArray[np.bytes_]:
    """Return a hash of each image's name and fingerprint: other bytes or other hashing code give another key."""
    keys = [
        hashlib.blake2b(name.encode() + codes.tobytes() + thumbnail.tobytes(), digest_size=16).hexdigest()
        for name, codes, thumbnail in zip(names, prints.hashes, prints.thumbnails, strict=True)
    ]
    return np.array(keys, "S32")


def _positions(wanted: NDArray[np.bytes_], among: NDArray[np.bytes_]) -> Indices:
    """Return the position of each wanted key among the others, −1 where it is missing."""
    if not len(among):
        return np.full(len(wanted), -1)
    order = np.argsort(among)
    nearest = order[np.minimum(np.searchsorted(among, wanted, sorter=order), len(among) - 1)]
    return np.where(among[nearest] == wanted, nearest, -1)


@lru_cache(maxsize=1)
def _code_version() -> str:
    """Return a hash of the code that finds and verifies pairs."""
    digest = hashlib.sha256(f"{np.__version__} {scipy.__version__}".encode())
    for module in (alignment, hamming, hashes, fingerprints, clusters):
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()[:16]
