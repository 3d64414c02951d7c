"""What all parts of the GPU check share: device, small recipes and datasets, a clock, and the record of facts."""

import hashlib
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from train import trainer
from train.augment import N_RANDOM
from train.cuda_graph import CudaGraphed
from train.gan import N_AUGMENT_CALLS, Gan
from train.recipe import Recipe

SIZE = 64  # side of all images, in pixels

TINY = {"width_g": 8, "width_d": 8, "batch": 8, "steps": 8, "measure_every": 4, "measure_images": 20}
"""What --quick sets in every recipe."""

EVERYTHING: dict[str, Any] = {
    "loss": "relativistic", "norm_d": "spectral", "r1": 0.1, "r2": 0.1, "penalty_every": 4, "adaptive": 0.6,
    "augment": ["flip", "color", "translation", "cutout"],
}  # fmt: skip
"""Every choice that adds arithmetic to a step of `facade`."""

KINDS: dict[str, dict[str, Any]] = {"dcgan": {"recipe": "dcgan"}, "facade": {}, "everything": EVERYTHING}


@dataclass(frozen=True)
class Bench:
    """One run of the check."""

    device: torch.device
    out: Path  # of facts.jsonl, snapshots and tables of kernels
    budget: float  # seconds after which no part begins
    quick: bool  # tiny networks and few steps: a trial of the check itself
    photographs: Path | None  # what benchmarks.gpu.pack wrote
    began: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        """Return how many seconds of the budget are left."""
        return self.budget - (time.monotonic() - self.began)

    def fact(self, part: str, **found: Any) -> None:
        """Print what a part found and append it to facts.jsonl."""
        now = time.monotonic() - self.began
        print(f"{now:6.1f} {part}: " + "  ".join(f"{name} {value}" for name, value in found.items()), flush=True)
        with (self.out / "facts.jsonl").open("a") as file:
            file.write(json.dumps({"part": part} | found, default=str) + "\n")

    def recipe(self, **chosen: Any) -> Recipe:
        """Return a recipe in its full width, or a tiny one in a quick run."""
        return Recipe(**chosen | (TINY if self.quick else {}))

    def short(self, **chosen: Any) -> Recipe:
        """Return a recipe that trains in seconds; its steps go well past the capture and past two measurements."""
        return self.recipe(**{"batch": 16, "steps": 24, "measure_every": 12, "measure_images": 64} | chosen)

    def synchronise(self) -> None:
        """Wait for the device."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def timed(self, action: Callable[[], Any], times: int) -> float:
        """Return the median seconds of an action on the device, after three more that are not counted."""
        found = []
        for call in range(-3, times):
            self.synchronise()
            started = time.perf_counter()
            action()
            self.synchronise()
            if call >= 0:
                found.append(time.perf_counter() - started)
        return statistics.median(found)


def dataset(n: int = 512) -> Path:
    """Write a dataset of n images of coloured squares, an eighth of them held out; return its folder."""
    coarse = np.random.default_rng(0).integers(0, 256, (n, 3, SIZE // 8, SIZE // 8), np.uint8)
    return written(coarse.repeat(8, 2).repeat(8, 3), (np.arange(n) % 8 == 0).astype(np.uint8))


def written(images: np.ndarray, split: np.ndarray) -> Path:
    """Write a dataset (uint8, N×3×S×S, and N) into a new folder; return it."""
    folder = Path(tempfile.mkdtemp())
    np.save(folder / "images.npy", images)
    np.save(folder / "split.npy", split)
    return folder


def trained(folder: Path, recipe: Recipe, state: Path | None = None) -> str:
    """Train on a dataset; return 16 hex digits of the model's sha256."""
    with tempfile.TemporaryDirectory() as temporary:
        model = Path(temporary) / "model"
        trainer.train(folder, recipe, model, state or Path(temporary) / "state")
        return hashlib.sha256((model / "generator.safetensors").read_bytes()).hexdigest()[:16]


def inputs(recipe: Recipe, step: int) -> tuple[Tensor, ...]:
    """Draw the input of one step on the CPU, so that it is the same for all devices."""
    rng = torch.Generator().manual_seed(step)
    n = recipe.batch
    real = (torch.rand(n, 3, SIZE, SIZE, generator=rng) * 2 - 1).contiguous(memory_format=torch.channels_last)
    labels = torch.zeros(n, dtype=torch.long)
    z, u = torch.randn(n, recipe.latent, 1, 1, generator=rng), torch.rand(n, N_AUGMENT_CALLS, N_RANDOM, generator=rng)
    return real, labels, z, u, torch.tensor(0.1)


def eager(gan: Gan) -> Gan:
    """Let a Gan compute its steps kernel by kernel, without a graph; return it."""
    for name in ("_plain_step", "_penalised_step"):
        step = getattr(gan, name)
        if isinstance(step, CudaGraphed):
            setattr(gan, name, step.function)
    return gan
