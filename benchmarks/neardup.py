"""Which near duplicates are found, and what is wrongly taken for one: beside imagehash, imagededup and cleanvision.

    python benchmarks/neardup.py [--every 8] [--others] [--peers PYTHON] [--plot docs/pictures/near-duplicates.svg]

Copies of real photographs (FACADES_DATA, default ../shared/data) under the attacks of tests/curate/attacks.py. A method
is asked for every original and every copy, whether they are one: its recall is the share of the copies that it finds, a
wrong pair is an original and the copy of another. To these come the hard ones: pairs judged by eye, and all pairs of
photographs of one landmark. Every method at every threshold; cleanvision has one, equal hashes.

`--peers` is a Python where imagededup, cleanvision and matplotlib are installed, in an environment of their own:
    python -m venv PEERS && PEERS/bin/pip install imagededup cleanvision matplotlib
"""

import argparse
import csv
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import imagehash
import numpy as np
from PIL import Image
from scipy.sparse import coo_array

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # before this folder, which has a train.py

from curate.crop import thumbnail  # noqa: E402
from curate.decode import Picture, decode  # noqa: E402
from curate.duplicates import fingerprints  # noqa: E402
from curate.duplicates.clusters import candidates, verify  # noqa: E402
from curate.rules import Duplicates  # noqa: E402
from tests.curate.attacks import ATTACKS  # noqa: E402

DATA = (ROOT / os.environ.get("FACADES_DATA", "../shared/data")).resolve()
RULES = Duplicates()
IMAGEHASHES = {
    "imagehash phash": imagehash.phash,
    "imagehash dhash": imagehash.dhash,
    "imagehash whash": imagehash.whash,
    "imagehash average_hash": imagehash.average_hash,
}
GOAL = 0.995  # precision at which recalls are compared
SIMILARITIES = [round(0.3 + 0.05 * step, 2) for step in range(14)]
DISTANCES = range(0, -33, -1)
ALSO_ONE = (
    # Found by the methods and judged by eye, beside near-duplicates.csv.
    ("buildings/test/20580.jpg", "buildings/train/10231.jpg"),
    ("buildings/train/1429.jpg", "buildings/train/3499.jpg"),
    ("buildings/train/18951.jpg", "buildings/train/6305.jpg"),
    ("buildings/test/21232.jpg", "buildings/train/17605.jpg"),
    (
        "dirty-crawl/forbidden city/580bf74a-b201-42c2-895b-b27f2138edc4.jpg",
        "dirty-crawl/forbidden city/7645513f-670d-4ba0-9d58-2abbe156ff56.jpg",
    ),
    (
        "dirty-crawl/colosseum rome/78c266ed-011f-4c40-afe0-efd9eafcd910.jpg",
        "dirty-crawl/colosseum rome/b7b7d12a-36fc-4031-9dfb-a9e49dfe027f.jpg",
    ),
    (
        "dirty-crawl/hagia sophia/192c18f7-ae1a-4178-8170-540de6fe64eb.png",
        "dirty-crawl/hagia sophia/6f210980-b048-478b-a05b-20a7d7d3685b.png",
    ),
)

# Runs among the peers: the hashes of the files in a folder that imagededup finds, and the pairs that cleanvision does.
PEERS = """
import json, sys
from pathlib import Path
folder, out = map(Path, sys.argv[1:])
from imagededup.methods import DHash, PHash
found = {f"imagededup {name}": method().encode_images(str(folder), num_enc_workers=0)
         for name, method in (("PHash", PHash), ("DHash", DHash))}
from cleanvision import Imagelab
lab = Imagelab(data_path=str(folder))
lab.find_issues({"near_duplicates": {}, "exact_duplicates": {}}, n_jobs=2, verbose=False)
sets = [[[Path(one).name for one in part] for part in lab.info[kind + "_duplicates"]["sets"]]
        for kind in ("near", "exact")]
out.write_text(json.dumps({"hashes": found, "sets": sets}))
"""
PLOT = """
import json, sys
import matplotlib
matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "facades"
import matplotlib.pyplot as plt
curves = json.loads(sys.stdin.read())
figure, axes = plt.subplots(figsize=(7, 4.6))
for name, points in curves.items():
    recall, precision = zip(*points)
    ours = name == "facades"
    axes.plot(recall, precision, marker="o", markersize=4 if ours else 3, linewidth=2.5 if ours else 1, label=name,
              color="#c2410c" if ours else None, zorder=3 if ours else 2, linestyle="-" if len(points) > 1 else "none")
axes.set(xlabel="recall (mean over the attacks)", ylabel="precision", xlim=(0, 1.01), ylim=(0, 1.02))
axes.grid(alpha=0.3)
axes.legend(fontsize=8, loc="lower left")
figure.tight_layout()
figure.savefig(sys.argv[1], metadata={"Date": None})
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=8, help="take each n-th photograph of a building")
    parser.add_argument("--others", action="store_true", help="photographs on which nothing of ours was chosen")
    parser.add_argument("--peers", help="a Python with imagededup, cleanvision and matplotlib")
    parser.add_argument("--plot", type=Path, help="draw precision against recall here (needs --peers)")
    args = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"no photographs at {DATA}; set FACADES_DATA")
    buildings = sorted((DATA / "buildings").glob("t*/*.jpg"))[args.others * args.every // 4 :: args.every]
    originals = [*buildings, *sorted((DATA / "houses").glob("*.jpg"))[int(args.others) :: 2]]
    with tempfile.TemporaryDirectory() as work, ProcessPoolExecutor(2) as pool:
        folder = Path(work)
        list(pool.map(write_copies, originals, [folder] * len(originals), range(len(originals)), chunksize=8))
        questions = ask(folder, originals)
        print(f"{len(originals)} originals, {len(ATTACKS)} attacks, {len(questions.same)} hard pairs", flush=True)
        paths = [folder / name for name in questions.names]
        curves = {"facades": curve(*ours(pool, paths, questions), questions, SIMILARITIES)}
        for name in IMAGEHASHES:
            codes = dict(zip(questions.names, pool.map(coded, [name] * len(paths), paths, chunksize=64), strict=True))
            curves[name] = curve(*by_hash(codes, questions), questions, DISTANCES)
        if args.peers:
            curves |= peers(args.peers, folder, questions)
    table(curves)
    if args.plot and args.peers:
        points = {name: [(p.recall, p.precision) for p in found] for name, found in curves.items()}
        subprocess.run([args.peers, "-c", PLOT, str(args.plot)], input=json.dumps(points), text=True, check=True)


def write_copies(path: Path, folder: Path, number: int) -> None:
    """A photograph as NUMBER-00 and its copies as NUMBER-01 and so on."""
    image = Image.open(path).convert("RGB")
    (folder / f"{number:04}-00.jpg").write_bytes(path.read_bytes())
    for place, (attack, _) in enumerate(ATTACKS.values(), start=1):
        body = attack(image)
        kind = {b"\x89PNG": "png", b"RIFF": "webp", b"\xff\xd8\xff\xe0": "jpg"}.get(body[:4], "avif")
        (folder / f"{number:04}-{place:02}.{kind}").write_bytes(body)


class Questions(NamedTuple):
    """The pairs of files that every method is asked about, by their places in `names`."""

    names: list[str]
    copies: np.ndarray  # originals × (1 + attacks)
    twins: np.ndarray  # originals × originals: whether two of them are one as they came
    hard: np.ndarray  # pairs × 2
    same: np.ndarray  # whether each hard pair is one


def ask(folder: Path, originals: list[Path]) -> Questions:
    """Writes the pictures of hard pairs to `folder` too."""
    judged: dict[frozenset[Path], bool] = {frozenset((DATA / a, DATA / b)): True for a, b in ALSO_ONE}
    landmarks: list[list[Path]] = []
    for name in ("buildings", "houses", "dirty-crawl"):
        with (DATA / name / "near-duplicates.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                judged[frozenset(DATA / name / row[side] for side in "ab")] = row["label"] == "dup"
    for landmark in sorted(path for path in (DATA / "dirty-crawl").iterdir() if path.is_dir()):
        landmarks.append(sorted(landmark.iterdir()))
    written = {path: write_hard(path, folder) for pair in judged for path in pair if path.is_file()}
    written |= {path: write_hard(path, folder) for shots in landmarks for path in shots}
    one = Groups()
    for (first, second), same in ((tuple(pair), same) for pair, same in judged.items()):
        if same and first in written and second in written:
            one.join(written[first], written[second])
    pairs = {tuple(sorted(written[path] for path in pair)) for pair in judged if pair <= written.keys()}
    for shots in landmarks:  # another photograph of the same building is the hardest of all
        pairs |= set(combinations(sorted({written[path] for path in shots}), 2))
    hard = sorted((a, b) for a, b in pairs if a and b and a != b)

    names = sorted(path.name for path in folder.iterdir())
    place = {name: number for number, name in enumerate(names)}
    copies = [place[name] for name in names if not name.startswith("hard")]
    digests = [hard_name(path.read_bytes()) for path in originals]
    return Questions(
        names,
        np.array(copies).reshape(len(originals), -1),
        np.array([[one.are(a, b) for b in digests] for a in digests]),
        np.array([(place[a], place[b]) for a, b in hard]),
        np.array([one.are(a, b) for a, b in hard]),
    )


def hard_name(body: bytes) -> str:
    return f"hard-{hashlib.sha256(body).hexdigest()[:16]}.jpg"


def write_hard(path: Path, folder: Path) -> str:
    """The name under which a picture lies in `folder`, as a JPEG that every method can read; empty if it is none."""
    body = path.read_bytes()
    out = folder / hard_name(body)
    if not out.exists():
        picture = decode(body, 400)
        if not isinstance(picture, Picture):
            return ""
        picture.rgb.save(out, quality=95)
    return out.name


class Groups:
    """Names that are one, transitively."""

    def __init__(self) -> None:
        self.leads: dict[str, str] = {}

    def lead(self, name: str) -> str:
        while (up := self.leads.get(name, name)) != name:
            name = up
        return name

    def join(self, a: str, b: str) -> None:
        self.leads[self.lead(a)] = self.lead(b)

    def are(self, a: str, b: str) -> bool:
        return self.lead(a) == self.lead(b)


class Point(NamedTuple):
    """What a method finds at one threshold."""

    threshold: float
    hits: np.ndarray  # share of the copies found, by attack
    strangers: int  # wrong pairs of an original and the copy of another
    hard_found: int
    hard_wrong: int
    precision: float

    @property
    def recall(self) -> float:
        return float(self.hits.mean())


Scores = tuple[np.ndarray, np.ndarray]
"""How alike: originals × originals × attacks, the latter two of the copy; and the hard pairs."""


def curve(attacked: np.ndarray, hard: np.ndarray, questions: Questions, thresholds: Iterable[float]) -> list[Point]:
    points = []
    for threshold in thresholds:
        found = attacked >= threshold
        hits = np.einsum("iia->ia", found)
        strangers = int((found & ~questions.twins[:, :, None]).sum())
        right, wrong = (int(((hard >= threshold) & (questions.same == same)).sum()) for same in (True, False))
        all_right = int(hits.sum()) + right
        if all_right:
            precision = all_right / (all_right + strangers + wrong)
            points.append(Point(threshold, hits.mean(axis=0), strangers, right, wrong, precision))
    return points


def ours(pool: Executor, paths: list[Path], questions: Questions) -> Scores:
    """Similarity of the pairs that are candidates, −1 for the others."""
    thumbnails = np.stack(list(pool.map(view, paths, chunksize=64)))
    prints = fingerprints.compute(thumbnails)
    i, j = candidates(prints, RULES.radius)
    wanted = np.isin(i, questions.copies[:, 0]) | np.isin(j, questions.copies[:, 0])
    wanted |= np.isin(i * len(paths) + j, questions.hard.min(axis=1) * len(paths) + questions.hard.max(axis=1))
    i, j = i[wanted], j[wanted]
    alike = coo_array((np.concatenate(list(verify(prints, i, j))) + 1, (i, j)), shape=(len(paths),) * 2).tocsr()
    alike = alike + alike.T
    rows = alike[questions.copies[:, 0]].toarray()[:, questions.copies[:, 1:].ravel()]
    shape = (len(questions.copies), *questions.copies[:, 1:].shape)
    return rows.reshape(shape) - 1, np.asarray(alike[questions.hard[:, 0], questions.hard[:, 1]]).ravel() - 1


def view(path: Path) -> np.ndarray:
    picture = decode(path.read_bytes(), 128)
    assert isinstance(picture, Picture)
    return thumbnail(picture.rgb)


def coded(name: str, path: Path) -> int:
    return int(str(IMAGEHASHES[name](Image.open(path))), 16)


def by_hash(codes: Mapping[str, int], questions: Questions) -> Scores:
    """Minus the Hamming distance; far below any threshold where a method could not read a file."""
    values = np.array([codes.get(name, 0) for name in questions.names], np.uint64)
    read = np.array([name in codes for name in questions.names])

    def score(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.where(read[a] & read[b], -np.bitwise_count(values[a] ^ values[b]).astype(int), -99)

    copies = questions.copies
    return score(copies[:, :1, None], copies[None, :, 1:]), score(questions.hard[:, 0], questions.hard[:, 1])


def peers(python: str, folder: Path, questions: Questions) -> dict[str, list[Point]]:
    with tempfile.TemporaryDirectory() as work:
        out = Path(work) / "found.json"
        subprocess.run(
            [python, "-c", PEERS, str(folder), str(out)],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        found = json.loads(out.read_text())
    curves = {}
    for name, codes in found["hashes"].items():
        codes = {file: int(code, 16) for file, code in codes.items() if code}
        curves[name] = curve(*by_hash(codes, questions), questions, DISTANCES)
    copies, hard = questions.copies, questions.hard
    attacked, pairs = np.zeros(1, int), np.zeros(1, int)
    for sets in found["sets"]:
        group = {file: number for number, part in enumerate(sets) for file in part}
        groups = np.array([group.get(name, -1 - place) for place, name in enumerate(questions.names)])
        attacked = attacked | (groups[copies[:, :1, None]] == groups[copies[None, :, 1:]])
        pairs = pairs | (groups[hard[:, 0]] == groups[hard[:, 1]])
    curves["cleanvision"] = curve(attacked, pairs, questions, [1])
    return curves


def table(curves: Mapping[str, list[Point]]) -> None:
    """Each method at the threshold where it finds most, of those with the precision wanted (or its most precise)."""
    best = {
        name: max((p for p in points if p.precision >= GOAL), key=lambda p: p.recall, default=None)
        or max(points, key=lambda p: p.precision)
        for name, points in curves.items()
    }
    now = next(p for p in curves["facades"] if p.threshold == RULES.similarity)
    best = {f"facades at {RULES.similarity}": now, **best}
    print("| |", " | ".join(best), "|")
    print("|---|" + "---|" * len(best))
    print("| threshold |", " | ".join(f"{abs(p.threshold):g}" for p in best.values()), "|")
    print("| precision |", " | ".join(f"{p.precision:.4f}" for p in best.values()), "|")
    print("| wrong: strangers, hard pairs |", " | ".join(f"{p.strangers}, {p.hard_wrong}" for p in best.values()), "|")
    print("| hard pairs that are one, found |", " | ".join(f"{p.hard_found}" for p in best.values()), "|")
    print("| recall |", " | ".join(f"{p.recall:.3f}" for p in best.values()), "|")
    for place, name in enumerate(ATTACKS):
        print(f"| {name} |", " | ".join(f"{p.hits[place]:.3f}" for p in best.values()), "|")


if __name__ == "__main__":
    main()
