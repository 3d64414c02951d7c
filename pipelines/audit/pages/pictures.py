"""Contact sheets of chosen images of a version."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow.compute as pc

from curate.schemas import Reason
from pipelines.report.crops import Pixels, channels_last
from pipelines.report.embedded import Sprite, sprite
from pipelines.report.galleries import Tile, alt_text
from pipelines.report.labels import HIDDEN_REASONS
from pipelines.versions.version import Version, one_of

Row = Mapping[str, Any]


def pixels(version: Version, images: Collection[str]) -> dict[str, Pixels]:
    """Return the crops of images by sha256, S × S × 3, of those that could be decoded."""
    where = one_of("sha256", images) & pc.field("pixels").is_valid()
    found: dict[str, Pixels] = {}
    for path in version.outputs("prepare", ".parquet").values() if images else ():
        rows = version.table(path, ("sha256", "pixels"), where)
        for sha256, content in zip(rows["sha256"].to_pylist(), rows["pixels"].to_pylist(), strict=True):
            found[sha256] = channels_last(np.frombuffer(content, np.uint8))
    return found


def shown(row: Row) -> bool:
    """Return whether an image may be shown: its owner did not ask for its exclusion or reserve its use."""
    return row["reason"] not in {str(Reason(reason)) for reason in HIDDEN_REASONS}


def tiles(entries: Sequence[tuple[Row, str, bool]], pictures: Mapping[str, Pixels]) -> tuple[Sprite | None, list[Tile]]:
    """Return one sheet of pictures, and a tile for each entry that has a picture.

    Args:
        entries: A row of the manifest, a caption, and whether the tile is marked as the keeper.
        pictures: By sha256, S × S × 3.
    """
    shown_entries = [entry for entry in entries if entry[0]["sha256"] in pictures]
    if not shown_entries:
        return None, []
    drawn = sprite([pictures[row["sha256"]] for row, _, _ in shown_entries])
    return drawn, [
        Tile(dict(row), caption, alt_text(row), drawn.position(index), leads)
        for index, (row, caption, leads) in enumerate(shown_entries)
    ]
