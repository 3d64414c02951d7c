"""Which label an image has in a conditional model: a number, from its source and its tags."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from common.errors import UserError

NONE = 0  # the label of images that none of the names fits
SHOWN = 8


def number(names: pa.Table, labels: Sequence[str]) -> NDArray[np.int64]:
    """For each image the place, from 1, of the first label that is its source's name or one of its tags; NONE without.

    Args:
        names: `curate.dataset.read_names`, a row an image.
        labels: as a recipe gives them.

    Raises:
        UserError: a label fits no image.
    """
    of_each = [{row["source"], *row["tags"]} for row in names.to_pylist()]
    known = Counter(name for names_of_one in of_each for name in names_of_one)
    for label in labels:
        if label not in known:
            common = ", ".join(name for name, _ in sorted(known.items(), key=lambda one: (-one[1], one[0]))[:SHOWN])
            raise UserError(f"labels: found no image of a source or with a tag {label!r}; expected such as {common}")
    return np.array(
        [next((place for place, label in enumerate(labels, 1) if label in fits), NONE) for fits in of_each], np.int64
    )
