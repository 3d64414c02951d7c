"""The geometry of a measure's histogram with its threshold; templates/parts.html.j2 draws it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from curate.rules import Filter
from pipelines.report.charts import Tick, Values, number, ticks, without_outliers

WIDTH, HEIGHT = 240, 74
MIN_BAR = 2.5  # px; height at which the bar of a single image is visible
TOP, BOTTOM = 14, 16  # px; margins for the threshold's value and for the ticks
MARGIN = 12  # px; half the width of a tick's label
BINS = 48  # approximately
MIN_SPAN = 1e-9  # values of a measure that differ by less count as equal


@dataclass(frozen=True)
class Bar:
    """One bar, in pixels."""

    left: float
    top: float
    width: float
    height: float
    count: int
    lost: bool  # on the side of the threshold on which images are dropped


@dataclass(frozen=True)
class Histogram:
    """The histogram of a measure with its threshold, in pixels."""

    measure: str
    count: int  # number of values
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    threshold: Tick
    below: bool  # whether images below the threshold are dropped, not above
    width: int = WIDTH
    height: int = HEIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def histogram(rule: Filter, values: Values, threshold: float) -> Histogram | None:
    """Return the histogram of a filter's measure; the end bars count what lies beyond them. None without any value.

    Args:
        values: the measure of every image, as in the prepared tables; NaN where there is none.
    """
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    rejected = rule.rejects(values, threshold)
    values = values.astype(np.float64)
    low, high = without_outliers(np.append(values, threshold))
    low, high = min(low, threshold), max(high, threshold)
    step = (high - low if high - low > MIN_SPAN else 1.0) / BINS
    # The threshold is the edge of a bar, so that no bar lies on both sides of it.
    first, last = math.floor((low - threshold) / step) - 1, math.ceil((high - threshold) / step) + 1
    edges = threshold + step * np.arange(first, last + 1)
    left = rejected if rule.is_minimum else ~rejected
    bins = np.floor((values - threshold) / step)
    bins = np.where(left, np.minimum(bins, -1), np.maximum(bins, 0))
    counts = np.bincount(np.clip(bins - first, 0, len(edges) - 2).astype(int), minlength=len(edges) - 1)
    px_per_unit = WIDTH / (edges[-1] - edges[0])
    px_per_image = (HEIGHT - TOP - BOTTOM) / counts.max()

    def tick(value: float) -> Tick:
        return Tick(round((value - edges[0]) * px_per_unit, 1), number(value))

    bars = tuple(
        Bar(
            round((edge - edges[0]) * px_per_unit, 1),
            round(HEIGHT - BOTTOM - height, 1),
            round(step * px_per_unit - 0.5, 1),
            round(height, 1),
            int(count),
            (index < -first) == rule.is_minimum,
        )
        for index, (edge, count) in enumerate(zip(edges, counts, strict=False))
        if (height := max(count * px_per_image, MIN_BAR) if count else 0.0)
    )
    inner = [
        value for value in ticks(edges[0], edges[-1]) if MARGIN < (value - edges[0]) * px_per_unit < WIDTH - MARGIN
    ]
    return Histogram(rule.measure, len(values), bars, tuple(map(tick, inner)), tick(threshold), rule.is_minimum)


def read_measure(tables: Iterable[Path], measure: str) -> Values:
    """Read a measure of every image from prepared tables; NaN where it is null, empty if no table has the column."""
    columns = [
        pq.read_table(path, columns=[measure])[measure].to_numpy()
        for path in tables
        if measure in pq.read_schema(path).names
    ]
    return np.concatenate(columns) if columns else np.zeros(0)
