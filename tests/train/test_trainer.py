"""Whole runs of tiny networks: the same bytes twice, and again after being killed."""

import csv
import hashlib
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

from crawler.errors import UserError
from train import checkpoint, generator, journal, trainer
from train.recipe import Recipe

TINY = Recipe(steps=14, batch=8, latent=8, width_g=4, width_d=4, measure_every=6, measure_images=12, ema_images=50)

CHILD = """
import os, signal, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from train import journal, trainer
from train.recipe import Recipe

dataset, recipe, out, state, at = sys.argv[1:]
journal.TELL_EVERY = trainer.SAVE_EVERY = 0.0  # a tiny step is shorter than the time between two saves

def progress(done, total, note):
    if done == int(at):
        os.kill(os.getpid(), signal.SIGKILL)

trainer.train(Path(dataset), Recipe.model_validate_json(recipe), Path(out), Path(state), progress)
"""
"""A training that kills itself at a given step."""


def kill(dataset: Path, recipe: Recipe, folder: Path, at: int) -> None:
    places = [str(dataset), recipe.model_dump_json(), str(folder / "model"), str(folder / "state")]
    command = [sys.executable, "-c", CHILD, *places, str(at)]
    killed = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (folder / "model").exists()


def stop(dataset: Path, recipe: Recipe, folder: Path, at: int, number: signal.Signals = signal.SIGTERM) -> str:
    """Train until a signal comes at a step; give the message."""

    def progress(done: int, total: int | None, note: str) -> None:
        if done == at:
            os.kill(os.getpid(), number)

    with pytest.raises(UserError) as caught:
        train(dataset, recipe, folder, progress)
    return str(caught.value)


def digests(folder: Path) -> dict[str, str]:
    """sha256 of every file of a model."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(autouse=True)
def _tell_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "TELL_EVERY", 0.0)


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

    _, making = generator.load(model / "generator.safetensors")
    assert making.recipe == TINY
    assert making.step == min(measured, key=lambda step: measured[step])
    assert making.ksd == pytest.approx(measured[making.step], rel=1e-4)

    assert (model / "samples" / "highest.png").is_file()
    assert (model / "samples" / "lowest.png").is_file()
    frames = sorted((model / "samples").glob("step-*"))
    assert frames[0].name == "step-000000.png"
    assert frames[-1].name == "step-000014.png"
    assert Image.open(model / "progress.gif").n_frames == len(frames) == 15


def test_the_last_weights_on_request(dataset: Path, tmp_path: Path) -> None:
    train(dataset, TINY.model_copy(update={"keep": "last"}), tmp_path)
    assert generator.load(tmp_path / "model" / "generator.safetensors")[1].step == TINY.steps


def test_patience_ends_a_training_that_no_longer_gets_better(dataset: Path, tmp_path: Path) -> None:
    """A generator that does not learn draws the same at every measurement."""
    recipe = TINY.model_copy(update={"lr_g": 1e-30, "measure_every": 2, "patience": 2, "ema_images": 0})
    train(dataset, recipe, tmp_path)
    with (tmp_path / "model" / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [2, 4, 6]
    assert generator.load(tmp_path / "model" / "generator.safetensors")[1].step == 2
    assert sorted((tmp_path / "model" / "samples").glob("step-*"))[-1].name == "step-000006.png"


def test_killed_and_resumed_it_writes_the_same_bytes(dataset: Path, tmp_path: Path) -> None:
    expected = train(dataset, TINY, tmp_path / "whole")
    for at in sorted(random.Random(0).sample(range(1, TINY.steps), 2)):
        kill(dataset, TINY, tmp_path / "killed", at)
    assert train(dataset, TINY, tmp_path / "killed") == expected


@pytest.mark.slow
@pytest.mark.parametrize("at", random.Random(1).sample(range(1, TINY.steps), 10))
def test_killed_at_any_step(dataset: Path, tmp_path: Path, at: int) -> None:
    recipe = TINY.model_copy(update={"precision": "bf16" if at % 2 else "fp32"})
    kill(dataset, recipe, tmp_path / "killed", at)
    assert train(dataset, recipe, tmp_path / "killed") == train(dataset, recipe, tmp_path / "whole")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_saves_and_says_so(dataset: Path, tmp_path: Path, number: signal.Signals) -> None:
    handler = signal.getsignal(number)
    said = stop(dataset, TINY, tmp_path, 7, number)
    assert said == f"{tmp_path / 'model'}: stopped at step 8 of 14; run it again to go on"
    assert signal.getsignal(number) is handler
    seen: list[int] = []
    train(dataset, TINY, tmp_path, lambda done, total, note: seen.append(done))
    assert seen[0] == 9


def test_a_state_of_another_recipe_is_left_unread(dataset: Path, tmp_path: Path) -> None:
    stop(dataset, TINY, tmp_path, 7)
    seen: list[int] = []
    train(dataset, TINY.model_copy(update={"lr_g": 1e-3}), tmp_path, lambda done, total, note: seen.append(done))
    assert seen[0] == 1


def test_the_key_follows_data_and_every_field() -> None:
    keys = {checkpoint.key(TINY, "a"), checkpoint.key(TINY, "b")}
    keys |= {checkpoint.key(TINY.model_copy(update={name: None}), "a") for name in Recipe.model_fields}
    assert len(keys) == 2 + len(Recipe.model_fields)


def test_a_damaged_state_is_an_error_that_names_it(dataset: Path, tmp_path: Path) -> None:
    stop(dataset, TINY, tmp_path, 7)
    (path,) = (tmp_path / "state").rglob(checkpoint.FILE)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(UserError, match=r"state\.pt: damaged"):
        train(dataset, TINY, tmp_path)


def test_a_loss_that_is_not_finite_stops_with_its_step(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^step \d+: a loss is not finite"):
        train(dataset, TINY.model_copy(update={"lr_d": 1e38}), tmp_path)
    assert not (tmp_path / "model").exists()


def test_asked_to_it_rolls_back_once(dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = TINY.model_copy(update={"roll_back": True})
    update, spoilt = trainer.Gan.update, [9]

    def spoil(gan: trainer.Gan, real: torch.Tensor, step: int, labels: torch.Tensor) -> torch.Tensor:
        found = update(gan, real, step, labels)
        if spoilt and step == spoilt[0]:
            spoilt.pop()
            with torch.no_grad():
                gan.G[0].weight.fill_(torch.nan)
            found[1] = torch.nan
        return found

    monkeypatch.setattr(trainer.Gan, "update", spoil)
    notes: list[str] = []
    train(dataset, recipe, tmp_path, lambda done, total, note: notes.append(f"{done} {note}"))
    assert [int(note.split()[0]) for note in notes] == [*range(1, 10), *range(7, 15)]
    assert "rolled_back since step 10" in notes[-1]
    network, making = generator.load(tmp_path / "model" / "generator.safetensors")
    assert making.alarms["rolled_back"] == 10
    assert all(weight.isfinite().all() for weight in network.parameters())
    with (tmp_path / "model" / "log.csv").open() as file:
        assert [int(row["step"]) for row in csv.DictReader(file)] == [6, 10, 12, 14]


def test_a_roll_back_that_does_not_help_ends_the_training(dataset: Path, tmp_path: Path) -> None:
    recipe = TINY.model_copy(update={"lr_d": 1e38, "roll_back": True})
    with pytest.raises(UserError, match=r"^step \d+: a loss is not finite again, after one at step \d+"):
        train(dataset, recipe, tmp_path)
