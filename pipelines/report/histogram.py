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
LEAST_BAR = 2.5  # px: a single image can still be seen
TOP, BOTTOM = 14, 16  # room for the threshold's value, and for the ticks
MARGIN = 12  # half the width of a tick's label
BINS = 48  # about
LEAST_SPAN = 1e-9  # of a measure; below it all values are one


@dataclass(frozen=True)
class Bar:
    left: float
    top: float
    width: float
    height: float
    count: int
    lost: bool  # on the side of the threshold where images are dropped


@dataclass(frozen=True)
class Histogram:
    measure: str
    count: int  # values in it
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    threshold: Tick
    below: bool  # the side of it on which images are dropped
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
    step = (high - low if high - low > LEAST_SPAN else 1.0) / BINS
    # The threshold is an edge, so that no bar is on both sides of it.
    first, last = math.floor((low - threshold) / step) - 1, math.ceil((high - threshold) / step) + 1
    edges = threshold + step * np.arange(first, last + 1)
    left = rejected if rule.is_minimum else ~rejected
    place = np.floor((values - threshold) / step)
    place = np.where(left, np.minimum(place, -1), np.maximum(place, 0))
    counts = np.bincount(np.clip(place - first, 0, len(edges) - 2).astype(int), minlength=len(edges) - 1)
    across = WIDTH / (edges[-1] - edges[0])
    unit = (HEIGHT - TOP - BOTTOM) / counts.max()

    def tick(value: float) -> Tick:
        return Tick(round((value - edges[0]) * across, 1), number(value))

    bars = tuple(
        Bar(
            round((edge - edges[0]) * across, 1),
            round(HEIGHT - BOTTOM - tall, 1),
            round(step * across - 0.5, 1),
            round(tall, 1),
            int(count),
            (index < -first) == rule.is_minimum,
        )
        for index, (edge, count) in enumerate(zip(edges, counts, strict=False))
        if (tall := max(count * unit, LEAST_BAR) if count else 0.0)
    )
    inner = [value for value in ticks(edges[0], edges[-1]) if MARGIN < (value - edges[0]) * across < WIDTH - MARGIN]
    return Histogram(rule.measure, len(values), bars, tuple(map(tick, inner)), tick(threshold), rule.is_minimum)


def read_measure(tables: Iterable[Path], measure: str) -> Values:
    """A measure of every image in the prepared `tables`, NaN where there is none; empty where no table has it."""
    columns = [
        pq.read_table(path, columns=[measure])[measure].to_numpy()
        for path in tables
        if measure in pq.read_schema(path).names
    ]
    return np.concatenate(columns) if columns else np.zeros(0)
