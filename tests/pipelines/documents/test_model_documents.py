"""The documents of a model: every figure comes from the outputs of the stages, and readers of cards accept them."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml  # type: ignore[import-untyped]
from huggingface_hub import ModelCard, ModelCardData
from markdown_it import MarkdownIt
from safetensors.numpy import save_file

from curate.schemas import MANIFEST
from pipelines.documents.facts import FETCHES_COLUMNS, ModelFacts, model_facts
from pipelines.documents.model_card import limits
from pipelines.documents.write import CARD_FILE, TRAINING_CONTENT_FILE, documents, write_documents
from pipelines.report.labels import METRICS
from train.provenance import KEY
from train.recipe import Recipe

HOSTILE = "</td><script>x</script> | **b** [l](javascript:x)\n# Heading"
PARAMS: dict[str, Any] = {
    "crawl": {"contact": "ann@example.invalid"},
    "sources": {
        "museum": {"kind": "iiif", "url": "https://bob:S3cret@museum.invalid/m?key=K3Y", "snapshot": "2026-11"},
        "prints": {"kind": "folder", "path": "/home/bob.smith/private/prints", "author": HOSTILE},
        "town": {"kind": "demo", "buildings": 20},
    },
}


def row(number: int, source: str, url: str, **values: Any) -> dict[str, Any]:
    sha256 = hashlib.sha256(str(number).encode()).hexdigest()
    kept = "reason" not in values
    return {
        "sha256": sha256,
        "source": source,
        "image_url": url,
        "page_url": "https://museum.invalid/p",
        "title": HOSTILE,
        "author": ("Ann", "")[number % 2],
        "license": "CC-BY-4.0",
        "tags": [HOSTILE],
        "digital_source_type": "trainedAlgorithmicMedia" if number in (3, 11) else None,
        "decision": "kept" if kept else "dropped",
        "split": "train" if kept else None,
        "row": number if kept else None,
        **values,
    }


@pytest.fixture(scope="module")
def manifest() -> pa.Table:
    rows = [
        *(row(number, "museum", f"https://pictures.museum.invalid/{number}.jpg") for number in range(4)),
        row(4, "museum", "https://old.museum.invalid/4.jpg", license="CC0-1.0"),
        row(5, "museum", "https://old.museum.invalid/5.jpg", split="holdout"),
        row(6, "museum", "https://old.museum.invalid/6.jpg", reason="opt_out", opt_out="tdm_header: 1"),
        row(7, "museum", "https://old.museum.invalid/7.jpg", reason="excluded"),
        row(8, "prints", "folder://prints/8.jpg", license="unknown"),
        row(9, "town", "http://demo-town.invalid/9.jpg", license="CC0-1.0", latitude=48.8566, longitude=2.3522),
        row(10, "town", "http://demo-town.invalid/10.jpg", reason="blurred"),
        row(11, "museum", "https://old.museum.invalid/11.jpg", reason="synthetic"),
    ]
    return pa.Table.from_pylist(rows, MANIFEST)


def fetches(outcomes: dict[str, int], *days: int) -> pa.Table:
    times = [datetime(2026, 11, day, 23, tzinfo=UTC) for day in days]
    rows = [
        {"outcome": outcome, "first_at": times[0], "last_at": times[-1]}
        for outcome, count in outcomes.items()
        for _ in range(count)
    ]
    columns = zip(FETCHES_COLUMNS, (pa.string(), pa.timestamp("us", "UTC"), pa.timestamp("us", "UTC")), strict=True)
    return pa.Table.from_pylist(rows, pa.schema(list(columns)))


FETCHES = {
    "museum": fetches({"stored": 9, "robots": 3, "opt_out": 2}, 3, 5),
    "prints": fetches({"stored": 1}, 7),
    "town": fetches({"stored": 2}, 6),
}


def metrics(**values: float) -> bytes:
    found: dict[str, float] = {"step": 400, "n_generated": 1000, "n_training": 6, "n_heldout": 1}
    for number, metric in enumerate(METRICS, 1):
        found |= {metric.key: number / 8, f"{metric.key}_floor": number / 16, f"{metric.key}_train": number / 4}
    return json.dumps({**found, **values}).encode()


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    record = {
        "recipe": Recipe(recipe="facade", steps=800, labels=("museum", HOSTILE)).model_dump(mode="json"),
        "dataset": "0123456789abcdef" * 4,
        "size": 64,
        "step": 400,
        "ksd": 0.25,
        "alarms": {},
        "device": "cpu",
        "precision": "fp32",
        "threads": 2,
        "processes": 1,
        "versions": {"python": "3.11.9"},
    }
    path = tmp_path_factory.mktemp("model") / "generator.safetensors"
    save_file({"w": np.zeros(1, np.float32)}, path, metadata={KEY: json.dumps(record)})
    return path


@pytest.fixture(scope="module")
def found(generator: Path, manifest: pa.Table) -> ModelFacts:
    return model_facts("facade", generator, metrics(), manifest, FETCHES, PARAMS)


def test_the_model_card_is_the_golden_one(found: ModelFacts, golden: Callable[[str, str], None]) -> None:
    golden("model-card.md", documents(found)[CARD_FILE])


def test_the_training_content_is_the_golden_one(found: ModelFacts, golden: Callable[[str, str], None]) -> None:
    golden("training-content.md", documents(found)[TRAINING_CONTENT_FILE])


def test_equal_inputs_give_equal_bytes(generator: Path, manifest: pa.Table, tmp_path: Path) -> None:
    for name, table in (("a", manifest), ("b", manifest.take(list(reversed(range(len(manifest))))))):
        params = {"sources": dict(reversed(PARAMS["sources"].items())), "crawl": PARAMS["crawl"]}
        (tmp_path / name).mkdir()
        write_documents(
            model_facts("facade", generator, metrics(), table, FETCHES, params if name == "b" else PARAMS),
            tmp_path / name,
        )
    for file in (CARD_FILE, TRAINING_CONTENT_FILE):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_the_counts_are_of_the_training_images(found: ModelFacts) -> None:
    museum = found.sources[0]
    assert (museum.images, museum.training, museum.heldout) == (9, 5, 1)
    assert (museum.first, museum.last) == ("2026-11-03", "2026-11-05")
    assert list(museum.hosts.items()) == [("pictures.museum.invalid", 4), ("old.museum.invalid", 1)]
    assert museum.refused == {"robots": 3, "opt_out": 2}
    assert found.sources[1].hosts == {}  # files have no host
    assert found.training.licenses == {"CC-BY-4.0": 4, "CC0-1.0": 2, "unknown": 1}
    assert found.period == ("2026-11-03", "2026-11-07")
    assert found.ai_made == 1
    assert found.training.countries == {"FR": 1}
    assert [source.name for source in found.crawled] == ["museum"]


def test_the_hub_reads_the_metadata_of_the_card(found: ModelFacts) -> None:
    data = ModelCard(documents(found)[CARD_FILE]).data
    assert isinstance(data, ModelCardData)
    assert data.license == "other"
    assert data.pipeline_tag == "unconditional-image-generation"
    assert data.datasets == ["facades-01234567"]
    assert data.model_name == "facade"
    results = {result.metric_type: result.metric_value for result in data.eval_results or ()}
    assert results == {
        f"{metric.key}{suffix}": json.loads(metrics())[f"{metric.key}{suffix}"]
        for metric in METRICS
        for suffix in ("", "_floor", "_train")
    }
    assert all(result.dataset_split == "holdout" for result in data.eval_results or ())


@pytest.mark.parametrize("name", ["yes", "a: b", "- x", "0", "null"])
def test_the_name_of_a_model_never_changes_the_metadata(name: str, generator: Path, manifest: pa.Table) -> None:
    text = documents(model_facts(name, generator, metrics(), manifest, FETCHES, PARAMS))[CARD_FILE]
    assert yaml.safe_load(text.split("---\n")[1])["model-index"][0]["name"] == name


def test_text_from_the_web_stays_text(found: ModelFacts) -> None:
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
    for text in documents(found).values():
        tokens = markdown.parse(text.split("---\n", 2)[-1])
        inline = [child for token in tokens for child in token.children or ()]
        assert {token.type for token in (*tokens, *inline)}.isdisjoint({"html_block", "html_inline", "link_open"})
        headings = [after for token, after in pairwise(tokens) if token.type == "heading_open"]
        assert not any("Heading" in heading.content for heading in headings)
        assert "<script>x</script>" in "".join(token.content for token in inline)  # shown as it is


def test_the_documents_have_neither_credentials_nor_folders_of_a_disk(found: ModelFacts) -> None:
    for text in documents(found).values():
        for secret in ("bob", "S3cret", "K3Y", "/home", "private"):
            assert secret not in text
        assert "prints" in text


def test_a_model_nearer_to_its_training_images_says_so(generator: Path, manifest: pa.Table) -> None:
    near = model_facts("facade", generator, metrics(ksd=0.5, ksd_train=0.125), manifest, FETCHES, PARAMS)
    far = model_facts("facade", generator, metrics(ksd=0.125, ksd_train=0.5), manifest, FETCHES, PARAMS)
    assert "nearer to the training images (KSD 0.125) than to the held-out images (KSD 0.5)" in next(limits(near))
    assert "no nearer to the training images (KSD 0.5)" in next(limits(far))


def test_what_is_missing_is_not_recorded(generator: Path, manifest: pa.Table) -> None:
    empty = {name: table.slice(0, 0) for name, table in FETCHES.items()}
    params = {"sources": PARAMS["sources"]}
    found = model_facts("facade", generator, b"{}", manifest, empty, params)
    card = documents(found)[CARD_FILE]
    assert "model-index" not in card
    assert "Figures: not recorded." in card
    content = documents(found)[TRAINING_CONTENT_FILE]
    assert "- **Period of data collection:** Not recorded." in content
    assert "- **Latest date of data acquisition:** Not recorded." in content


def test_every_point_of_the_californian_law_has_an_answer(found: ModelFacts) -> None:
    text = documents(found)[TRAINING_CONTENT_FILE].split("## California")[1]
    points = [line.split(".")[0] for line in text.splitlines() if line[:1].isdigit()]
    assert points == [str(number) for number in range(1, 13)]
