"""The geometry of line charts; templates/parts.html.j2 draws them as SVG."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

WIDTH, HEIGHT = 360, 210
LEFT, RIGHT, TOP, BOTTOM = 44, 60, 10, 28  # px; margins for tick labels and, right, for the names of the lines
BUCKETS = 160  # a longer series is drawn as this many means, with a band from lowest to highest behind them
NAME_GAP = 13  # px between the names of two lines


@dataclass(frozen=True)
class Series:
    """Values to draw as one line."""

    name: str
    x: Values
    y: Values  # NaN: no value


@dataclass(frozen=True)
class Line:
    """One series as it is drawn, in pixels."""

    name: str
    path: str  # SVG path of the means
    band: str  # SVG path from the lowest to the highest values; empty if they are equal
    end: tuple[float, float]  # x and y of the last point
    name_y: float  # y of the name, moved so that names do not overlap
    last: float  # the last mean, as a value


@dataclass(frozen=True)
class Tick:
    """A labelled position on an axis."""

    at: float  # px
    label: str


@dataclass(frozen=True)
class Axis:
    """A linear scale from values `low` to `high` to pixels `start` to `end`."""

    low: float
    high: float
    start: int
    end: int

    def __call__(self, value: Values | float) -> Values:
        """Return the pixel position of each value."""
        return self.start + (np.asarray(value) - self.low) / (self.high - self.low or 1.0) * (self.end - self.start)

    def tick(self, value: float) -> Tick:
        return Tick(float(self(value)), number(value))


class Buckets(NamedTuple):
    """A series as at most BUCKETS groups of neighbouring values: mean x, and the lowest, mean and highest y of each."""

    x: Values
    low: Values
    mean: Values
    high: Values


@dataclass(frozen=True)
class Mark:
    """A horizontal line at a value to compare with, such as a floor."""

    name: str
    y: float  # px


@dataclass(frozen=True)
class Chart:
    """A line chart, in pixels."""

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
        """The chart in one line, for readers who do not see it."""
        ends = ", ".join(f"{line.name} ends at {number(line.last)}" for line in self.lines)
        return f"{self.title}, by {self.x_label}: {ends}"


def chart(title: str, x_label: str, series: Sequence[Series], marks: Sequence[tuple[str, float]] = ()) -> Chart | None:
    """Return the line chart of the series that have a value; None if none has.

    Args:
        marks: names and y values of horizontal lines.
    """
    drawn = {one.name: _buckets(one) for one in series if np.isfinite(one.y).any()}
    if not drawn:
        return None
    y_ticks = ticks(*_y_range(drawn.values(), [value for _, value in marks]))
    x_axis = Axis(0.0, max(float(one.x.max()) for one in series), LEFT, WIDTH - RIGHT)
    y_axis = Axis(y_ticks[0], y_ticks[-1], HEIGHT - BOTTOM, TOP)
    name_ys = _apart([float(y_axis(one.mean[-1])) for one in drawn.values()])
    return Chart(
        title,
        x_label,
        tuple(x_axis.tick(x) for x in ticks(x_axis.low, x_axis.high, 4) if x_axis.low <= x <= x_axis.high),
        tuple(map(y_axis.tick, y_ticks)),
        tuple(_line(name, one, x_axis, y_axis, y) for (name, one), y in zip(drawn.items(), name_ys, strict=True)),
        tuple(Mark(name, float(y_axis(value))) for name, value in marks),
    )


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Return about `count` round numbers, 1, 2 or 5 times a power of ten apart, that cover `low` to `high`."""
    if high <= low:
        high = low + (abs(low) or 1.0)
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(index * step, 12) for index in range(first, last + 1)]


def number(value: float) -> str:
    """Format a number with 3 significant digits, from 1,000 as a whole number, from 10,000 in thousands (12.3k)."""
    if abs(value) >= 10_000:
        return f"{value / 1000:,.3g}k"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _buckets(series: Series) -> Buckets:
    finite = np.isfinite(series.y) & np.isfinite(series.x)
    x, y = series.x[finite], series.y[finite]
    groups = np.array_split(np.arange(len(x)), min(len(x), BUCKETS))
    columns = [(x[group].mean(), y[group].min(), y[group].mean(), y[group].max()) for group in groups]
    return Buckets(*np.array(columns).T)


def _y_range(drawn: Iterable[Buckets], marks: Sequence[float]) -> tuple[float, float]:
    """Lowest and highest value of the y axis, outliers of a series not included."""
    values = [*(bound for one in drawn for bound in without_outliers(np.concatenate([one.low, one.high]))), *marks]
    return min(values), max(values)


def _line(name: str, one: Buckets, x_axis: Axis, y_axis: Axis, name_y: float) -> Line:
    x, y = x_axis(one.x), y_axis(one.mean)
    band = ""
    if (one.low < one.high).any():
        outline = np.concatenate([y_axis(one.low), y_axis(one.high)[::-1]])
        band = _path(np.concatenate([x, x[::-1]]), outline) + "Z"
    return Line(name, _path(x, y), band, (float(x[-1]), float(y[-1])), name_y, float(one.mean[-1]))


def without_outliers(values: Values) -> tuple[float, float]:
    """Return the lowest and the highest value, without those far outside the 2nd to 98th percentile.

    Far is more than the distance between the two percentiles. An outlier would flatten the rest of a chart.
    """
    low, high = np.quantile(values, (0.02, 0.98))
    near = values[(values >= low - (high - low)) & (values <= high + (high - low))]
    return float(near.min()), float(near.max())


def _path(x: Values, y: Values) -> str:
    return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True))


def _apart(ends: Sequence[float]) -> list[float]:
    """The y of each name, near the end of its line, at least NAME_GAP from the others, inside the frame."""
    placed = [0.0] * len(ends)
    above = -math.inf
    for index in sorted(range(len(ends)), key=lambda index: ends[index]):
        above = placed[index] = max(ends[index], above + NAME_GAP)
    excess = max(0.0, max(placed) - (HEIGHT - BOTTOM))
    return [height - excess for height in placed]
