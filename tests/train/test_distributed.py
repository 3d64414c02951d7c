"""Real processes that torchrun starts, against one process with the same batches."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.train.test_trainer import digests
from train import gan, generator, trainer
from train.distributed import SINGLE_PROCESS, SyncBatchNorm
from train.recipe import Recipe

pytestmark = pytest.mark.integration

RECIPE = Recipe(
    steps=8, batch=16, latent=8, width_g=4, width_d=4, measure_every=4, measure_images=12, ema_images=50,
    loss="relativistic", r1=0.1, r2=0.1, penalty_every=2, adaptive=0.05, keep="last",
    precision="fp32", vision=0,
)  # fmt: skip
"""All that looks across images or differentiates twice."""

CHILD = """
import math, os, signal, sys
from pathlib import Path
from train import checkpoint, gan, generator, publish, trainer
from train.recipe import Recipe

dataset, recipe, out, state, adaptive_images, dead, dies = sys.argv[1:]
trainer.SAVE_EVERY, trainer.SAVE_FRACTION, gan.ADAPTIVE_IMAGES = 0.0, math.inf, int(adaptive_images)
step = gan.Gan.update

def update(trained, real, number, labels):
    if number == int(dies) and trained.group.rank == int(dead):
        os.kill(os.getpid(), signal.SIGKILL)
    return step(trained, real, number, labels)

def refuse(path):
    raise AssertionError(f"a process that is not the first writes {path}")

if os.environ["RANK"] != "0":
    checkpoint.replacing = generator.replacing = publish.replacing = refuse
gan.Gan.update = update
trainer.train(Path(dataset), Recipe.model_validate_json(recipe), Path(out), Path(state))
"""


QUICK = 50
"""Images in which adaptive augmentation goes from nothing to all."""


def torchrun(
    dataset: Path, recipe: Recipe, folder: Path, dead: int = 1, dies: int = -1
) -> subprocess.CompletedProcess[str]:
    """Train in two processes, one of which may kill itself before a step."""
    script = folder / "child.py"
    folder.mkdir(exist_ok=True)
    script.write_text(CHILD)
    places = [str(dataset), recipe.model_dump_json(), str(folder / "model"), str(folder / "state")]
    places += [str(QUICK), str(dead), str(dies)]
    root = Path(__file__).parents[2]
    return subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script), *places],
        env={**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )


def figures(folder: Path) -> list[list[float]]:
    with (folder / "model" / "log.csv").open() as file:
        return [[float(value or "nan") for value in row.values()] for row in csv.DictReader(file)]


def test_two_processes_train_what_one_trains(dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gan, "ADAPTIVE_IMAGES", QUICK)
    ran = torchrun(dataset, RECIPE, tmp_path / "two")
    assert ran.returncode == 0, ran.stderr
    trainer.train(dataset, RECIPE, tmp_path / "one" / "model", tmp_path / "one" / "state")
    one, two = (tmp_path / name for name in ("one", "two"))
    assert sorted(digests(one / "model")) == sorted(digests(two / "model"))
    assert not (two / "state").exists()
    for expected, found in zip(figures(one), figures(two), strict=True):
        assert found == pytest.approx(expected, rel=2e-3, abs=2e-3, nan_ok=True)
    weights, provenance = generator.load(two / "model" / "generator.safetensors")
    expected_weights, expected_provenance = generator.load(one / "model" / "generator.safetensors")
    assert provenance == expected_provenance.model_copy(update={"processes": 2, "ksd": provenance.ksd})
    for mine, theirs in zip(weights.parameters(), expected_weights.parameters(), strict=True):
        # Rounding changes the sign of a gradient that is almost nothing, and Adam takes each for a step of up to lr.
        assert (mine - theirs).abs().mean() < 1e-5
        assert (mine - theirs).abs().max() <= 2 * RECIPE.steps * RECIPE.lr_g


def test_two_processes_have_the_critic_of_one(dataset: Path, tmp_path: Path) -> None:
    """After one step: from there on the critic's kinks and Adam make more of every rounding than a tolerance bears."""
    recipe = RECIPE.model_copy(update={"steps": 1, "vision": 1.0})
    ran = torchrun(dataset, recipe, tmp_path / "two")
    assert ran.returncode == 0, ran.stderr
    for name, weight in (("one", 1.0), ("without", 0.0)):
        alone = recipe.model_copy(update={"vision": weight})
        trainer.train(dataset, alone, tmp_path / name / "model", tmp_path / name / "state")
    two, one, without = (
        torch.cat([values.flatten() for values in generator.load(path)[0].parameters()])
        for path in (tmp_path / name / "model" / "generator.safetensors" for name in ("two", "one", "without"))
    )
    assert (two - one).abs().mean() < 5e-6
    assert (without - one).abs().mean() > 1e-4


@pytest.mark.parametrize("dead", [pytest.param(0, marks=pytest.mark.slow), 1])
def test_a_dead_process_ends_the_run_and_it_resumes(dataset: Path, tmp_path: Path, dead: int) -> None:
    recipe = RECIPE.model_copy(update={"steps": 6, "measure_every": 3})
    died = torchrun(dataset, recipe, tmp_path / "killed", dead, dies=4)
    assert died.returncode != 0
    assert "another process of this training has ended" in died.stderr
    assert not (tmp_path / "killed" / "model").exists()
    assert list((tmp_path / "killed" / "state").rglob("state.pt"))
    resumed = torchrun(dataset, recipe, tmp_path / "killed")
    assert resumed.returncode == 0, resumed.stderr
    assert torchrun(dataset, recipe, tmp_path / "whole").returncode == 0
    assert digests(tmp_path / "killed" / "model") == digests(tmp_path / "whole" / "model")


def test_a_single_process_gets_the_whole_batch() -> None:
    batch = torch.arange(4.0)
    assert torch.equal(SINGLE_PROCESS.shard(batch), batch)
    SINGLE_PROCESS.all_reduce_mean([batch])
    assert torch.equal(batch, torch.arange(4.0))
    assert SINGLE_PROCESS.any(True, batch.device)


def test_sync_batch_norm_keeps_the_names_of_its_weights() -> None:
    assert SyncBatchNorm(3, 2).state_dict().keys() == nn.BatchNorm2d(3).state_dict().keys()
