"""The text of `facades model memorization`."""

import math

import numpy as np
from numpy.typing import NDArray
from rich.console import RenderableType
from rich.text import Text

from pipelines.audit.likeness import CLOSE, COPIES_BELOW, NEIGHBOURS
from pipelines.audit.memorization import Memorization
from pipelines.audit.terminal.tables import LISTED, table


def memorization(found: Memorization) -> list[RenderableType]:
    """Return the statistics, and the closest pairs."""
    spaces = (("features", found.features), ("pixels", found.pixels))
    rows = [
        (
            name,
            f"{_median(space.generated.distance):.3g}",
            f"{_median(space.held_out.distance):.3g}",
            f"{space.z:+.1f}",
            f"{space.close:.1%}",
            space.verdict.replace("_", " "),
        )
        for name, space in spaces
    ]
    pairs = [
        (pair.image, f"{pair.distance:.3g}", pair.row["sha256"][:12], pair.row["source"], pair.row["author"])
        for pair in found.pairs[:LISTED]
    ]
    drawn = f"{found.model} ({found.recorded}): {len(found.features.generated.index):,} images, seed {found.seed}"
    close = f"nearer to a training image than {1 - CLOSE:.0%} of the held-out ones; {CLOSE:.0%} is expected"
    return [
        Text(f"{drawn}, against {found.trained_on:,} training images of {found.dataset}"),
        Text(),
        table("distance by", "generated", "held out", "z", "close", "verdict", rows=rows, right=(1, 2, 3, 4)),
        Text(f"z below {COPIES_BELOW:g}: images are too near. close: {close}."),
        Text(f"By pixels: in units of the mean distance to the {NEIGHBOURS} nearest."),
        Text(),
        table("image", "distance", "nearest", "source", "author", rows=pairs, right=(0, 1), title="the closest pairs"),
    ]


def _median(values: NDArray[np.float64]) -> float:
    return float(np.median(values)) if len(values) else math.nan
