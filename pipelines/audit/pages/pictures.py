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
    """sha256 → (S, S, 3) of those of `images` that a prepared table of the version has a picture of."""
    wanted = one_of("sha256", images) & pc.field("pixels").is_valid()
    found: dict[str, Pixels] = {}
    for path in version.outputs("prepare", ".parquet").values() if images else ():
        rows = version.table(path, ("sha256", "pixels"), wanted)
        for sha256, content in zip(rows["sha256"].to_pylist(), rows["pixels"].to_pylist(), strict=True):
            found[sha256] = channels_last(np.frombuffer(content, np.uint8))
    return found


def shown(row: Row) -> bool:
    """Whoever asked not to be used is not put on show either."""
    return row["reason"] not in {str(Reason(reason)) for reason in HIDDEN_REASONS}


def tiles(entries: Sequence[tuple[Row, str, bool]], pictures: Mapping[str, Pixels]) -> tuple[Sprite | None, list[Tile]]:
    """One sheet, and a tile for each entry of which there is a picture: a manifest row, a caption, whether it leads."""
    seen = [entry for entry in entries if entry[0]["sha256"] in pictures]
    if not seen:
        return None, []
    drawn = sprite([pictures[row["sha256"]] for row, _, _ in seen])
    return drawn, [
        Tile(dict(row), caption, alt_text(row), drawn.position(place), leads)
        for place, (row, caption, leads) in enumerate(seen)
    ]
