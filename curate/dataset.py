"""Read a dataset: the folder that `curate.build` writes."""

import hashlib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from common.errors import UserError
from curate.schemas import Split

if TYPE_CHECKING:
    import pandas as pd

IMAGES_FILE = "images.npy"
SPLIT_FILE = "split.npy"
NAMES_FILE = "names.parquet"
MANIFEST_FILE = "manifest.parquet"

SPLIT_CODES = {Split.TRAIN: 0, Split.HOLDOUT: 1}
"""The values in split.npy."""


class Dataset:
    """A dataset for notebooks; everything is read at its first use."""

    def __init__(self, folder: Path) -> None:
        """Open the dataset in `folder`.

        Raises:
            UserError: there is no complete dataset.
        """
        self.folder = folder
        self.images: NDArray[np.uint8] = read_images(folder)
        """The facades, memory-mapped: N × 3 × S × S, uint8, sRGB, sorted by sha256."""

    @cached_property
    def split(self) -> NDArray[np.str_]:
        """For each image `train` or `holdout`: N strings."""
        names = np.array([str(split) for split in SPLIT_CODES])
        return np.asarray(names[read_split(self.folder)])

    @cached_property
    def manifest(self) -> "pd.DataFrame":
        """The decision on every image of every source, dropped ones too: `curate.schemas.MANIFEST_COLUMNS`."""
        import pandas as pd

        integers = {pa.int16(): pd.Int16Dtype(), pa.int32(): pd.Int32Dtype()}  # which have nulls
        frame: pd.DataFrame = read_manifest(self.folder).to_pandas(types_mapper=integers.get)
        return frame

    @cached_property
    def kept(self) -> "pd.DataFrame":
        """The rows of the manifest that belong to `images`, in the same order, with the index 0 to N − 1."""
        kept = self.manifest[self.manifest["row"].notna()]
        return kept.sort_values("row").reset_index(drop=True)


def read_images(dataset: Path) -> NDArray[np.uint8]:
    """Return the facades, memory-mapped: N × 3 × S × S, uint8, sRGB, sorted by sha256.

    Raises:
        UserError: there is no complete dataset at `dataset`.
    """
    images = _load(dataset / IMAGES_FILE)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] != 3 or images.shape[2] != images.shape[3]:
        found = f"{images.dtype} {images.shape}"
        raise UserError(f"{dataset / IMAGES_FILE}: found {found}, expected uint8 (N, 3, S, S)")
    return images


def read_split(dataset: Path) -> NDArray[np.uint8]:
    """Return, for each of the N images, 0 (train) or 1 (holdout), uint8.

    Raises:
        UserError: there is no complete dataset at `dataset`.
    """
    split = _load(dataset / SPLIT_FILE)
    if split.dtype != np.uint8 or split.ndim != 1:
        raise UserError(f"{dataset / SPLIT_FILE}: found {split.dtype} {split.shape}, expected uint8 (N,)")
    return np.asarray(split)


def read_names(dataset: Path) -> pa.Table:
    """Return the names by which the images may be labelled, in their order: `curate.schemas.NAMES_COLUMNS`.

    Raises:
        UserError: there is no complete dataset at `dataset`.
    """
    return _read_table(dataset / NAMES_FILE)


def read_manifest(dataset: Path) -> pa.Table:
    """Return the decision on every image of every source: `curate.schemas.MANIFEST`.

    Raises:
        UserError: there is no dataset at `dataset`.
    """
    return _read_table(dataset / MANIFEST_FILE)


def dataset_hash(dataset: Path) -> str:
    """Return the sha256, in hex, of images.npy and split.npy: of everything that training reads.

    Raises:
        UserError: there is no complete dataset at `dataset`.
    """
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
