"""The dataset as other rooms read it: the folder that `curate.build` writes."""

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from common.errors import UserError
from curate.schemas import Split

IMAGES_FILE = "images.npy"
SPLIT_FILE = "split.npy"
NAMES_FILE = "names.parquet"
MANIFEST_FILE = "manifest.parquet"

SPLIT_CODES = {Split.TRAIN: 0, Split.HOLDOUT: 1}
"""What split.npy holds."""


def read_images(dataset: Path) -> NDArray[np.uint8]:
    """The facades, memory-mapped: N × 3 × S × S, uint8, sRGB, in the order of their sha256.

    Raises:
        UserError: there is no whole dataset at `dataset`.
    """
    images = _load(dataset / IMAGES_FILE)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] != 3 or images.shape[2] != images.shape[3]:
        found = f"{images.dtype} {images.shape}"
        raise UserError(f"{dataset / IMAGES_FILE}: found {found}, expected uint8 (N, 3, S, S)")
    return images


def read_split(dataset: Path) -> NDArray[np.uint8]:
    """For each row of the images 0 (train) or 1 (holdout): N, uint8.

    Raises:
        UserError: there is no whole dataset at `dataset`.
    """
    split = _load(dataset / SPLIT_FILE)
    if split.dtype != np.uint8 or split.ndim != 1:
        raise UserError(f"{dataset / SPLIT_FILE}: found {split.dtype} {split.shape}, expected uint8 (N,)")
    return np.asarray(split)


def read_names(dataset: Path) -> pa.Table:
    """What each row of the images may be labelled by: `source`, string, and `tags`, list of string.

    Raises:
        UserError: there is no whole dataset at `dataset`.
    """
    return _read_table(dataset / NAMES_FILE)


def read_manifest(dataset: Path) -> pa.Table:
    """The decision on every image of every source: `curate.schemas.MANIFEST`.

    Raises:
        UserError: there is no dataset at `dataset`.
    """
    return _read_table(dataset / MANIFEST_FILE)


def dataset_hash(dataset: Path) -> str:
    """sha256, in hex, of images.npy and split.npy: of all that training sees."""
    digest = hashlib.sha256()
    for name in (IMAGES_FILE, SPLIT_FILE):
        try:
            with (dataset / name).open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise _missing(dataset / name, error) from None
    return digest.hexdigest()


def _read_table(path: Path) -> pa.Table:
    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise _missing(path, error) from None


def _load(path: Path) -> NDArray[np.uint8]:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)  # type: ignore[no-any-return]
    except (OSError, ValueError) as error:
        raise _missing(path, error) from None


def _missing(path: Path, error: Exception) -> UserError:
    found = "no such file" if isinstance(error, FileNotFoundError) else str(error).splitlines()[0]
    return UserError(f"{path}: {found}; expected a dataset, as `facades curate` writes it")
