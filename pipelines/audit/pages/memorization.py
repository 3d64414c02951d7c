"""The page of `facades model memorization`: distances of generated to training images, and the closest pairs."""

from dataclasses import replace
from typing import Any

import numpy as np

from pipelines.audit.likeness import CLOSE, COPIES_BELOW, NEIGHBOURS, Likeness
from pipelines.audit.memorization import Memorization, PairImages
from pipelines.audit.pages import render
from pipelines.report.charts import Chart, Series, chart
from pipelines.report.crops import Pixels, channels_last
from pipelines.report.galleries import tiles
from train.mark import microdata


def page(found: Memorization, pictures: PairImages) -> str:
    """Return a self-contained page."""
    entries: list[tuple[dict[str, Any], str, bool]] = []
    drawn: dict[str, Pixels] = {}
    for pair, image, original in zip(found.pairs, pictures.generated, pictures.originals, strict=True):
        made = f"generated {pair.image}"
        blank = {"title": made, "author": "", "license": "", "page_url": ""}
        entries.append(({"sha256": made, **blank}, made, False))
        mirrored = ", mirrored" if pair.mirrored else ""
        # A training image may be the nearest of several generated ones, mirrored or not.
        name = f"{pair.row['sha256']}{mirrored}"
        entries.append(({**pair.row, "sha256": name}, f"at {pair.distance:.3g}{mirrored}", True))
        drawn |= {made: channels_last(image), name: channels_last(original)}
    mark = replace(pictures.mark, composite=True)
    sheet, made_tiles = tiles(entries, drawn, mark)
    pairs = [made_tiles[start : start + 2] for start in range(0, len(made_tiles), 2)]
    return render(
        "memorization.html.j2",
        {
            "found": found,
            "spaces": [("features", found.features), ("pixels", found.pixels)],
            "charts": [_distances("Features", found.features), _distances("Pixels", found.pixels)],
            "sheet": sheet,
            "microdata": microdata(mark),
            "pairs": list(zip(pairs, found.pairs, strict=True)),
            "close": CLOSE,
            "neighbours": NEIGHBOURS,
            "copies_below": COPIES_BELOW,
        },
    )


def _distances(title: str, space: Likeness) -> Chart | None:
    """The fraction of images within each distance of a training image."""
    series = []
    for name, nearest in (("drawn", space.generated), ("held out", space.held_out)):
        distance = np.sort(nearest.distance)
        series.append(Series(name, distance, np.arange(1, len(distance) + 1) / len(distance)))
    return chart(f"{title}: share of images no farther from a training image", "apart", series)
