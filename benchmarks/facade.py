"""Does the facade score know buildings from what is none: areas under ROC curves, thresholds, images a second.

    python benchmarks/facade.py [--plot docs/pictures/facade-roc.svg --python PYTHON]

On the photographs of FACADES_DATA (default ../shared/data), to which nothing was fitted: 2,628 of buildings, of which
about 88 % show an exterior, and 160 of houses, against 80 each of forest, glacier, mountain, sea and street (streets
often hold buildings). `--python` is one with matplotlib.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # before this folder, which has a train.py

from curate.crop import center_crop  # noqa: E402
from curate.decode import Picture, decode  # noqa: E402
from curate.facade_score import score  # noqa: E402
from curate.rules import Thresholds  # noqa: E402
from curate.schemas import SQUARE_SIDE  # noqa: E402

DATA = (ROOT / os.environ.get("FACADES_DATA", "../shared/data")).resolve()
NATURE = ("forest", "glacier", "mountain", "sea")

PLOT = """
import json, sys
import matplotlib
matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "facades"
import matplotlib.pyplot as plt
curves = json.loads(sys.stdin.read())
figure, axes = plt.subplots(figsize=(5.2, 4.6))
for name, curve in curves.items():
    thick = name.startswith("nature")
    axes.plot(curve["false"], curve["true"], label=f"{name}: {curve['area']:.3f}", linewidth=2.5 if thick else 1,
              color="#c2410c" if thick else None, zorder=3 if thick else 2)
axes.set(xlabel="share of the others that pass", ylabel="share of buildings that pass", xlim=(0, 1), ylim=(0, 1.005))
axes.grid(alpha=0.3)
axes.legend(fontsize=8, loc="lower right", title="buildings against, area under the curve", title_fontsize=8)
figure.tight_layout()
figure.savefig(sys.argv[1], metadata={"Date": None})
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plot", type=Path, help="draw the ROC curves here")
    parser.add_argument("--python", default=sys.executable, help="a Python with matplotlib, for --plot")
    args = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"no photographs at {DATA}; set FACADES_DATA")
    buildings = scored(sorted((DATA / "buildings").glob("t*/*.jpg")))
    houses = scored(sorted((DATA / "houses").glob("*.jpg")))
    others = {name: scored(sorted((DATA / "not-facades" / name).rglob("*.jpg"))) for name in (*NATURE, "street")}
    others = {"nature, all four": np.concatenate([others[name] for name in NATURE]), **others}
    least = Thresholds().min_facade
    print("| against | AUC, buildings | AUC, houses | at least", least, "|")
    print("|---|---|---|---|")
    for name, values in others.items():
        print(
            f"| {name} | {area(buildings, values):.3f} | {area(houses, values):.3f} | {(values >= least).mean():.3f} |"
        )
    print(f"| (buildings, houses) | | | {(buildings >= least).mean():.3f}, {(houses >= least).mean():.3f} |")
    if args.plot:
        curves = {name: {**roc(buildings, values), "area": area(buildings, values)} for name, values in others.items()}
        subprocess.run([args.python, "-c", PLOT, str(args.plot)], input=json.dumps(curves), text=True, check=True)


def scored(files: list[Path]) -> np.ndarray:
    pictures = [decode(path.read_bytes(), SQUARE_SIDE) for path in files]
    squares = np.stack([center_crop(one.rgb, SQUARE_SIDE) for one in pictures if isinstance(one, Picture)])
    score(squares[:1])
    start = time.process_time()
    values = score(squares)
    print(
        f"{files[0].parent.name}: {len(values) / (time.process_time() - start):.0f} images/s of CPU time",
        file=sys.stderr,
    )
    return values


def area(inside: np.ndarray, outside: np.ndarray) -> float:
    """The chance that one of `inside` scores above one of `outside`, ties half."""
    return float((inside[:, None] > outside).mean() + (inside[:, None] == outside).mean() / 2)


def roc(inside: np.ndarray, outside: np.ndarray) -> dict[str, list[float]]:
    lines = [2, *np.unique(np.concatenate([inside, outside]))[::-1].tolist()]
    return {
        "true": [round(float((inside >= line).mean()), 4) for line in lines],
        "false": [round(float((outside >= line).mean()), 4) for line in lines],
    }


if __name__ == "__main__":
    main()
