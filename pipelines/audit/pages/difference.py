"""The page of `facades dataset diff`: each group of changes, with pictures of some."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.audit.comparison import Comparison, Group, keyed
from pipelines.audit.difference import Change
from pipelines.audit.pages import render
from pipelines.audit.pages.pictures import pixels
from pipelines.report.embedded import Sprite
from pipelines.report.galleries import Tile, may_be_shown, tiles
from pipelines.versions.version import Version

GROUPS = 40  # with pictures
TILES = 24  # of a group
PARAMETERS = 100


@dataclass(frozen=True)
class Gallery:
    """The pictures of one group of changes."""

    anchor: str
    group: Group
    sprite: Sprite | None
    tiles: tuple[Tile, ...]
    withheld: bool  # whether some are not shown, since their owner asked for that


def page(comparison: Comparison, before: Version, after: Version) -> str:
    """Return a self-contained page. The same versions give the same bytes.

    Raises:
        UserError: The data of one of them are not available.
    """
    keys, which = keyed(comparison.difference)
    chosen = [
        (group, _rows(comparison, np.flatnonzero(which == keys.index((group.change, group.cause, group.detail)))))
        for group in comparison.groups[:GROUPS]
    ]
    images = {image for _, rows in chosen for row in rows for image in (row["sha256"], row["keeper"]) if image}
    # Where both versions have an image, the row of the later one.
    rows_of = {row["sha256"]: row for version in (before, after) for row in version.rows(images)}
    pictures = pixels(before, images) | pixels(after, images)
    pictures = {
        image: picture for image, picture in pictures.items() if image in rows_of and may_be_shown(rows_of[image])
    }
    found = comparison.difference
    return render(
        "diff.html.j2",
        {
            "comparison": comparison,
            "counts": {str(change): found.count(change) for change in Change},
            "galleries": [
                _gallery(index, group, rows, rows_of, pictures) for index, (group, rows) in enumerate(chosen)
            ],
            "parameters": list(comparison.parameters.items())[:PARAMETERS],
            "tiles": TILES,
        },
    )


def _rows(comparison: Comparison, indices: NDArray[np.int64]) -> list[dict[str, Any]]:
    """The first of these changes, by sha256."""
    rows: list[dict[str, Any]] = comparison.difference.changes.take(pa.array(indices[:TILES])).to_pylist()
    return rows


def _gallery(
    index: int,
    group: Group,
    rows: list[dict[str, Any]],
    rows_of: Mapping[str, dict[str, Any]],
    pictures: Mapping[str, Any],
) -> Gallery:
    entries = []
    for row in rows:
        entries.append((rows_of[row["sha256"]], _caption(row), False))
        if row["keeper"] and row["keeper"] != row["sha256"] and row["keeper"] in rows_of:
            entries.append((rows_of[row["keeper"]], "its keeper", True))
    drawn, made = tiles(entries, pictures)
    return Gallery(
        f"group-{index}", group, drawn, made, withheld=any(not may_be_shown(rows_of[row["sha256"]]) for row in rows)
    )


def _caption(row: Mapping[str, Any]) -> str:
    sides = [
        str(row[f"reason_{side}"] or row[f"decision_{side}"] or "").replace("_", " ") for side in ("before", "after")
    ]
    decision = " → ".join(dict.fromkeys(filter(None, sides)))
    return f"{decision}, {row['measure']} {row['value']:.4g}" if row["value"] is not None else decision
