"""The section of the page on models: pictures and charts of each, and a table of their metrics."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from markupsafe import Markup
from PIL import Image

from common.dotted import dotted
from common.errors import UserError
from pipelines.report.charts import Chart, Series, chart
from pipelines.report.embedded import Picture, picture
from pipelines.report.inputs import read_json
from pipelines.report.labels import ALARMS, METRICS, Metric
from train.mark import Mark, microdata, of_generator
from train.provenance import read_metadata

T = TypeVar("T")

MAX_FRAMES = 25  # of the animation
MAX_SNAPSHOTS = 6  # side by side
FRAME_MS, LAST_FRAME_MS = 250, 2500

CHARTS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("Losses", (("loss_d", "D"), ("loss_g", "G"))),
    ("Output of D: 1 is real, 0 is generated", (("d_real", "D(x)"), ("d_fake", "D(G(z))"))),
    ("Share of real images that D takes for real", (("d_train", "training"), ("d_heldout", "held out"))),
    ("KSD during training, lower is better", (("ksd", "KSD"),)),
)
"""Title of each chart, and its columns of log.csv with the names of their lines."""

EXTREMES: tuple[tuple[str, str, str, str], ...] = (
    (
        "samples/highest.png",
        "Highest scores of D",
        "D is most certain that these are real.",
        "samples with the highest scores of D",
    ),
    (
        "samples/lowest.png",
        "Lowest scores of D",
        "D is most certain that these are generated.",
        "samples with the lowest scores of D",
    ),
    (
        "neighbours/nearest.png",
        "Nearest to training images",
        "Each sample above its nearest training image. If the two are equal, the model has memorized the image.",
        "samples above their nearest training images, nearest pairs first",
    ),
    (
        "neighbours/farthest.png",
        "Farthest from training images",
        "Each sample above its nearest training image.",
        "samples above their nearest training images, farthest pairs first",
    ),
)
"""The best and worst samples of a model: file, title, caption, alternative text."""


@dataclass(frozen=True)
class Extreme:
    """One of EXTREMES, of one model."""

    title: str
    caption: str
    picture: Picture
    composite: bool  # of samples and photographs


@dataclass(frozen=True)
class Snapshot:
    """Some samples at one step of the training."""

    step: int
    picture: Picture


@dataclass(frozen=True)
class Model:
    """What the page shows of one model."""

    name: str
    mark: Mark  # of its pictures
    provenance: dict[str, str]  # recipe, dataset, versions of generator.safetensors, by dotted keys
    grid: Picture | None  # samples at `step`
    step: int | None  # of the snapshot nearest to `published`
    published: int | None  # step of the weights in generator.safetensors
    animation: Picture | None  # the same latents at every snapshot
    snapshots: tuple[Snapshot, ...]
    extremes: tuple[Extreme, ...]
    charts: tuple[Chart, ...]
    metrics: dict[str, float]

    @property
    def microdata(self) -> Mapping[str, Markup]:
        """What the page says of samples, and of composites of samples and photographs."""
        return {
            "generated": microdata(replace(self.mark, step=None)),
            "composite": microdata(replace(self.mark, step=None, composite=True)),
        }

    @property
    def alarms(self) -> list[tuple[str, int]]:
        """The text of each alarm that is on, and the step since which it is."""
        return [(text, int(self.metrics[key])) for key, text in ALARMS.items() if key in self.metrics]


@dataclass(frozen=True)
class Cell:
    """One metric of one model."""

    value: float | None
    floor: float | None  # the same metric of training images
    training: float | None  # compared with training images instead of held-out ones
    best: bool


@dataclass(frozen=True)
class MetricRow:
    """One metric of all models."""

    metric: Metric
    cells: tuple[Cell, ...]  # one per model


def read_model(name: str, folder: Path) -> Model:
    """Read what the page shows of a model from its folder; missing files are left out.

    Raises:
        UserError: a file cannot be read.
    """
    values = read_json(folder / "metrics.json")
    metrics = {key: float(value) for key, value in values.items() if isinstance(value, int | float)}
    weights = folder / "generator.safetensors"
    provenance = read_metadata(weights) if weights.is_file() else {}
    mark = of_generator(weights) if weights.is_file() else Mark()
    published = provenance.get("step")
    grids = [(step, _read_picture(path)) for step, path in _evenly_spaced(_snapshots(folder / "samples"), MAX_FRAMES)]
    step, grid = min(grids, key=lambda one: _distance(one[0], published), default=(None, None))
    return Model(
        name,
        mark,
        {key: _as_text(value) for key, value in dotted(provenance).items()},
        picture(grid, f"64 samples of {name} at step {step}", mark=replace(mark, step=step)) if grid else None,
        step,
        published,
        _animation(
            [grid for _, grid in grids],
            f"The same 64 samples of {name} in the course of the training",
            replace(mark, step=None),
        ),
        tuple(
            Snapshot(at, picture(_corner(drawn), f"16 of these samples at step {at}", mark=replace(mark, step=at)))
            for at, drawn in _evenly_spaced(grids, MAX_SNAPSHOTS)
        ),
        _extremes(folder, name, mark),
        _charts(folder / "log.csv", metrics),
        metrics,
    )


def ranked(models: Sequence[Model]) -> list[Model]:
    """Sort models by the first of METRICS, the best first; models without metrics come last."""
    key = METRICS[0].key
    return sorted(models, key=lambda model: (model.metrics.get(key, np.inf), model.name))


def metric_rows(models: Sequence[Model]) -> list[MetricRow]:
    """Return a row for each metric that at least one of the models has."""
    rows = []
    for metric in METRICS:
        values = [model.metrics.get(metric.key) for model in models]
        known = [value for value in values if value is not None]
        if known:
            best = min(known) if metric.better == "lower" else max(known)
            cells = (
                Cell(
                    value,
                    model.metrics.get(f"{metric.key}_floor"),
                    model.metrics.get(f"{metric.key}_train"),
                    best=len(known) > 1 and value == best,
                )
                for model, value in zip(models, values, strict=True)
            )
            rows.append(MetricRow(metric, tuple(cells)))
    return rows


def _as_text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _distance(step: int, published: int | None) -> tuple[float, int]:
    """Sort key of snapshots: nearest to the published step first, the later of two first; without one, the last."""
    return (0 if published is None else abs(step - published), -step)


def _snapshots(folder: Path) -> list[tuple[int, Path]]:
    """Steps and files of the snapshots, in the order of steps; the name of a file ends with its step."""
    named = [(re.search(r"(\d+)$", path.stem), path) for path in folder.glob("*.png")]
    return sorted((int(match[1]), path) for match, path in named if match)


def _read_picture(path: Path) -> Image.Image:
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except OSError as error:
        raise UserError(f"{path}: not a readable picture: {error}") from None


def _corner(grid: Image.Image) -> Image.Image:
    return grid.crop((0, 0, grid.width // 2, grid.height // 2))


def _extremes(folder: Path, name: str, mark: Mark) -> tuple[Extreme, ...]:
    found = []
    for file, title, caption, alt in EXTREMES:
        if (folder / file).is_file():
            composite = file.startswith("neighbours/")
            shown = picture(_read_picture(folder / file), f"{alt}, by {name}", mark=replace(mark, composite=composite))
            found.append(Extreme(title, caption, shown, composite))
    return tuple(found)


def _animation(grids: Sequence[Image.Image], alt: str, mark: Mark) -> Picture | None:
    # As WebP, from the lossless snapshots: a tenth of the size of progress.gif, and full colour.
    if len(grids) < 2:
        return None
    return picture(grids[0], alt, grids[1:], [FRAME_MS] * (len(grids) - 1) + [LAST_FRAME_MS], mark)


def _charts(path: Path, metrics: Mapping[str, float]) -> tuple[Chart, ...]:
    if not path.is_file():
        return ()
    columns = _columns(path)
    steps = columns.get("step")
    if steps is None:
        return ()
    drawn = []
    for title, names in CHARTS:
        series = [Series(name, steps, columns[column]) for column, name in names if column in columns]
        floors = [metrics[f"{column}_floor"] for column, _ in names if f"{column}_floor" in metrics]
        drawn.append(chart(title, "step", series, [("floor", floor) for floor in floors]))
    return tuple(one for one in drawn if one)


def _columns(path: Path) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    try:
        return {
            column: np.array([float(row[column] or "nan") for row in rows], np.float64) for column in (rows or [{}])[0]
        }
    except (TypeError, ValueError) as error:
        raise UserError(f"{path}: expected a header line and numbers below it: {error}") from None


def _evenly_spaced(items: Sequence[T], count: int) -> list[T]:
    """At most `count` of `items` at even distances, the first and the last included."""
    if len(items) <= count:
        return list(items)
    return [items[round(index)] for index in np.linspace(0, len(items) - 1, count)]
