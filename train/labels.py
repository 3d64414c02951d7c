"""The labels of images in a conditional model, from their sources and tags."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from common.errors import UserError

NONE = 0  # the number of images that match no label
SHOWN = 8  # names in an error message


def number(names: pa.Table, labels: Sequence[str]) -> NDArray[np.int64]:
    """Number the images by their labels.

    Args:
        names: the table of `curate.dataset.read_names`, one row per image.
        labels: those of a recipe.

    Returns:
        int64, N: the position, from 1, of the first label that is the image's source or one of its tags, or NONE.

    Raises:
        UserError: no image matches a label.
    """
    names_of_images = [{row["source"], *row["tags"]} for row in names.to_pylist()]
    known = Counter(name for names_of_image in names_of_images for name in names_of_image)
    for label in labels:
        if label not in known:
            common = ", ".join(name for name, _ in sorted(known.items(), key=lambda one: (-one[1], one[0]))[:SHOWN])
            raise UserError(f"labels: found no image of a source or with a tag {label!r}; expected such as {common}")
    return np.array([_first_match(names_of_image, labels) for names_of_image in names_of_images], np.int64)


def _first_match(names: set[str], labels: Sequence[str]) -> int:
    return next((number for number, label in enumerate(labels, 1) if label in names), NONE)
