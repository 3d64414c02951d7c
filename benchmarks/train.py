"""How fast a training is: against PyTorch's examples/dcgan, against its own step, against its convolutions.

    python benchmarks/train.py [--rounds 5] [--steps 6] [--threads 2]

`example` is the loop of PyTorch's examples/dcgan/main.py (as of 2017 to today: a folder of JPEGs through two loader
workers, BCE after a sigmoid, three losses read back and a line printed at every step), written down again on networks
of the same layers. `ours` is `train.trainer.train` with the recipe `dcgan`, hence the same work. Batch 128, 64×64; the
engines take turns, each in a process of its own, and medians over the rounds so far are printed after each. The start
comes first. Only an otherwise idle machine gives figures that mean something.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

ROOT = Path(__file__).parents[1]
BATCH = 128
PICTURES = 1024
MANY = 100_000
WARM = 2  # steps not counted: threads, caches and oneDNN's kernels settle


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=6, help="timed steps a round")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        torch.set_num_threads(args.threads)
        engine, precision, folder = args.child.split(":")
        print(json.dumps(ENGINES[engine](Path(folder), precision, args.steps)))
        return
    with tempfile.TemporaryDirectory() as temp:
        folder = Path(temp)
        make(folder)
        makes = [child("start", "fp32", folder, args) for _ in range(min(3, args.rounds))]
        seconds = statistics.median(one["seconds"] for one in makes)
        busy = statistics.median(one["busy"] for one in makes)
        print(
            f"start with {MANY:,} images: {seconds:.1f} s from the command to the first step, {busy:.1f} s of processor"
        )
        print("memory then, MB: " + ", ".join(f"{name} {makes[0][name]:.0f}" for name in ("dataset", "own", "file")))
        contests = [("example", "fp32"), ("ours", "fp32"), ("ours", "bf16"), ("limit", "fp32"), ("limit", "bf16")]
        found: dict[tuple[str, str], list[dict[str, float]]] = {contest: [] for contest in contests}
        for number in range(1, args.rounds + 1):
            for engine, precision in contests:
                found[engine, precision].append(child(engine, precision, folder, args))
            print(f"after {number} of {args.rounds} rounds, load {os.getloadavg()[0]:.1f}")
            show(found)


def make(folder: Path) -> None:
    """A folder of JPEGs of 150×150 for the example, and datasets of the same size and of MANY images for ours."""
    rng = np.random.default_rng(0)
    (folder / "jpegs" / "all").mkdir(parents=True)
    for number in range(PICTURES):
        coarse = Image.fromarray(rng.integers(0, 256, (12, 12, 3), np.uint8))
        coarse.resize((150, 150), Image.Resampling.BICUBIC).save(folder / "jpegs" / "all" / f"{number:04d}.jpg")
    for name, count in (("dataset", PICTURES), ("many", MANY)):
        (folder / name).mkdir()
        images = np.lib.format.open_memmap(folder / name / "images.npy", "w+", np.uint8, (count, 3, 64, 64))
        for start in range(0, count, 1000):
            images[start : start + 1000] = rng.integers(0, 256, images[start : start + 1000].shape, np.uint8)
        np.save(folder / name / "split.npy", (np.arange(count) % 10 == 0).astype(np.uint8))


def child(engine: str, precision: str, folder: Path, args: argparse.Namespace) -> dict[str, float]:
    command = [sys.executable, "-P", __file__, "--child", f"{engine}:{precision}:{folder}"]
    command += ["--steps", str(args.steps), "--threads", str(args.threads)]
    # -P: `train` is the package and not this script.
    env = {**os.environ, "PYTHONPATH": str(ROOT), "BEGAN": str(time.time())}
    ran = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    answer: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return answer


def example(folder: Path, precision: str, steps: int) -> dict[str, float]:
    """PyTorch's loop: D on real, D on fake, G; two backward passes through D whose gradients G's step throws away."""
    from torchvision import datasets, transforms, utils

    from train.networks import Discriminator, Generator, initialise

    change = transforms.Compose(
        [
            transforms.Resize(64),
            transforms.CenterCrop(64),
            transforms.ToTensor(),
            transforms.Normalize((0.5,) * 3, (0.5,) * 3),
        ]
    )
    pictures = datasets.ImageFolder(str(folder / "jpegs"), transform=change)
    loader = torch.utils.data.DataLoader(pictures, batch_size=BATCH, shuffle=True, num_workers=2)
    gen, dis = Generator(100, 64, 64), nn.Sequential(Discriminator(64, 64), nn.Sigmoid())
    for network in (gen, dis):
        initialise(network, torch.Generator().manual_seed(0))
    criterion = nn.BCELoss()
    fixed = torch.randn(BATCH, 100, 1, 1)
    adam_d, adam_g = (torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999)) for network in (dis, gen))
    done, drawing, started = 0, 0.0, 0.0
    while True:
        for i, (real, _) in enumerate(loader):
            if done == WARM:
                started, drawing = time.perf_counter(), 0.0
            dis.zero_grad()
            on_real = dis(real)
            loss_real = criterion(on_real, torch.ones(len(real)))
            loss_real.backward()
            fake = gen(torch.randn(len(real), 100, 1, 1))
            on_fake = dis(fake.detach())
            loss_fake = criterion(on_fake, torch.zeros(len(real)))
            loss_fake.backward()
            adam_d.step()
            gen.zero_grad()
            again = dis(fake)
            loss_g = criterion(again, torch.ones(len(real)))
            loss_g.backward()
            adam_g.step()
            figures = ((loss_real + loss_fake).item(), loss_g.item(), on_real.mean().item(), on_fake.mean().item())
            print(figures, again.mean().item(), file=sys.stderr)
            done += 1
            if done == WARM + steps:
                step = (time.perf_counter() - started - drawing) / steps
                return {"step": step, "rate": BATCH / (step + drawing_of(gen, fixed, folder, utils) / 100)}
            if i % 100 == 0:
                drawing += drawing_of(gen, fixed, folder, utils)


def drawing_of(gen: nn.Module, fixed: torch.Tensor, folder: Path, utils: Any) -> float:
    """Seconds that the example's two pictures take, which it draws every hundred steps."""
    started = time.perf_counter()
    utils.save_image(fixed[:, :3].expand(-1, 3, 64, 64), folder / "real.png")
    utils.save_image(gen(fixed).detach(), folder / "fake.png")
    return time.perf_counter() - started


def ours(folder: Path, precision: str, steps: int) -> dict[str, float]:
    """Our loop, with what it spends inside the step; and on measurements, snapshots and saves, each spread over the
    steps between two of them in a run of default length."""
    from train import checkpoint, progress_report, publish, trainer
    from train.gan import Gan
    from train.recipe import Recipe
    from train.state import TrainingState

    spent = {"update": 0.0, "measure": 0.0, "save_snapshot": 0.0, "save": 0.0}
    times = dict.fromkeys(spent, 0)

    def timed(holder: Any, name: str) -> None:
        inner = getattr(holder, name)

        def outer(*args: Any) -> Any:
            started = time.perf_counter()
            result = inner(*args)
            spent[name] += time.perf_counter() - started
            times[name] += 1
            return result

        setattr(holder, name, outer)

    for holder, name in (
        (Gan, "update"),
        (TrainingState, "measure"),
        (publish, "save_snapshot"),
        (checkpoint, "save"),
    ):
        timed(holder, name)
    began, left = 0.0, {}

    def progress(done: int, total: int | None, note: str) -> None:
        nonlocal began, left
        if done == WARM:
            began, left = time.perf_counter(), dict(spent)
        if done == WARM + steps:
            raise EndedError

    progress_report.REPORT_EVERY = 0.0
    usual, trainer.SAVE_EVERY = trainer.SAVE_EVERY, 0.0  # one save, after the first step: before the clock runs
    # Of WARM + steps + 1 steps only the step before the last is looked at: nothing is measured in between.
    recipe = Recipe(recipe="dcgan", precision=precision, measure_every=5_000)
    state = folder / f"state-{os.getpid()}"
    try:
        trainer.train(folder / "dataset", recipe, folder / "model", state, progress)
    except EndedError:
        loop = (time.perf_counter() - began) / steps
    bare = (spent["update"] - left["update"]) / steps
    aside = looking(folder, recipe, spent["save_snapshot"] / times["save_snapshot"])
    saving = loop * left["save"] / max(usual, left["save"] / trainer.SAVE_FRACTION)
    rate = BATCH / (loop + aside + saving)
    return {"step": loop, "bare": bare, "rate": rate, "looking": aside / loop, "saving": saving / loop}


def looking(folder: Path, recipe: Any, snapshot: float) -> float:
    """Seconds a step that measurements and snapshots cost in a run as long as the default recipe's."""
    from train import data, hardware, publish
    from train.gan import Gan
    from train.monitor import TrainingMonitor
    from train.recipe import Recipe

    precision = hardware.pick_precision(recipe, torch.device("cpu"))
    gan = Gan(recipe, 64, torch.device("cpu"), precision)
    monitor = TrainingMonitor(data.read(folder / "dataset"), data.read(folder / "dataset", holdout=True), gan)
    monitor.measure(gan.published_generator())
    started = time.perf_counter()
    monitor.measure(gan.published_generator())
    usual = Recipe()
    return (time.perf_counter() - started) / usual.measure_every + snapshot * publish.SNAPSHOTS / usual.steps


class EndedError(Exception):
    """The steps asked for are done."""


def limit(folder: Path, precision: str, steps: int) -> dict[str, float]:
    """Seconds that a step's convolutions take, each alone, forward and backward, as often as a step needs them."""
    from train.networks import Discriminator, Generator

    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    total = 0.0
    # D: twice forward and backward to the weights, for G once forward and backward to the images.
    for network, given, forwards, to_weights, to_input in (
        (Discriminator(64, 64), torch.randn(BATCH, 3, 64, 64), 3, 2, 3),
        (Generator(100, 64, 64), torch.randn(BATCH, 100, 1, 1), 1, 1, 1),
    ):
        x = given.to(kind).contiguous(memory_format=torch.channels_last)
        for index, layer in enumerate(network):
            if not isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                continue
            layer = layer.to(kind).to(memory_format=torch.channels_last)
            x = x.detach().requires_grad_()
            y = layer(x)
            slope = torch.randn_like(y)
            # The first layer of D passes a gradient to its images only for G, the first of G never to its noise.
            backs = to_input if index else (1 if isinstance(network, Discriminator) else 0)
            total += forwards * best(lambda layer=layer, x=x: layer(x).detach())
            total += to_weights * best(lambda y=y, w=layer.weight, g=slope: torch.autograd.grad(y, w, g, True))
            if backs:
                total += backs * best(lambda y=y, x=x, g=slope: torch.autograd.grad(y, x, g, True))
            x = y
    return {"step": total}


def best(action: Any, times: int = 4) -> float:
    """The least of several durations: what the machine can do."""
    durations = []
    for _ in range(times):
        started = time.perf_counter()
        action()
        durations.append(time.perf_counter() - started)
    return min(durations)


def start(folder: Path, precision: str, steps: int) -> dict[str, float]:
    """From the command to the first step of the default recipe, on MANY images; and the memory then."""
    from train import trainer
    from train.gan import Gan
    from train.recipe import Recipe

    def update(*given: Any) -> Any:
        raise EndedError

    Gan.update = update  # type: ignore[assignment,method-assign]  # the process ends with it
    try:
        recipe = Recipe(precision=precision)
        trainer.train(folder / "many", recipe, folder / "model", folder / f"state-{os.getpid()}")
    except EndedError:
        seconds, busy = time.time() - float(os.environ["BEGAN"]), time.process_time()
    status = Path("/proc/self/status").read_text()
    memory = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("Rss")}
    dataset = (folder / "many" / "images.npy").stat().st_size / 2**20
    return {"seconds": seconds, "busy": busy, "dataset": dataset, "own": memory["RssAnon"], "file": memory["RssFile"]}


ENGINES = {"example": example, "ours": ours, "limit": limit, "start": start}


def show(found: dict[tuple[str, str], list[dict[str, float]]]) -> None:
    def median(engine: str, precision: str, name: str) -> float:
        return statistics.median(one[name] for one in found[engine, precision])

    peer = median("example", "fp32", "rate")
    heads = {"images/s": 10, "× example": 11, "loop over step": 16, "looking": 9, "saving": 8, "of conv. limit": 16}
    print(" " * 16 + "".join(f"{head:>{width}}" for head, width in heads.items()))
    print(f"{'example fp32':16}{peer:10.1f}{1:11.2f}")
    for precision in ("fp32", "bf16"):
        rounds = zip(found["ours", precision], found["example", "fp32"], strict=True)
        ratio = statistics.median(mine["rate"] / theirs["rate"] for mine, theirs in rounds)
        over = median("ours", precision, "step") / median("ours", precision, "bare") - 1
        fraction = median("limit", precision, "step") / median("ours", precision, "step")
        rate, looked, saved = (median("ours", precision, name) for name in ("rate", "looking", "saving"))
        print(f"{'ours ' + precision:16}{rate:10.1f}{ratio:11.2f}{over:16.1%}{looked:9.1%}{saved:8.1%}{fraction:16.2f}")


if __name__ == "__main__":
    main()
