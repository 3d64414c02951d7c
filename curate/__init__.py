"""Curation: from archived images to one dataset, with a decision and a reason for every image.

From a notebook::

    import curate

    dataset = curate.open_dataset("data/dataset")
    train = dataset.images[dataset.split == "train"]  # uint8, N×3×64×64
    dataset.manifest["reason"].value_counts()  # why images were dropped
    dataset.kept.loc[7, "attribution"]  # whom to credit for dataset.images[7]
"""

from os import PathLike
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from curate.dataset import Dataset

__all__ = ["open_dataset"]


def open_dataset(path: str | PathLike[str]) -> "Dataset":
    """Open a dataset, with its images as a numpy array and its manifest as a pandas DataFrame.

    Import numpy and pyarrow only when called, and pandas when a DataFrame is read.

    Args:
        path: the folder that stage `curate` wrote, such as `data/dataset`.

    Returns:
        An object with `images`, `split`, `manifest` and `kept`; see `curate.dataset.Dataset`.

    Raises:
        UserError: there is no complete dataset at `path`.
    """
    from pathlib import Path

    from curate import dataset

    return dataset.Dataset(Path(path))
