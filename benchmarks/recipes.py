"""What each change of a recipe gives on real photographs: FSD, KSD, recall and coverage as training goes on.

    python -P benchmarks/recipes.py run dcgan facade --seeds 0 1 2 --steps 3000 --work FOLDER
    python -P benchmarks/recipes.py table --work FOLDER

Trains with the project's own step on one thread, one run after another, and measures 1,000 images of the published
generator against held-out and against training photographs. Beside the average that the recipe publishes it keeps one
for each of RAMPS, so that one run tells how long an average should be. Each run keeps its state in FOLDER and goes on
from there; run the command twice at once for two runs side by side. Figures are comparable at one thread and one
precision.
"""

import argparse
import json
import math
import os
import time
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from common.files import replacing
from curate.crop import center_crop
from curate.decode import Picture, decode
from train import checkpoint, data, generator, hardware, metrics, samples
from train.features import features
from train.gan import Gan
from train.networks import Generator, noise
from train.publish import SNAPSHOT_IMAGES, SNAPSHOT_SEED
from train.random_streams import RandomStream
from train.recipe import Recipe

ROOT = Path(__file__).parents[1]
PHOTOGRAPHS = (ROOT / os.environ.get("FACADES_DATA", "../shared/data") / "buildings").resolve()
GENERATED = 1000
RAMPS = (0.05, 0.15, 0.3, 0.5)
"""Half-lives of averages of G, as shares of the images seen so far."""

FEW, ALL = ["flip", "translation"], ["flip", "color", "translation", "cutout"]
HOLES = [*FEW, "cutout"]
PLAIN = {
    "recipe": "facade", "width_d": 32, "vision": 0, "augment": FEW,
    "lr_g": 2e-4, "lr_d": 2e-4, "decay": 0, "beta2": 0.999,
}  # fmt: skip
"""DCGAN's rates and D alone, an average, the kinds of augmentation that cost least: what the changes are made to."""
FAST = PLAIN | {"lr_g": 8e-4, "lr_d": 8e-4}
STILL = {"recipe": "facade", "steps": 6_000, "decay": 0.75, "decay_to": 0}
"""What the variants on it were measured with: G's rate falls to nothing over the last three quarters of the steps."""
VARIANTS: dict[str, dict[str, Any]] = {
    "dcgan": {"recipe": "dcgan", "batch": 64},
    "facade": {"recipe": "facade"},
    "unaided": {"recipe": "facade", "vision": 0},
    "unaugmented": {"recipe": "facade", "augment": []},
    "vision-20": STILL | {"vision": 20},
    "vision-8": STILL | {"vision": 8},
    "vision-3": STILL | {"vision": 3},
    "slow": STILL | {"vision": 3, "lr_g": 2e-4, "decay": 0.5},
    "light": STILL | {"lr_g": 2e-4, "lr_d": 4e-4, "vision": 1, "steps": 10_000},
    "holes": STILL | {"lr_d": 4e-4, "vision": 1, "augment": HOLES, "steps": 10_000},
    "narrow": STILL | {"width_d": 32, "vision": 1, "augment": HOLES, "steps": 3_000},
    "plain": PLAIN,
    "plain-all": PLAIN | {"augment": ALL},
    "fast": FAST,
    "fast-all": FAST | {"augment": ALL},
    "quick": FAST | {"decay": 0.75, "decay_to": 0, "steps": 1000},
    "relativistic": PLAIN | {"loss": "relativistic", "lr_g": 4e-4, "lr_d": 4e-4},
    "penalties": PLAIN | {"loss": "relativistic", "norm_d": "none", "r1": 0.05, "r2": 0.05, "penalty_every": 4},
    "hinge": PLAIN | {"loss": "hinge", "norm_d": "spectral"},
}
"""Each on top of a recipe's defaults; batch 64 and G of width 64 throughout."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    runs = commands.add_parser("run", help="train and measure")
    runs.add_argument("variants", nargs="+", choices=sorted(VARIANTS))
    runs.add_argument("--seeds", nargs="+", type=int, default=[0])
    runs.add_argument("--steps", type=int, default=1000)
    runs.add_argument("--every", type=int, default=250, help="steps between two measurements")
    runs.add_argument("--size", type=int, default=64, help="side of the images, in pixels")
    table = commands.add_parser("table", help="print what was measured")
    for command in (runs, table):
        command.add_argument("--work", type=Path, required=True, help="folder of states, results and grids")
    args = parser.parse_args()
    if args.command == "table":
        show(args.work)
        return
    torch.set_num_threads(1)
    training, heldout = (photographs(PHOTOGRAPHS / part, args.size) for part in ("train", "test"))
    for variant in args.variants:
        for seed in args.seeds:
            run(variant, seed, args.steps, args.every, (training, heldout), args.work)


def photographs(folder: Path, size: int) -> Tensor:
    """The pictures of a folder, cropped as the dataset's are: uint8, N×3×size×size."""
    pictures = (decode(path.read_bytes(), size) for path in sorted(folder.glob("*.jpg")))
    crops = [center_crop(picture.rgb, size) for picture in pictures if isinstance(picture, Picture)]
    return torch.from_numpy(np.stack(crops))


def run(variant: str, seed: int, steps: int, every: int, photos: tuple[Tensor, Tensor], work: Path) -> None:
    """Train one variant to `steps`, appending a line of JSON to results.jsonl at every measurement."""
    training, heldout = photos
    size = training.shape[-1]
    folder = work / f"{variant}-{size}-{seed}"
    recipe = Recipe(**VARIANTS[variant] | {"seed": seed})
    device = torch.device("cpu")
    precision = hardware.pick_precision(recipe, device)
    with hardware.determinism(wanted=True):
        gan, feed = Gan(recipe, size, device, precision), data.BatchOrder(len(training), recipe.batch, seed)
        known = {"": features(heldout, device), "_train": features(training, device)}
        averages = {str(ramp): deepcopy(gan.G_ema) for ramp in RAMPS} if recipe.ema_images else {}
        with checkpoint.reading(folder):
            state = checkpoint.load(folder, device) or {"step": 0, "seconds": 0.0, "gan": gan.state_dict()}
            if state.get("recipe", recipe.model_dump_json()) != recipe.model_dump_json():
                raise SystemExit(f"{folder}: holds a run of another recipe; remove it to begin anew")
            gan.load_state_dict(state["gan"])
            for ramp, weights in state.get("averages", {}).items():
                averages[ramp].load_state_dict(weights)
        step, seconds, figures = state["step"], state["seconds"], []
        while step < steps:
            started = time.process_time()
            figures.append(gan.update(data.scaled(training[feed.at(step)]), step))
            seconds += time.process_time() - started
            step += 1
            follow(gan, averages, step)
            if step % every and step != steps:
                continue
            line = {"variant": variant, "size": size, "seed": seed, "step": step, "seconds": round(seconds, 1)}
            images = drawn(gan.published_generator(), recipe)
            line |= measure(images, known) | {"swd": round(metrics.swd(heldout, images, 0), 5)}
            line["averages"] = {
                ramp: measure(drawn(published_as(gan, average), recipe), known) for ramp, average in averages.items()
            }
            names = ("loss_d", "loss_g", "d_real", "d_fake")
            line |= dict(zip(names, torch.stack(figures).mean(0).tolist(), strict=True))
            shown = {"d_train": training[: len(heldout)], "d_heldout": heldout, "drawn": images[: len(heldout)]}
            labels = torch.zeros(len(heldout), dtype=torch.long)
            logits = {name: gan.scores(some, labels) for name, some in shown.items()}
            boundary = gan.decision_threshold(logits["d_train"], logits.pop("drawn"))
            line |= {name: (each > boundary).float().mean().item() for name, each in logits.items()}
            line |= {"precision_of": precision, "recipe": recipe.model_dump(mode="json")}
            figures.clear()
            draw(gan.published_generator(), recipe, folder / f"step-{step:06d}.png")
            with (work / "results.jsonl").open("a") as file:
                file.write(json.dumps(line) + "\n")
            state = {"step": step, "seconds": seconds, "gan": gan.state_dict(), "recipe": recipe.model_dump_json()}
            state["averages"] = {ramp: average.state_dict() for ramp, average in averages.items()}
            checkpoint.save(state, folder)
            print(f"{variant} {seed} {step}: {seconds:.0f} s, KSD {line['ksd']:.3f} / {line['ksd_train']:.3f}, "
                  f"recall {line['recall']:.3f}, coverage {line['coverage']:.3f}", flush=True)  # fmt: skip


@torch.no_grad()
def follow(gan: Gan, averages: dict[str, Generator], step: int) -> None:
    """Move each average towards G, as after `step` updates."""
    for ramp, average in averages.items():
        weight = 1 - 0.5 ** (1 / (step * float(ramp)))
        for mean, current in zip(average.parameters(), gan.G.parameters(), strict=True):
            mean.lerp_(current, weight)


def published_as(gan: Gan, average: Generator) -> Generator:
    """What would be published if this were the recipe's average."""
    own, gan.G_ema = gan.G_ema, average
    try:
        return gan.published_generator()
    finally:
        gan.G_ema = own


def drawn(network: Generator, recipe: Recipe) -> Tensor:
    """The images that are measured, of the same noise for every variant."""
    return generator.generate(network, noise(GENERATED, recipe.latent, RandomStream.EVALUATE.rng(0)))


def measure(images: Tensor, known: dict[str, Tensor]) -> dict[str, float]:
    """The metrics that look at features, against photographs whose features are `known`: a suffix for each set."""
    seen = features(images, torch.device("cpu"))
    found = {}
    for suffix, real in known.items():
        values = {"fsd": metrics.fsd(real, seen), "ksd": metrics.ksd(real, seen)}
        values |= metrics.precision_recall(real, seen)
        found |= {name + suffix: round(value, 5) for name, value in values.items()}
    return found


def draw(network: Generator, recipe: Recipe, path: Path) -> None:
    """The grid of the fixed noise, the same for every variant."""
    z = noise(SNAPSHOT_IMAGES, recipe.latent, RandomStream.GRID.rng(SNAPSHOT_SEED))
    with replacing(path) as draft:
        grid: Image.Image = samples.grid(generator.generate(network, z))
        grid.save(draft, format="PNG")


def lines(work: Path) -> Iterator[dict[str, Any]]:
    """Every measurement once: a run that was killed may have written one twice."""
    found = {}
    for text in (work / "results.jsonl").read_text().splitlines():
        line = json.loads(text)
        found[line["variant"], line["size"], line["seed"], line["step"]] = line
    yield from found.values()


def show(work: Path) -> None:
    """Means over the seeds that reached a step."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for line in lines(work):
        groups.setdefault((line["size"], line["variant"], line["step"]), []).append(line)
    for line in lines(work):
        for ramp, values in line.get("averages", {}).items():
            name = f"{line['variant']}, ramp {ramp}"
            groups.setdefault((line["size"], name, line["step"]), []).append(line | {"swd": math.nan} | values)
    columns = (
        "seconds",
        "ksd",
        "fsd",
        "swd",
        "precision",
        "recall",
        "coverage",
        "ksd_train",
        "d_real",
        "d_train",
        "d_heldout",
    )
    print(f"{'size variant':28}{'step':>6}{'seeds':>6}" + "".join(f"{name:>10}" for name in columns))
    for (size, variant, step), group in sorted(groups.items()):
        means = (np.mean([line[name] for line in group]) for name in columns)
        print(f"{size:4} {variant:23}{step:6}{len(group):6}" + "".join(f"{mean:10.3f}" for mean in means))


if __name__ == "__main__":
    main()
