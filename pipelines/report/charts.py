"""The geometry of line charts; templates/chart.svg.j2 draws them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

WIDTH, HEIGHT = 360, 210
LEFT, RIGHT, TOP, BOTTOM = 44, 60, 10, 28  # room for the ticks, and for the names at the ends of the lines
BUCKETS = 160  # a longer series is drawn as the mean of so many stretches, with its range behind it
NAME_GAP = 13  # px between two names at the ends of lines


@dataclass(frozen=True)
class Series:
    name: str
    x: Values
    y: Values  # NaN where there is none


@dataclass(frozen=True)
class Line:
    name: str
    path: str  # SVG path of the means
    band: str  # SVG path around the ranges; empty where every bucket holds one value
    end: tuple[float, float]  # of the line
    name_y: float  # of its name, moved so that names do not overlap
    last: float


@dataclass(frozen=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True)
class Mark:
    """A horizontal line at a value to compare with, such as a floor."""

    name: str
    y: float


@dataclass(frozen=True)
class Chart:
    title: str
    x_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM

    @property
    def summary(self) -> str:
        """The chart in one line, for those who do not see it."""
        ends = ", ".join(f"{line.name} ends at {number(line.last)}" for line in self.lines)
        return f"{self.title}, by {self.x_label}: {ends}"


def chart(title: str, x_label: str, series: Sequence[Series], marks: Sequence[tuple[str, float]] = ()) -> Chart | None:
    """A line chart of the series that hold a value; None where none does."""
    drawn = [(one.name, _buckets(one)) for one in series if np.isfinite(one.y).any()]
    if not drawn:
        return None
    bounds = [tame(np.concatenate([low, high])) for _, (_, low, _, high) in drawn]
    values = [*(value for bound in bounds for value in bound), *(value for _, value in marks)]
    y_ticks = ticks(min(values), max(values))
    y0, y1 = y_ticks[0], y_ticks[-1]
    x0, x1 = 0.0, max(float(one.x.max()) for one in series)

    def across(x: Values | float) -> Values:
        return LEFT + (np.asarray(x) - x0) / (x1 - x0 or 1.0) * (WIDTH - LEFT - RIGHT)

    def down(y: Values | float) -> Values:
        return HEIGHT - BOTTOM - (np.asarray(y) - y0) / (y1 - y0 or 1.0) * (HEIGHT - TOP - BOTTOM)

    ends = [float(down(mean[-1])) for _, (_, _, mean, _) in drawn]
    lines = tuple(
        Line(
            name,
            _path(across(x), down(mean)),
            _path(np.concatenate([across(x), across(x)[::-1]]), np.concatenate([down(low), down(high)[::-1]])) + "Z"
            if (low < high).any()
            else "",
            (float(across(x[-1])), end),
            name_y,
            float(mean[-1]),
        )
        for (name, (x, low, mean, high)), end, name_y in zip(drawn, ends, _apart(ends), strict=True)
    )
    return Chart(
        title,
        x_label,
        tuple(Tick(float(across(x)), number(x)) for x in ticks(x0, x1, 4) if x0 <= x <= x1),
        tuple(Tick(float(down(y)), number(y)) for y in y_ticks),
        lines,
        tuple(Mark(name, float(down(value))) for name, value in marks),
    )


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """About `count` round numbers (1, 2 or 5 times a power of ten) from at most `low` to at least `high`."""
    if high <= low:
        high = low + (abs(low) or 1.0)
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(index * step, 12) for index in range(first, last + 1)]


def number(value: float) -> str:
    """Short, for ticks and captions: 3 significant digits, or all of a whole number."""
    if abs(value) >= 10_000:
        return f"{value / 1000:,.3g}k"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _buckets(series: Series) -> tuple[Values, Values, Values, Values]:
    """x, lowest, mean and highest of each bucket."""
    there = np.isfinite(series.y) & np.isfinite(series.x)
    x, y = series.x[there], series.y[there]
    groups = np.array_split(np.arange(len(x)), min(len(x), BUCKETS))
    columns = [(x[group].mean(), y[group].min(), y[group].mean(), y[group].max()) for group in groups]
    at, low, mean, high = np.array(columns).T
    return at, low, mean, high


def tame(values: Values) -> tuple[float, float]:
    """Lowest and highest, but for the few that lie so far out that they would flatten the rest; those are clipped."""
    low, high = np.quantile(values, (0.02, 0.98))
    near = values[(values >= low - (high - low)) & (values <= high + (high - low))]
    return float(near.min()), float(near.max())


def _path(x: Values, y: Values) -> str:
    return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True))


def _apart(ends: Sequence[float]) -> list[float]:
    """Heights for the names of lines that end at `ends`, at least NAME_GAP apart and within the frame."""
    placed = [0.0] * len(ends)
    above = -math.inf
    for index in sorted(range(len(ends)), key=lambda index: ends[index]):
        above = placed[index] = max(ends[index], above + NAME_GAP)
    excess = max(0.0, max(placed) - (HEIGHT - BOTTOM))
    return [height - excess for height in placed]
