"""Outputs of the stages before the report: drawn facades, every outcome and reason, hostile text."""

import csv
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from common.files import write_table
from crawler.archive.schemas import FETCHES, IMAGES, Outcome, Role
from curate.schemas import DECODE_ERRORS, MANIFEST, Decision, Reason, Split
from pipelines.report.inputs import SourcePaths
from train.samples import grid

EDGE = 64

HOSTILE_TITLES = (
    "<script>window.hacked=1</script>",
    '"><img src=x onerror="window.hacked=1">',
    "'); } </style><script>window.hacked=1</script>",
    "{{ 7 * 7 }} {% raw %}",
    "واجهة مبنى قديم \u202egpj.exe",
    "a\x00b\r\nc " + "long " * 100,
)
HOSTILE_PAGES = (
    "javascript:window.hacked=1",
    "data:text/html,<script>window.hacked=1</script>",
    "//no-scheme/x",
    "http://[bad",
)

MEASURES: dict[Reason, tuple[str, float, float]] = {
    Reason.TOO_SMALL: ("side", 96, -1),
    Reason.ODD_ASPECT: ("aspect", 2.5, +1),
    Reason.BLURRED: ("sharpness", 0.4, -1),
    Reason.DARK: ("highlight", 0.32, -1),
    Reason.BRIGHT: ("shadow", 0.6, +1),
    Reason.LOW_INFORMATION: ("entropy", 4, -1),
    Reason.GREYSCALE: ("chroma", 2, -1),
    Reason.DRAWING: ("paper", 0.33, +1),
    Reason.BORDER: ("border", 0.05, +1),
    Reason.NOT_FACADE: ("facade", 0.3, -1),
}
"""Measure, threshold, and on which side of it an image is dropped."""


@dataclass
class Inputs:
    sources: dict[str, SourcePaths]
    dataset: Path
    models: dict[str, Path]
    manifest: list[dict[str, Any]] = field(default_factory=list)
    fetches: list[dict[str, Any]] = field(default_factory=list)


def draw_facade(rng: np.random.Generator) -> NDArray[np.uint8]:
    """(64, 64, 3): a wall with a grid of windows below a roof."""
    wall = tuple(int(value) for value in rng.integers((120, 90, 70), (235, 200, 180)))
    picture = Image.new(
        "RGB", (EDGE, EDGE), tuple(int(value) for value in rng.integers((120, 160, 200), (190, 210, 250)))
    )
    pen = ImageDraw.Draw(picture)
    top = int(rng.integers(4, 14))
    pen.rectangle((2, top, 61, 63), fill=wall)
    pen.rectangle((0, top - 3, 63, top), fill=(90, 60, 50))
    columns, rows = (int(value) for value in rng.integers((3, 2), (7, 6)))
    for column in range(columns):
        for row in range(rows):
            x, y = 5 + column * 56 / columns, top + 4 + row * (58 - top) / rows
            pen.rectangle((x, y, x + 34 / columns, y + 34 / rows), fill=(40, 50, 70), outline=(240, 240, 230))
    return np.asarray(picture)


def write_inputs(
    folder: Path, *, kept: int = 70, each: int = 4, models: tuple[str, ...] = ("seed", "facade", "unfinished")
) -> Inputs:
    """Two sources, a dataset of `kept` facades and `each` images of every reason, and some models."""
    rng = np.random.default_rng(7)
    names = ("town", "museum")
    sources = {
        name: SourcePaths(
            folder / "archive" / name, folder / "images" / f"{name}.parquet", folder / "prepared" / f"{name}.parquet"
        )
        for name in names
    }
    inputs = Inputs(sources, folder / "dataset", {name: folder / "models" / name for name in models})
    pictures: dict[str, NDArray[np.uint8]] = {}
    _facades(inputs, pictures, kept, rng)
    _drops(inputs, pictures, each, rng)
    inputs.manifest.sort(key=lambda row: (row["sha256"], row["source"]))
    rows = [row for row in inputs.manifest if row["decision"] == Decision.KEPT]
    for number, row in enumerate(rows):
        row |= {"row": number, "split": Split.HOLDOUT if number % 10 == 0 else Split.TRAIN}
    for name, paths in sources.items():
        _write_source(name, paths, inputs, pictures, each)
    inputs.dataset.mkdir(parents=True)
    images = np.array([pictures[row["sha256"]].transpose(2, 0, 1) for row in rows], np.uint8).reshape(-1, 3, EDGE, EDGE)
    np.save(inputs.dataset / "images.npy", images)
    np.save(inputs.dataset / "split.npy", np.array([row["split"] == Split.HOLDOUT for row in rows], np.uint8))
    write_table(pa.Table.from_pylist(inputs.manifest, MANIFEST), inputs.dataset / "manifest.parquet")
    for place, path in enumerate(inputs.models.values()):
        _write_model(path, rng, quality=place, finished=path.name != "unfinished")
    return inputs


def _row(number: int, **given: Any) -> dict[str, Any]:
    sha256 = hashlib.sha256(str(number).encode()).hexdigest()
    source = ("town", "museum")[number % 5 == 0]
    license_id, license_url = (
        ("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("CC-BY-SA-4.0", "https://creativecommons.org/licenses/by-sa/4.0/"),
        ("CC-BY-4.0", "javascript:window.hacked=1"),
    )[number % 3]
    title = HOSTILE_TITLES[number] if number < len(HOSTILE_TITLES) else f"Rue des Façades {number}"
    return {
        "sha256": sha256,
        "source": source,
        "image_url": f"https://images.invalid/{number}.jpg",
        "page_url": HOSTILE_PAGES[number] if number < len(HOSTILE_PAGES) else f"https://pages.invalid/{number}?a=1&b=2",
        "title": title,
        "author": f"Author {number % 9} <script>window.hacked=1</script>",
        "license": license_id,
        "license_url": license_url,
        "attribution": f"{title}, {license_id}",
        "tags": ["paris"],
        "decision": Decision.KEPT,
        "cluster": sha256,
        "rule_version": 1,
        **given,
    }


def _facades(inputs: Inputs, pictures: dict[str, NDArray[np.uint8]], kept: int, rng: np.random.Generator) -> None:
    for number in range(kept):
        row = _row(number)
        pictures[row["sha256"]] = draw_facade(rng)
        inputs.manifest.append(row)


def _drops(inputs: Inputs, pictures: dict[str, NDArray[np.uint8]], each: int, rng: np.random.Generator) -> None:
    keepers = list(inputs.manifest)
    number = 1000
    for reason in Reason:
        for place in range(each):
            number += 1
            row = _row(number, decision=Decision.DROPPED, reason=reason)
            picture = draw_facade(rng)
            if reason in MEASURES:
                measure, threshold, side = MEASURES[reason]
                row |= {
                    "measure": measure,
                    "threshold": threshold,
                    "value": threshold * (1 + side * (place + 1) / (each + 1)),
                }
            if reason == Reason.LICENSE_UNKNOWN:
                row |= {"license": "unknown", "license_url": ""}
            if reason in (Reason.EXACT_DUPLICATE, Reason.NEAR_DUPLICATE) and keepers:
                keeper = keepers[place // 2 % len(keepers)]
                picture = pictures[keeper["sha256"]]
                row |= {"cluster": keeper["sha256"], "keeper": keeper["sha256"], "distance": 0, "similarity": 1.0}
                if reason == Reason.EXACT_DUPLICATE:  # the same bytes in the other source
                    row |= {"sha256": keeper["sha256"], "source": "museum" if keeper["source"] == "town" else "town"}
                    if place % 2:
                        continue
                else:
                    picture = np.asarray(Image.fromarray(picture).crop((2, 2, 60, 60)).resize((EDGE, EDGE)))
                    row |= {"distance": 4 + place, "similarity": 0.99 - place / 100}
                    row |= {"measure": "similarity", "value": row["similarity"], "threshold": 0.5}
            if reason not in DECODE_ERRORS:
                pictures[row["sha256"]] = picture
            inputs.manifest.append(row)


def _write_source(
    name: str, paths: SourcePaths, inputs: Inputs, pictures: dict[str, NDArray[np.uint8]], each: int
) -> None:
    rows = [row for row in inputs.manifest if row["source"] == name]
    write_table(
        pa.Table.from_pylist([{key: row[key] for key in IMAGES.names if key in row} for row in rows], IMAGES),
        paths.images,
    )
    spread = np.random.default_rng(len(name))
    prepared = {
        measure: pa.array(threshold * (1 - side * spread.gamma(3, 0.15, len(rows)) * 0.8 + side * 0.1), pa.float64())
        for measure, threshold, side in MEASURES.values()
        if measure not in ("side", "aspect")
    } | {
        "sha256": pa.array([row["sha256"] for row in rows], pa.string()),
        "error": pa.array([row["reason"] if row.get("reason") in DECODE_ERRORS else None for row in rows], pa.string()),
        "pixels": pa.array(
            [
                pictures[row["sha256"]].transpose(2, 0, 1).tobytes() if row["sha256"] in pictures else None
                for row in rows
            ],
            pa.binary(3 * EDGE * EDGE),
        ),
    }
    write_table(pa.table(prepared), paths.prepared)
    at = datetime(2026, 11, 2, tzinfo=UTC)
    urls = [(row["image_url"], Role.IMAGE, Outcome.STORED) for row in rows]
    urls += [(f"{row['image_url']}?again", Role.IMAGE, Outcome.UNCHANGED) for row in rows[:each]]
    urls += [(f"https://pages.invalid/list/{page}", Role.PAGE, Outcome.STORED) for page in range(each)]
    urls += [
        (
            f"https://images.invalid/{outcome}/{place}?<script>window.hacked=1</script>",
            Role(("image", "page")[place % 2]),
            outcome,
        )
        for outcome in Outcome
        if outcome not in (Outcome.STORED, Outcome.UNCHANGED)
        for place in range(each)
    ]
    fetches = [
        {
            "url": url,
            "role": role,
            "outcome": outcome,
            "status": 404 if outcome == Outcome.HTTP_ERROR else 200 if outcome == Outcome.STORED else None,
            "attempts": 1,
            "first_at": at,
            "last_at": at + timedelta(hours=1),
            "nbytes": 1000,
            "final_url": url,
            "detail": "" if outcome == Outcome.STORED else "<b>said the server</b>",
        }
        for url, role, outcome in sorted(urls)
    ]
    inputs.fetches += fetches
    write_table(pa.Table.from_pylist(fetches, FETCHES), paths.archive / "fetches.parquet")
    (paths.archive / "run.json").write_text(json.dumps({"entry": {"kind": "demo", "snapshot": "1"}}))


def _grid(tiles: list[NDArray[np.uint8]]) -> Image.Image:
    return grid(np.stack(tiles).transpose(0, 3, 1, 2), columns=8)


def _write_model(folder: Path, rng: np.random.Generator, *, quality: int, finished: bool) -> None:
    (folder / "samples").mkdir(parents=True)
    if not finished:
        return
    final = [draw_facade(rng).astype(np.float64) for _ in range(64)]
    for step in range(0, 1001, 200):
        noise = 120 * (1 - step / 1000) + 15 - 10 * quality
        tiles = [np.clip(tile + rng.normal(0, noise, tile.shape), 0, 255).astype(np.uint8) for tile in final]
        _grid(tiles).save(folder / "samples" / f"step-{step:06d}.png", compress_level=1)
    (folder / "neighbours").mkdir()
    for file in ("samples/highest.png", "samples/lowest.png", "neighbours/nearest.png", "neighbours/farthest.png"):
        _grid([tile.astype(np.uint8) for tile in final[:16]]).save(folder / file, compress_level=1)
    with (folder / "log.csv").open("w", newline="") as lines:
        log = csv.writer(lines)
        log.writerow(["step", "images", "loss_d", "loss_g", "d_real", "d_fake", "ksd", "d_train", "d_heldout"])
        for step in range(1, 1001):
            fade = np.exp(-step / 300)
            wobble = rng.normal(0, 0.08, 4)
            gauged = (0.2 * fade + 0.1 - quality / 50, 0.95 - fade / 2, 0.5 + fade / 4)
            log.writerow(
                [
                    step,
                    step * 64,
                    *(f"{value:.5f}" for value in (0.6 + fade + wobble[0], 2.5 - fade + 3 * wobble[1])),
                    *(f"{value:.5f}" for value in (0.7 + wobble[2], 0.3 * fade + 0.2 + wobble[3])),
                    *(f"{value:.5f}" if step % 100 == 0 else "" for value in gauged),
                ]
            )
    metrics = {
        "n": 1000,
        "ksd": 0.12 - quality / 50,
        "ksd_floor": 0.004,
        "ksd_train": 0.11,
        "fsd": 30.0 + quality,
        "fsd_floor": 9.5,
        "recall": 0.4,
        **({"overfitting_since": 640} if quality == 0 else {}),
    }
    (folder / "metrics.json").write_text(json.dumps(metrics))
