"""The tables beside the page: complete, and equal in both formats."""

import csv
import itertools
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from curate.schemas import Decision, Reason
from pipelines.report.write import write_report
from tests.pipelines.report.report_inputs import Inputs, write_inputs

pytestmark = pytest.mark.integration

NAMES = ["clusters", "dropped", "failures", "funnel", "licenses", "measures", "models", "sources"]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    return write_inputs(tmp_path_factory.mktemp("inputs"), kept=20, each=40, models=("facade",))


@pytest.fixture(scope="module")
def folder(inputs: Inputs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report")
    write_report(sources=inputs.sources, dataset=inputs.dataset, models=inputs.models, out=out / "index.html")
    return out / "tables"


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(folder / f"{name}.parquet").to_pylist()
    return found


def test_each_table_is_written_twice_and_linked_from_the_page(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [f"{n}.{e}" for n in NAMES for e in ("csv", "parquet")]
    page = (folder.parent / "index.html").read_text()
    for name in NAMES:
        assert f'href="tables/{name}.csv"' in page
        with (folder / f"{name}.csv").open(newline="") as file:
            header, *lines = csv.reader(file)
        table = pq.read_table(folder / f"{name}.parquet")
        assert header == table.column_names
        assert len(lines) == table.num_rows


def test_the_steps_of_the_funnel_add_up(folder: Path, inputs: Inputs) -> None:
    found = rows(folder, "funnel")
    steps = [row for row in found if row["loss"] is None]
    assert steps[0]["count"] == len(inputs.fetches)
    for step, after in itertools.pairwise(steps):
        losses = sum(row["count"] for row in found if row["step"] == step["step"] and row["loss"])
        assert step["count"] - losses == after["count"]
    assert steps[-1]["count"] == sum(row["decision"] == Decision.KEPT for row in inputs.manifest)


def test_every_dropped_image_is_listed_the_nearest_to_its_threshold_first(folder: Path, inputs: Inputs) -> None:
    found = rows(folder, "dropped")
    expected = {(row["sha256"], row["source"]) for row in inputs.manifest if row["decision"] == Decision.DROPPED}
    assert {(row["sha256"], row["source"]) for row in found} == expected
    assert len(found) == len(expected)
    order = list(Reason)
    assert [order.index(row["reason"]) for row in found] == sorted(order.index(row["reason"]) for row in found)
    for reason in (Reason.BLURRED, Reason.DRAWING):
        gaps = [abs(row["value"] - row["threshold"]) for row in found if row["reason"] == reason]
        assert len(gaps) == 40
        assert gaps == sorted(gaps)


def test_the_keeper_is_the_first_of_its_cluster(folder: Path, inputs: Inputs) -> None:
    found = rows(folder, "clusters")
    assert found
    for before, row in itertools.pairwise([{"cluster": None}, *found]):
        assert row["is_keeper"] == (row["cluster"] != before["cluster"])


def test_each_image_has_its_measures_and_its_decision(folder: Path, inputs: Inputs) -> None:
    found = rows(folder, "measures")
    decided = {(row["sha256"], row["source"]): row["decision"] for row in inputs.manifest}
    assert {(row["sha256"], row["source"]): row["decision"] for row in found}.items() <= decided.items()
    assert sum(row["decision"] == Decision.KEPT for row in found) == 20
    measured = {
        (row["sha256"], row["entropy"], row["paper"])
        for paths in inputs.sources.values()
        for row in pq.read_table(paths.prepared).to_pylist()
    }
    assert {(row["sha256"], row["entropy"], row["paper"]) for row in found} <= measured
