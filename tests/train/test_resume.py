"""States: a run that was killed or stopped goes on to the same bytes, and no other state is taken for its own."""

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

from common.errors import UserError
from tests.train.test_trainer import TINY, train
from train import checkpoint, gan, progress_report, trainer
from train.recipe import Recipe
from train.state import TrainingState

pytestmark = pytest.mark.integration

QUICK = 100  # images in which adaptive augmentation goes from nothing to all


def die(dataset: Path, recipe: Recipe, folder: Path, at: int, every: int) -> None:
    """A training that saves its state after every so many steps and kills itself after one."""
    torch.set_num_threads(1)
    gan.ADAPTIVE_IMAGES = QUICK
    progress_report.REPORT_EVERY = 0.0
    trainer.SAVE_FRACTION = math.inf

    def progress(done: int, total: int | None, note: str) -> None:
        if done == at:
            os.kill(os.getpid(), signal.SIGKILL)

    save = checkpoint.save
    trainer.SAVE_EVERY = 0.0  # a tiny step is shorter than the time between two saves
    checkpoint.save = lambda state, folder: save(state, folder) if state["step"] % every == 0 else None
    trainer.train(dataset, recipe, folder / "model", folder / "state", progress)


def kill(dataset: Path, recipe: Recipe, folder: Path, at: int, every: int = 1) -> None:
    """Train in a process of its own, without a chance to clean up after itself."""
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.train.test_resume"])  # torch takes seconds to import
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


def test_saving_takes_its_fraction_of_the_time_at_most(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock on which a step takes 10 s and a save 0.41: the first comes after 30 s, the next 82 s later."""
    clock, saves = [0.0], list[int]()
    update, save = gan.Gan.update, checkpoint.save

    def slow_update(*given: Any) -> torch.Tensor:
        clock[0] += 10.0
        return update(*given)

    def slow_save(state: dict[str, Any], folder: Path) -> None:
        clock[0] += 0.41
        saves.append(state["step"])
        save(state, folder)

    monkeypatch.setattr(gan.Gan, "update", slow_update)
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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_with_a_saved_state_and_a_message(
    dataset: Path, tmp_path: Path, number: signal.Signals
) -> None:
    handler = signal.getsignal(number)
    said = stop(dataset, TINY, tmp_path, 7, number)
    assert said == f"{tmp_path / 'model'}: stopped at step 8 of 14; run it again to resume"
    assert signal.getsignal(number) is handler
    seen: list[int] = []
    train(dataset, TINY, tmp_path, lambda done, total, note: seen.append(done))
    assert seen[0] == 9


def test_a_state_of_another_recipe_is_ignored(dataset: Path, tmp_path: Path) -> None:
    stop(dataset, TINY, tmp_path, 7)
    seen: list[int] = []
    train(dataset, TINY.model_copy(update={"lr_g": 1e-3}), tmp_path, lambda done, total, note: seen.append(done))
    assert seen[0] == 1


def test_the_key_depends_on_data_device_and_every_field() -> None:
    given = [("a", "", "fp32", "cpu"), ("b", "", "fp32", "cpu"), ("a", "c", "fp32", "cpu"), ("a", "", "bf16", "cpu")]
    given.append(("a", "", "fp32", "cuda"))
    keys = {checkpoint.key(TINY, *each) for each in given}
    keys |= {checkpoint.key(TINY.model_copy(update={name: None}), *given[0]) for name in Recipe.model_fields}
    assert len(keys) == len(given) + len(Recipe.model_fields)


class Foreign:
    """What no checkpoint may hold: a class that loading would have to import."""


def other_networks() -> dict[str, object]:
    """A whole state, of networks twice as wide."""
    wide = TINY.model_copy(update={"width_g": 8})
    return TrainingState(gan.Gan(wide, 32, torch.device("cpu"), "fp32")).state_dict()


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
