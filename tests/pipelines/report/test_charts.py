"""Line charts as SVG."""

from collections.abc import Callable

import numpy as np

from common.html import environment
from pipelines.report.charts import Series, chart


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
