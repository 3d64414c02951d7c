"""The fingerprints of images: their perceptual hashes and thumbnails, as the prepared tables contain them."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curate.duplicates.alignment import Thumbnails
from curate.duplicates.hashes import hashes
from curate.schemas import PROBES, THUMBNAIL_SIDE, fixed_size_bytes


class Fingerprints(NamedTuple):
    """What near duplicates are found by, for n images."""

    hashes: NDArray[np.uint64]  # n × (1 + PROBES): the pHash, then the probes; n × PROBES without the mirror image's
    thumbnails: Thumbnails  # n × 64 × 64


def compute(thumbnails: Thumbnails) -> Fingerprints:
    """Hash grey thumbnails (n × 64 × 64, uint8)."""
    return Fingerprints(np.column_stack(hashes(thumbnails)), thumbnails)


def read_hashes(prepared: pa.Table) -> NDArray[np.uint64]:
    """Return the pHash and the probes of each row of a prepared table: n × (1 + PROBES).

    Args:
        prepared: the columns `phash` and `probes`, without nulls.
    """
    probes = prepared["probes"].combine_chunks().flatten().to_numpy().reshape(-1, PROBES)
    return np.column_stack([prepared["phash"].to_numpy(), probes])


def read(prepared: pa.Table, *, mirrored: bool = True) -> Fingerprints:
    """Return the fingerprints in a prepared table.

    Args:
        prepared: the columns `phash`, `probes` and `thumbnail`, without nulls.
        mirrored: keep the hash of the mirror image, so that mirrored copies are found.
    """
    thumbnails = fixed_size_bytes(prepared["thumbnail"]).reshape(-1, THUMBNAIL_SIDE, THUMBNAIL_SIDE)
    codes = read_hashes(prepared)
    return Fingerprints(codes if mirrored else codes[:, :-1], thumbnails)
