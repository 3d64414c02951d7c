"""What the page shows of each model: its pictures, its curves, its metrics beside those of the others."""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image
from safetensors import SafetensorError, safe_open

from common.errors import UserError
from pipelines.report.charts import Chart, Series, chart
from pipelines.report.labels import ALARMS, METRICS, Metric
from pipelines.report.sheets import Picture, picture

T = TypeVar("T")

FRAMES = 25  # of the animation, at most
STRIP = 6  # snapshots side by side
FRAME_MS, LAST_FRAME_MS = 250, 2500

CURVES: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("Losses", (("loss_d", "D"), ("loss_g", "G"))),
    ("What D believes: 1 is real, 0 is fake", (("d_real", "D(x)"), ("d_fake", "D(G(z))"))),
    ("Taken for real by D", (("d_train", "training"), ("d_heldout", "held out"))),
    ("KSD while training, lower is better", (("ksd", "KSD"),)),
)
"""Title of each chart, and the columns of log.csv in it with their names."""


EXTREMES: tuple[tuple[str, str, str, str], ...] = (
    ("samples/highest.png", "D's favourites", "What D takes for real most of all.", "images that D scores highest"),
    ("samples/lowest.png", "D's failures", "What D takes for real least of all.", "images that D scores lowest"),
    (
        "neighbours/nearest.png",
        "Nearest to training",
        "Each above the training image nearest to it; where the two are equal it was learnt by heart.",
        "generated images above their nearest training images, nearest pairs first",
    ),
    (
        "neighbours/farthest.png",
        "Farthest from training",
        "Each above the training image nearest to it.",
        "generated images above their nearest training images, farthest pairs first",
    ),
)
"""Best and worst of a model's images: file, title, caption, words for who cannot see."""


@dataclass(frozen=True)
class Extreme:
    title: str
    caption: str
    picture: Picture


@dataclass(frozen=True)
class Snapshot:
    step: int
    picture: Picture


@dataclass(frozen=True)
class Model:
    name: str
    facts: dict[str, str]  # how generator.safetensors was made
    grid: Picture | None  # samples at `step`, the snapshot nearest to the published weights
    step: int | None
    published: int | None  # the step of the weights in generator.safetensors
    animation: Picture | None  # the same noise at every snapshot
    strip: tuple[Snapshot, ...]
    extremes: tuple[Extreme, ...]
    charts: tuple[Chart, ...]
    metrics: dict[str, float]

    @property
    def alarms(self) -> list[tuple[str, int]]:
        """What each alarm that rang says, and the step since which it does."""
        return [(says, int(self.metrics[key])) for key, says in ALARMS.items() if key in self.metrics]


@dataclass(frozen=True)
class Cell:
    value: float | None
    floor: float | None
    training: float | None  # against training images instead of held-out ones
    best: bool


@dataclass(frozen=True)
class MetricRow:
    metric: Metric
    cells: tuple[Cell, ...]  # a model each


def read_model(name: str, folder: Path) -> Model:
    """Read a model's folder; what is not there yet is left out of the page.

    Raises:
        UserError: names the file that is there but cannot be read.
    """
    metrics = _metrics(folder / "metrics.json")
    making = _making(folder / "generator.safetensors")
    published = making.get("step")
    grids = [(step, _grid(path)) for step, path in _spread(_snapshots(folder / "samples"), FRAMES)]
    step, grid = min(grids, key=lambda one: _apart(one[0], published), default=(None, None))
    return Model(
        name,
        _flat(making),
        picture(grid, f"64 images made by {name} at step {step}") if grid else None,
        step,
        published,
        _animation([grid for _, grid in grids], f"The same 64 images of {name} as training goes on"),
        tuple(
            Snapshot(at, picture(_corner(drawn), f"16 of these images at step {at}"))
            for at, drawn in _spread(grids, STRIP)
        ),
        tuple(
            Extreme(title, caption, picture(_grid(folder / file), f"{alt}, by {name}"))
            for file, title, caption, alt in EXTREMES
            if (folder / file).is_file()
        ),
        _charts(folder / "log.csv", metrics),
        metrics,
    )


def ranked(models: Sequence[Model]) -> list[Model]:
    """The best by the first of METRICS first; those not yet measured last."""
    key = METRICS[0].key
    return sorted(models, key=lambda model: (model.metrics.get(key, np.inf), model.name))


def compared(models: Sequence[Model]) -> list[MetricRow]:
    """A row for each metric that any of the models has."""
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


def _metrics(path: Path) -> dict[str, float]:
    if not path.is_file():
        return {}
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path}: not valid JSON: {error}") from None
    if not isinstance(values, dict):
        raise UserError(f"{path}: found a {type(values).__name__}, expected a map of metrics")
    return {key: float(value) for key, value in values.items() if isinstance(value, int | float)}


def _making(path: Path) -> dict[str, Any]:
    """What the trainer wrote into the metadata of the weights: recipe, dataset, step, versions."""
    if not path.is_file():
        return {}
    try:
        with safe_open(path, framework="numpy") as file:
            making = json.loads((file.metadata() or {}).get("facades", "{}"))
    except (SafetensorError, ValueError) as error:
        raise UserError(f"{path}: not a generator of this project: {error}") from None
    return dict(making)


def _flat(making: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in making.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return flat


def _apart(step: int, published: int | None) -> tuple[float, int]:
    """Order of snapshots by how near they are to the published step; without one, the last is the first."""
    return (0 if published is None else abs(step - published), -step)


def _snapshots(folder: Path) -> list[tuple[int, Path]]:
    """(step, file) in the order of steps; a snapshot's name ends in its step."""
    named = [(re.search(r"(\d+)$", path.stem), path) for path in folder.glob("*.png")]
    return sorted((int(match[1]), path) for match, path in named if match)


def _grid(path: Path) -> Image.Image:
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except OSError as error:
        raise UserError(f"{path}: not a readable picture: {error}") from None


def _corner(grid: Image.Image) -> Image.Image:
    return grid.crop((0, 0, grid.width // 2, grid.height // 2))


def _animation(grids: Sequence[Image.Image], alt: str) -> Picture | None:
    # Encoded anew from the lossless snapshots: a tenth of the size of progress.gif, and without its palette.
    if len(grids) < 2:
        return None
    return picture(grids[0], alt, [*grids[1:]], [FRAME_MS] * (len(grids) - 1) + [LAST_FRAME_MS])


def _charts(path: Path, metrics: Mapping[str, float]) -> tuple[Chart, ...]:
    if not path.is_file():
        return ()
    columns = _columns(path)
    steps = columns.get("step")
    if steps is None:
        return ()
    drawn = []
    for title, names in CURVES:
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
        raise UserError(f"{path}: expected numbers below its first line: {error}") from None


def _spread(items: Sequence[T], count: int) -> list[T]:
    """At most `count` of `items`, evenly spread, first and last included."""
    if len(items) <= count:
        return list(items)
    return [items[round(index)] for index in np.linspace(0, len(items) - 1, count)]
