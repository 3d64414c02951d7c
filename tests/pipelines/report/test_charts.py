"""Line charts and histograms."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from common.html import environment
from curate.rules import Filter
from curate.schemas import Reason
from pipelines.report import charts
from pipelines.report.charts import Series, chart
from pipelines.report.histogram import histogram


def test_a_chart_is_drawn_as_before(golden: Callable[[str, str], None]) -> None:
    steps = np.arange(1.0, 13.0)
    losses = 1 / steps
    held_out = np.where(steps % 3 == 0, 0.6, np.nan)
    drawn = chart(
        "Losses <1>", "step", [Series("D", steps, losses), Series("G & D", steps, held_out)], [("floor", 0.1)]
    )
    template = environment("pipelines.report").get_template("parts.html.j2")
    golden("chart.svg.html", str(template.module.line_chart(drawn)))  # type: ignore[attr-defined]


def test_a_long_series_is_drawn_as_means_with_a_band(golden: Callable[[str, str], None]) -> None:
    steps = np.arange(1.0, 641.0)
    drawn = chart("KSD", "step", [Series("KSD", steps, np.where(steps % 2 == 0, 1.0, 2.0) + steps / 640)])
    template = environment("pipelines.report").get_template("parts.html.j2")
    golden("chart-with-band.svg.html", str(template.module.line_chart(drawn)))  # type: ignore[attr-defined]


@given(
    low=st.floats(-1e6, 1e6),
    span=st.floats(1e-3, 1e6),
    count=st.integers(2, 6),
)
def test_ticks_are_round_and_cover(low: float, span: float, count: int) -> None:
    found = charts.ticks(low, low + span, count)
    step = found[1] - found[0]
    tolerance = 1e-6 * step + 1e-9
    assert found[0] <= low + tolerance
    assert found[-1] >= low + span - tolerance
    assert 2 <= len(found) <= count + 3
    assert np.allclose(np.diff(found), step)
    assert f"{step:.0e}"[0] in "125"


def test_a_chart_has_means_with_their_range_and_no_outlier_flattens_them() -> None:
    steps = np.arange(1.0, 1601.0)
    losses = np.where(steps % 2 == 0, 1.0, 3.0)
    losses[800] = 1e6
    calm, gaps = np.full(1600, 2.0), np.full(1600, np.nan)
    drawn = charts.chart("losses", "step", [charts.Series("D", steps, losses), charts.Series("none", steps, gaps)])
    assert drawn
    assert [one.name for one in drawn.lines] == ["D"]
    assert drawn.lines[0].path.count("L") == charts.BUCKETS - 1
    assert drawn.lines[0].last == 2.0
    assert drawn.lines[0].band
    assert [tick.label for tick in drawn.y_ticks] == ["1", "1.5", "2", "2.5", "3"]
    flat = charts.chart("losses", "step", [charts.Series("D", steps, calm)])
    assert flat
    assert not flat.lines[0].band
    assert charts.chart("nothing", "step", [charts.Series("none", steps, gaps)]) is None


@given(
    values=st.lists(st.floats(-1e5, 1e5) | st.just(float("nan")), max_size=300),
    threshold=st.floats(-1e4, 1e4),
    below=st.booleans(),
)
def test_a_histogram_counts_every_value_on_its_side_of_the_threshold(
    values: list[float], threshold: float, below: bool
) -> None:
    measured = np.array(values, np.float64)
    rule = Filter(Reason.BLURRED, "sharpness", "min_sharpness" if below else "max_sharpness")
    drawn = histogram(rule, measured, threshold)
    measured = measured[np.isfinite(measured)]
    if not len(measured):
        assert drawn is None
        return
    assert drawn
    assert drawn.count == sum(bar.count for bar in drawn.bars) == len(measured)
    dropped = measured < threshold if below else measured > threshold
    assert sum(bar.count for bar in drawn.bars if bar.lost) == dropped.sum()
    for bar in drawn.bars:
        assert 0 <= bar.left <= drawn.width
        assert bar.lost == ((bar.left < drawn.threshold.at - 0.05) == below)


@given(st.lists(st.floats(charts.TOP, charts.HEIGHT - charts.BOTTOM), min_size=1, max_size=5))
def test_names_of_lines_do_not_overlap(ends: list[float]) -> None:
    placed = sorted(charts._apart(ends))
    assert all(b - a >= charts.NAME_GAP - 1e-9 for a, b in pairwise(placed))
    assert placed[-1] <= charts.HEIGHT - charts.BOTTOM + 1e-9
