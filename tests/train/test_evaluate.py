import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from common.errors import UserError
from train import data, generator
from train.evaluate import evaluate
from train.networks import Generator
from train.provenance import Provenance
from train.recipe import EvaluateParams, Recipe
from train.samples import GAP

pytestmark = pytest.mark.integration

METRICS = ("fsd", "ksd", "swd", "precision", "recall", "density", "coverage")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "generator.safetensors"
    recipe = Recipe(latent=8, width_g=4)
    provenance = Provenance(
        recipe=recipe,
        dataset="",
        size=32,
        step=5,
        ksd=None,
        alarms={"collapse": 4},
        device="cpu",
        precision="fp32",
        threads=1,
        versions={},
    )
    generator.save(Generator(8, 4, 32).state_dict(), provenance, path)
    return path


def test_every_metric_has_its_floor_and_the_same_against_training(dataset: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "metrics.json"
    evaluate(dataset, model, EvaluateParams(n=20), out, tmp_path / "neighbours")
    found = json.loads(out.read_text())
    assert sorted(path.name for path in (tmp_path / "neighbours").iterdir()) == ["farthest.png", "nearest.png"]
    counts = {"step": 5, "collapse_since": 4, "n_generated": 20, "n_training": 20, "n_heldout": 8}
    assert {name: found.pop(name) for name in counts} == counts
    assert set(found) == {metric + suffix for metric in METRICS for suffix in ("", "_floor", "_train")}
    # An untrained generator draws grey noise; training images are walls like the held-out ones.
    for metric in ("fsd", "ksd", "swd"):
        assert found[f"{metric}_floor"] < found[metric]


def test_the_same_twice(dataset: Path, model: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        evaluate(dataset, model, EvaluateParams(n=20), tmp_path / name, tmp_path / "neighbours")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_neighbours_are_searched_among_all_training_images(
    dataset: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A generator that has learnt all 24 by heart: each stands above itself, though the metrics compare 10."""
    rows = data.read(dataset)
    copies = rows[torch.arange(len(rows))]
    monkeypatch.setattr(generator, "generate", lambda *made: copies)
    reports: list[tuple[int, int | None]] = []
    evaluate(
        dataset,
        model,
        EvaluateParams(n=10),
        tmp_path / "metrics.json",
        tmp_path / "neighbours",
        lambda done, total, note: reports.append((done, total)),
    )
    assert json.loads((tmp_path / "metrics.json").read_text())["n_training"] == 10
    pitch = rows.size + GAP
    shown = set()
    for name in ("nearest.png", "farthest.png"):
        pixels = np.asarray(Image.open(tmp_path / "neighbours" / name))
        above, below, *others = (pixels[top : top + rows.size] for top in range(0, len(pixels), pitch))
        np.testing.assert_array_equal([above, others[0]], [below, others[1]])
        shown |= {tuple(above[0, place]) for place in range(0, above.shape[1], pitch)}
    assert len(shown) > 10  # so that some are none of the 10
    total = 24 + 10 + 8 + 14
    assert reports[-1] == (total, total)


def test_without_held_out_images_there_is_nothing_to_compare_with(dataset: Path, model: Path, tmp_path: Path) -> None:
    np.save(dataset / "split.npy", np.zeros(32, np.uint8))
    with pytest.raises(UserError, match="no held-out images"):
        evaluate(dataset, model, EvaluateParams(n=20), tmp_path / "metrics.json", tmp_path / "neighbours")


def test_too_few_held_out_images_are_one_line(dataset: Path, model: Path, tmp_path: Path) -> None:
    np.save(dataset / "split.npy", (np.arange(32) < 5).astype(np.uint8))
    with pytest.raises(UserError, match="found 5 held-out images, expected more than 5"):
        evaluate(dataset, model, EvaluateParams(n=20), tmp_path / "metrics.json", tmp_path / "neighbours")
