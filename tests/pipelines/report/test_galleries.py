"""Galleries of kept, dropped and duplicate images."""

import base64
import io
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from common.files import write_table
from curate.schemas import MANIFEST, Decision, Reason
from pipelines.report import labels, selection
from pipelines.report.embedded import LARGEST_TILE, sprite
from tests.pipelines.report.page import Page, report
from tests.pipelines.report.report_inputs import Inputs, draw_facade, write_inputs


def test_each_reason_shows_its_images_with_value_and_threshold(inputs: Inputs, page: Page) -> None:
    for reason in Reason:
        rows = [row for row in inputs.manifest if row.get("reason") == reason]
        seen = page.tiles(f"dropped-{reason}")
        drawn = reason not in labels.HIDDEN_REASONS and reason not in (
            "empty",
            "not_an_image",
            "unsupported",
            "truncated",
            "corrupt",
            "too_many_pixels",
        )
        assert len(seen) == (len(rows) if drawn else 0), reason
    for row in inputs.manifest:
        if row.get("measure"):
            sign = "≥" if row["measure"] == "similarity" else "<" if row["value"] < row["threshold"] else ">"
            assert f"{row['value']:.3g} {sign} {row['threshold']:.3g}" in page.text


def test_excluded_and_reserved_images_are_not_in_the_page(tmp_path: Path) -> None:
    inputs = write_inputs(tmp_path, models=())
    before = report(inputs, tmp_path / "before.html").html
    for paths in inputs.sources.values():  # other pixels for the hidden: nobody must see a difference
        table = pq.read_table(paths.prepared)
        hidden = {row["sha256"] for row in inputs.manifest if row.get("reason") in labels.HIDDEN_REASONS}
        pixels = [
            bytes(3 * 64 * 64) if sha256 in hidden else pixels
            for sha256, pixels in zip(table["sha256"].to_pylist(), table["pixels"].to_pylist(), strict=True)
        ]
        changed = pa.array(pixels, pa.binary(3 * 64 * 64))
        write_table(table.set_column(table.schema.get_field_index("pixels"), "pixels", changed), paths.prepared)
    assert report(inputs, tmp_path / "after.html").html == before


def test_dropped_images_are_selected_by_their_distance_to_the_threshold() -> None:
    rng = np.random.default_rng(3)
    rows = [
        {
            "sha256": f"{number:064x}",
            "source": "town",
            "decision": "dropped",
            "reason": "too_small",
            "measure": ("width", "height")[number % 2],
            "value": None if number % 10 == 0 else float(rng.integers(1, 60)),
            "threshold": (64.0, 128.0)[number % 2],
        }
        for number in rng.permutation(100).tolist()
    ]
    chosen = selection.dropped(pa.Table.from_pylist(rows, MANIFEST))[Reason.TOO_SMALL]

    def gap(row: dict[str, Any]) -> tuple[float, str]:
        value = row["value"]
        return (np.inf if value is None else abs(value - row["threshold"]) / row["threshold"]), row["sha256"]

    assert chosen.total == 100
    assert [row["sha256"] for row in chosen.rows] == [
        row["sha256"] for row in sorted(rows, key=gap)[: selection.DROPPED_SHOWN]
    ]


def test_the_keeper_comes_first_and_the_least_similar_cluster_too(inputs: Inputs, page: Page) -> None:
    clusters = selection.clusters(pa.Table.from_pylist(inputs.manifest, MANIFEST))
    members = Counter(row["cluster"] for row in inputs.manifest)
    assert clusters.total == sum(number > 1 for number in members.values())
    assert clusters.images == sum(number for number in members.values() if number > 1)
    worst = []
    for cluster in clusters.shown:
        keeper, *others = cluster.rows
        assert keeper["decision"] == Decision.KEPT
        assert {row["keeper"] for row in others} == {keeper["sha256"]}
        worst.append(min((row["similarity"] for row in others if row["similarity"] is not None), default=1.0))
    assert worst == sorted(worst)
    keepers = [one for one in page.all("li") if one.attributes.get("class") == "keeper"]
    assert len(keepers) == clusters.total


@pytest.mark.parametrize(("edge", "count"), [(64, 1), (64, 7), (32, 24), (256, 5)])
def test_a_tile_shows_its_own_picture(edge: int, count: int) -> None:
    rng = np.random.default_rng(edge)
    tiles = [np.asarray(Image.fromarray(draw_facade(rng)).resize((edge, edge))) for _ in range(count)]
    drawn = sprite(tiles)
    assert drawn.side == min(edge, LARGEST_TILE)
    picture = Image.open(io.BytesIO(base64.b64decode(drawn.uri.split(",")[1]))).convert("RGB")
    for index in range(count):
        # As CSS has it, for an element of one tile: size and place are relative to the element.
        width, height = (float(part.rstrip("%")) / 100 * drawn.side for part in drawn.size.split())
        assert (round(width), round(height)) == picture.size
        left, top = (
            -float(part.rstrip("%")) / 100 * (drawn.side - whole)
            for part, whole in zip(drawn.position(index).split(), picture.size, strict=True)
        )
        assert left == pytest.approx(round(left), abs=0.01)
        shown = np.asarray(
            picture.crop((round(left), round(top), round(left) + drawn.side, round(top) + drawn.side)), float
        )
        gaps = [
            np.abs(shown - np.asarray(Image.fromarray(one).resize((drawn.side, drawn.side)))).mean() for one in tiles
        ]
        assert int(np.argmin(gaps)) == index
        assert gaps[index] < 15
