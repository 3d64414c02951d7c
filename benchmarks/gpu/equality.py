"""Is the path on a GPU right: nothing raises, and what should be equal bits is."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.gpu.bench import EVERYTHING, KINDS, SIZE, Bench, dataset, eager, inputs, trained
from common.errors import UserError
from train import hardware, progress_report, trainer
from train.gan import Gan
from train.recipe import Recipe

ROOT = Path(__file__).parents[2]


def every_recipe(bench: Bench) -> None:
    """Run the whole loop with every kind of recipe."""
    kinds = KINDS | {
        "facade in fp32": {"precision": "fp32"},
        "everything, neither backbone nor norm": EVERYTHING | {"norm_d": "none", "vision": 0},
        "not deterministic": {"deterministic": False},
    }
    folder = dataset()
    for name, chosen in kinds.items():
        started = time.monotonic()
        try:
            found = {"sha256": trained(folder, bench.short(**chosen))}
        except Exception as error:  # the other recipes still count
            found = {"raised": type(error).__name__, "message": str(error)[:300]}
            traceback.print_exc()
        bench.fact("every_recipe", recipe=name, **found, seconds=round(time.monotonic() - started, 1))


def replay_equals_eager(bench: Bench) -> None:
    """Compare the state and the figures of steps that replay a graph with those of eager ones."""
    for name, chosen in KINDS.items():
        recipe = bench.short(**chosen)
        found = []
        with hardware.determinism(wanted=True):
            for replays in (True, False):
                gan = Gan(recipe, SIZE, bench.device, "bf16")
                if not replays:
                    eager(gan)
                steps = [gan.update(inputs(recipe, step)[0].to(bench.device), step) for step in range(recipe.steps)]
                found.append((deepcopy(gan.state_dict()), torch.stack(steps)))
        (state, figures), (other_state, other_figures) = found
        bench.fact(
            "replay_equals_eager", recipe=name, state=equal(state, other_state),
            figures=torch.equal(figures, other_figures), finite=bool(figures.isfinite().all()),
        )  # fmt: skip


def equal(one: Any, other: Any) -> bool:
    """Return whether two states are equal, every tensor to the bit."""
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[name], other[name]) for name in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)


def two_runs(bench: Bench) -> None:
    """Compare the bytes of two runs in this process and of one in another."""
    folder = dataset()
    for name, chosen in KINDS.items():
        recipe = bench.short(**chosen)
        found = [trained(folder, recipe) for _ in range(2)]
        command = [sys.executable, "-m", "benchmarks.gpu", "--device", bench.device.type, "--child", str(folder)]
        done = subprocess.run([*command, recipe.model_dump_json()], cwd=ROOT, capture_output=True, text=True)
        found.append(done.stdout.split()[-1] if done.returncode == 0 else done.stderr[-300:])
        bench.fact("two_runs", recipe=name, equal=len(set(found)) == 1, sha256=found)


def resumed(bench: Bench) -> None:
    """Compare the bytes of a run that SIGTERM stopped after its graph was captured with an undisturbed run's."""
    folder = dataset()
    for name, chosen in KINDS.items():
        recipe, state = bench.short(**chosen), Path(tempfile.mkdtemp()) / "state"
        message = stopped(folder, recipe, state)
        bench.fact("resumed", recipe=name, equal=trained(folder, recipe, state) == trained(folder, recipe),
                   message=message[-60:])  # fmt: skip


def after_the_cpu(bench: Bench) -> None:
    """Compare the bytes of a run that finds the state of one on the CPU with an undisturbed run's."""
    folder, state = dataset(), Path(tempfile.mkdtemp()) / "state"
    recipe = bench.short(precision="bf16")
    pick_device, hardware.pick_device = hardware.pick_device, lambda: hardware.CPU
    try:
        message = stopped(folder, recipe, state)
    finally:
        hardware.pick_device = pick_device
    bench.fact("after_the_cpu", equal=trained(folder, recipe, state) == trained(folder, recipe), message=message[-60:])


def stopped(folder: Path, recipe: Recipe, state: Path) -> str:
    """Train until SIGTERM comes after two thirds of the steps; return the message of the error."""

    def progress(done: int, total: int | None, note: str) -> None:
        if done == recipe.steps * 2 // 3:
            os.kill(os.getpid(), signal.SIGTERM)

    with every_step_reported(), tempfile.TemporaryDirectory() as temporary:
        try:
            trainer.train(folder, recipe, Path(temporary) / "model", state, progress)
        except UserError as error:
            return str(error)
    return "was not stopped"


@contextmanager
def every_step_reported() -> Iterator[None]:
    """Within it a training reports every step; otherwise a few a second."""
    usual, progress_report.REPORT_EVERY = progress_report.REPORT_EVERY, 0.0
    try:
        yield
    finally:
        progress_report.REPORT_EVERY = usual


def near_the_cpu(bench: Bench) -> None:
    """Take one step from the same weights and inputs on both devices; report the relative differences of the figures
    and of the gradients. In float32 without and with TF32, and in bfloat16.

    D's gradient is computed first. G's follows from a D that Adam has updated, whose first update is the sign of each
    gradient: where that is near zero, rounding decides."""
    usual = torch.backends.cudnn.allow_tf32
    for name, chosen in KINDS.items():
        recipe = bench.short(**chosen)
        given = inputs(recipe, 0)
        for precision, tf32 in (("fp32", False), ("fp32", True), ("bf16", True)):
            torch.backends.cudnn.allow_tf32 = tf32
            cpu, gpu = gans = [eager(Gan(recipe, SIZE, device, precision)) for device in (hardware.CPU, bench.device)]
            found = []
            for gan in gans:
                step = gan._penalised_step if recipe.r1 else gan._plain_step
                found.append(step(*(tensor.to(gan.device) for tensor in given)).cpu())
            differences = {"figures": distance(*found)} | {
                f"gradient_{label}": distance(gradient(one), gradient(other))
                for label, one, other in (("d", cpu.discriminators, gpu.discriminators), ("g", cpu.G, gpu.G))
            }
            bench.fact("near_the_cpu", recipe=name, precision=precision, tf32=tf32,
                       **{what: f"{value:.1e}" for what, value in differences.items()})  # fmt: skip
    torch.backends.cudnn.allow_tf32 = usual


def gradient(network: nn.Module) -> Tensor:
    """Return the gradients of all parameters as one vector, on the CPU."""
    return torch.cat([parameter.grad.flatten().cpu() for parameter in network.parameters()])


def distance(expected: Tensor, found: Tensor) -> float:
    """Return the norm of a difference, relative to what is expected."""
    return ((expected - found).norm() / expected.norm()).item()
