"""How long do whole trainings take, and how good are their models."""

import json
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.gpu.bench import Bench, dataset, trained, written
from train import evaluate, trainer
from train.recipe import EvaluateParams

TRAININGS = (
    ("facade, batch 256", {"batch": 256, "steps": 1312}),  # as many images as facade
    ("dcgan, batch 64", {"recipe": "dcgan", "batch": 64, "steps": 10_000}),
    ("facade", {}),
)
KEPT = ("step", "ksd", "ksd_floor", "fsd", "swd", "recall", "coverage")


def article(bench: Bench) -> None:
    """Train the article's 500 epochs of 6,900 images at batch 128; report the wall time, from dataset to model."""
    recipe = bench.recipe(recipe="dcgan")
    folder = dataset(256 if bench.quick else 7886)  # less those held out
    started = time.monotonic()
    sha256 = trained(folder, recipe)
    bench.fact("article", steps=recipe.steps, seconds=round(time.monotonic() - started, 1), sha256=sha256)


def photographs(bench: Bench) -> None:
    """Train on photographs of buildings and evaluate: the figures compare with the CPU's in docs/benchmarks.md."""
    if bench.photographs is None:
        bench.fact("photographs", left_out="needs --photographs")
        return
    packed = np.load(bench.photographs)
    folder = written(packed["images"], packed["split"])
    params = EvaluateParams(n=20 if bench.quick else 1000)
    for name, chosen in TRAININGS:
        if bench.left < 0:
            bench.fact("photographs", recipe=name, left_out="the budget is spent")
            continue
        with tempfile.TemporaryDirectory() as temporary:
            model, metrics = Path(temporary) / "model", Path(temporary) / "metrics.json"
            started = time.monotonic()
            trainer.train(folder, bench.recipe(**chosen), model, Path(temporary) / "state")
            seconds = time.monotonic() - started
            evaluate.evaluate(folder, model / "generator.safetensors", params, metrics, Path(temporary) / "neighbours")
            found = json.loads(metrics.read_text())
            last = max((model / "samples").glob("step-*.png"))
            (bench.out / f"{name.replace(', ', '-').replace(' ', '-')}.png").write_bytes(last.read_bytes())
        bench.fact("photographs", recipe=name, seconds=round(seconds, 1), **{key: found[key] for key in KEPT})
