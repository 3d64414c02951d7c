"""How many images of one author, place or source are kept: section `curate.caps` of params.yaml."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from curate.schemas import Reason

Indices = NDArray[np.int64]

NO_GROUP = -1


class Caps(BaseModel):
    """Section `curate.caps`. Of each group the images with the smallest sha256 are kept.

    So the choice in a group depends on its own images only, and not on the order of sources or rows.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    author: int | None = Field(None, ge=1, description="images of one author; images without an author are not counted")
    place: int | None = Field(
        None, ge=1, description="images in one cell of the grid; images without coordinates are not counted"
    )
    source: int | None = Field(None, ge=1, description="images of one source")
    cell: float = Field(
        0.001, ge=1e-5, le=10, description="side of a cell in degrees; 0.001 is 111 m from south to north"
    )

    def of(self, name: str) -> int | None:
        """Return the largest number of images in a group of one kind, None if there is no limit."""
        limit: int | None = getattr(self, name)
        return limit


def groups_by(name: str, images: pa.Table, cell: float) -> Indices:
    """Return the number of each row's group, NO_GROUP if its author or its place is not known.

    Args:
        name: a key of `CAPS`.
        images: the columns of `crawler.archive.schemas.IMAGES` and `source`.
        cell: side of a cell of the grid in degrees.
    """
    if name == "place":
        degrees = [images[column].to_numpy().astype(np.float64) for column in ("latitude", "longitude")]
        known = ~np.isnan(degrees[0])
        cells = np.stack([np.floor(column[known] / cell).astype(np.int64) for column in degrees])
        groups = np.full(len(images), NO_GROUP, np.int64)
        groups[known] = np.unique(cells, axis=1, return_inverse=True)[1].ravel()
        return groups
    names = images[name].combine_chunks().dictionary_encode()
    codes = np.asarray(names.indices.to_numpy(), np.int64)
    empty = np.array([not text for text in names.dictionary.to_pylist()], bool)
    return np.where(empty[codes], NO_GROUP, codes) if len(empty) else codes


def positions(groups: Indices, rows: Indices) -> Indices:
    """Return the position of each of `rows` among those of its group, 1 for the first; 0 without a group.

    Args:
        groups: the group of every row.
        rows: row numbers in ascending order, which is the order of sha256.
    """
    own = groups[rows]
    order = np.argsort(own, kind="stable")
    _, starts, lengths = np.unique(own[order], return_index=True, return_counts=True)
    ranks = np.empty(len(rows), np.int64)
    ranks[order] = np.arange(len(rows)) - np.repeat(starts, lengths) + 1
    return np.where(own == NO_GROUP, 0, ranks)


CAPS = {"author": Reason.CAP_AUTHOR, "place": Reason.CAP_PLACE, "source": Reason.CAP_SOURCE}
"""Keys of `curate.caps` and their reasons, in the order in which they are applied."""
