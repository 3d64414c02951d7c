"""The real `dvc repro` in temporary clones: which stages run, and whether two runs agree."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.e2e.clones import Clone, fresh

pytestmark = pytest.mark.integration

ALL = [
    "check",
    "crawl@demo",
    "extract@demo",
    "prepare@demo",
    "curate",
    "train@facade",
    "evaluate@facade",
    "describe@facade",
    "report",
]


def without_archives(lock: dict[str, Any]) -> dict[str, Any]:
    """dvc.lock less the archives, which hold the times of their crawl, and what names these or positions in them."""
    return {
        stage: {
            kind: [item for item in body[kind] if not item["path"].startswith(("data/archive", "data/signals"))]
            for kind in ("deps", "outs")
            if kind in body
        }
        for stage, body in lock.items()
        if stage not in ("describe@facade", "report")
    }


def test_two_fresh_clones_agree_to_the_byte(reproduced: Clone, tmp_path: Path) -> None:
    other = fresh(tmp_path)
    assert sorted(other.repro()) == sorted(ALL)
    ours, theirs = without_archives(reproduced.lock()), without_archives(other.lock())
    assert ours == theirs
    assert {item["path"] for item in ours["curate"]["outs"]} == {"data/dataset"}
    assert "models/facade/generator.safetensors" in {item["path"] for item in ours["train@facade"]["outs"]}


def test_a_second_repro_does_nothing(copy: Clone) -> None:
    assert copy.repro() == []


def test_a_new_source_crawls_that_source_alone_and_taken_out_it_is_out_of_the_dataset(copy: Clone) -> None:
    copy.params(lambda p: p["sources"].update(suburb={"kind": "demo", "buildings": 20, "seed": 8, "snapshot": "1"}))
    ran = copy.repro("curate")
    assert {"crawl@suburb", "extract@suburb", "prepare@suburb", "curate"} <= set(ran)
    assert not [stage for stage in ran if stage.endswith("@demo")]
    manifest = copy.folder / "data/dataset/manifest.parquet"
    assert set(pq.read_table(manifest)["source"].to_pylist()) == {"demo", "suburb"}
    copy.params(lambda p: p["sources"].pop("suburb"))
    assert not [stage for stage in copy.repro("curate") if stage.startswith("crawl")]
    assert (copy.folder / "data/images/suburb.parquet").exists()
    assert set(pq.read_table(manifest)["source"].to_pylist()) == {"demo"}


def test_a_changed_parser_crawls_nothing_and_extracts_again(copy: Clone) -> None:
    parser = copy.folder / "crawler/spiders/demo/spider.py"
    parser.write_text(parser.read_text() + "\n# a better parser\n")
    assert copy.repro() == ["extract@demo"]


def test_a_changed_threshold_decodes_nothing_again(copy: Clone) -> None:
    copy.params(lambda p: p["curate"]["thresholds"].update(min_side=300))
    ran = copy.repro("curate")
    assert "curate" in ran
    assert not {stage.split("@")[0] for stage in ran} & {"crawl", "extract", "prepare"}


def test_a_changed_contact_neither_trains_nor_evaluates(copy: Clone) -> None:
    copy.params(lambda p: p["crawl"].update(contact="ann@example.invalid"))
    assert set(copy.repro()) == {"check", "curate", "describe@facade", "report"}
    assert "Write to ann@example.invalid" in (copy.folder / "models/facade/card.md").read_text()


def test_a_changed_recipe_retrains_that_model_alone(copy: Clone) -> None:
    copy.params(lambda p: p["models"].update(other={**p["models"]["facade"], "steps": 2}))
    assert set(copy.repro()) == {"check", "train@other", "evaluate@other", "describe@other", "report"}
    copy.params(lambda p: p["models"]["other"].update(steps=3))
    assert set(copy.repro()) == {"check", "train@other", "evaluate@other", "describe@other", "report"}
