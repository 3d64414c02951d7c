"""`verify` and `memorised`."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from pipelines.audit.likeness import CLOSE, COPIES_BELOW, NEIGHBOURS
from pipelines.audit.memorised import Memorised
from pipelines.audit.terminal.tables import LISTED, printable, table
from pipelines.audit.verification.check import Check

FAILURES = 8  # of one check that are printed


def check(found: Check) -> list[RenderableType]:
    if found.skipped:
        return [Text(f"  –  {found.name}: {found.skipped}")]
    mark, style = ("✗", "red") if found.failures else ("✓", "green")
    head = Text.assemble((f"  {mark}  ", style), f"{found.name} ({found.looked_at:,})")
    lines = [Padding(Text(printable(failure), overflow="fold"), (0, 0, 0, 5)) for failure in found.failures[:FAILURES]]
    more = len(found.failures) - FAILURES
    return [head, *lines, *([Text(f"     and {more:,} more, --json has all")] if more > 0 else [])]


def verdict(found: Sequence[Check]) -> list[RenderableType]:
    """The last line of `verify`."""
    failed = [one for one in found if one.failures]
    if failed:
        return [
            Text(
                f"{len(failed)} of {len(found)} checks failed, in {sum(len(one.failures) for one in failed):,} places",
                "red",
            )
        ]
    skipped = sum(bool(one.skipped) for one in found)
    return [
        Text(f"all {len(found) - skipped} checks hold" + (f", {skipped} could not be made" if skipped else ""), "green")
    ]


def memorised(found: Memorised) -> list[RenderableType]:
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
    drawn = f"{found.model} ({found.recorded}): {len(found.features.generated.place):,} images, seed {found.seed}"
    close = f"nearer to a training image than {1 - CLOSE:.0%} of the held-out ones; {CLOSE:.0%} is expected"
    return [
        Text(f"{drawn}, against {found.trained_on:,} training images of {found.dataset}"),
        Text(),
        table("distance by", "generated", "held out", "z", "close", "verdict", rows=rows, right=(1, 2, 3, 4)),
        Text(f"z below {COPIES_BELOW:g}: too near altogether. close: {close}."),
        Text(f"By pixels: in units of the mean distance to the {NEIGHBOURS} nearest."),
        Text(),
        table("image", "distance", "nearest", "source", "author", rows=pairs, right=(0, 1), title="the closest pairs"),
    ]


def _median(values: NDArray[np.float64]) -> float:
    return float(np.median(values)) if len(values) else math.nan
