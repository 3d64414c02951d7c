"""Checks on one GPU whether a training runs, is right, and how fast it is: about eight minutes on an H100.

    python -m benchmarks.gpu --out FOLDER [--photographs photographs.npz] [--budget 480] [--only step article]
    python -m benchmarks.gpu --device cpu --quick

Run it in the project's folder. Each part runs whatever became of the others. FOLDER receives facts.jsonl, a line of
JSON for each fact that is also printed, tracebacks.txt, tables of kernels and snapshots. A part that would begin after
the budget (in seconds) is left out. `python -m benchmarks.gpu.pack` makes photographs.npz. The second command tries the
check itself where there is no GPU.
"""

import argparse
import sys
import tempfile
import time
import traceback
from pathlib import Path

import torch

from benchmarks.gpu import equality, speed, whole
from benchmarks.gpu.bench import Bench, trained
from train import hardware
from train.recipe import Recipe

PARTS = (
    speed.machine,
    equality.every_recipe,
    equality.replay_equals_eager,
    equality.two_runs,
    equality.resumed,
    equality.after_the_cpu,
    equality.near_the_cpu,
    speed.step,
    speed.kernels,
    speed.example,
    speed.overheads,
    whole.photographs,
    whole.article,
    speed.compiled,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--out", type=Path, help="a folder; a temporary one if not given")
    parser.add_argument("--photographs", type=Path, help="what benchmarks.gpu.pack wrote")
    parser.add_argument("--budget", type=float, default=480, help="seconds after which no part begins")
    parser.add_argument("--only", nargs="+", choices=[part.__name__ for part in PARTS], help="run these parts alone")
    parser.add_argument("--quick", action="store_true", help="tiny networks and few steps")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)  # dataset and recipe: train, print the sha256
    args = parser.parse_args()
    if args.device == "cuda" and not torch.cuda.is_available():
        sys.exit("no GPU; --device cpu --quick tries the check without one")
    device = torch.device("cuda", 0) if args.device == "cuda" else hardware.CPU
    if args.child:
        folder, recipe = args.child
        print(trained(Path(folder), Recipe.model_validate_json(recipe)))
        return
    out = args.out or Path(tempfile.mkdtemp())
    out.mkdir(parents=True, exist_ok=True)
    run(Bench(device, out, args.budget, args.quick, args.photographs), args.only)


def run(bench: Bench, only: list[str] | None) -> None:
    """Run all parts, or some of them, by name."""
    for part in PARTS:
        name = part.__name__
        if only and name not in only:
            continue
        if bench.left < 0:
            bench.fact(name, left_out="the budget is spent")
            continue
        started = time.monotonic()
        try:
            part(bench)
        except Exception as error:  # the other parts still count
            bench.fact(name, raised=type(error).__name__, message=str(error)[:400])
            with (bench.out / "tracebacks.txt").open("a") as file:
                file.write(f"== {name}\n{traceback.format_exc()}\n")
        bench.fact(name, took_s=round(time.monotonic() - started, 1))
        if bench.device.type == "cuda":
            torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
