"""How fast images are prepared, beside others, and in how much memory.

    python benchmarks/curate.py [prepare] [--peers PYTHON] [--rounds 5]   images/s a core, and of two processes
    python benchmarks/curate.py memory [--images 50000]                   peak memory of `prepare`

Each measurement is a process of its own on one thread, taken in turn, CPU seconds (a busy machine spoils wall time
more); two processes in wall time. Photographs come from FACADES_DATA (default ../shared/data).
`--peers` is a Python where others are installed, in an environment of their own:
    python -m venv PEERS && PEERS/bin/pip install imagededup cleanvision img2dataset simplejpeg imagehash
benchmarks/search.py measures what `curate` does with the prepared tables.
"""

import argparse
import hashlib
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import accumulate
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # before this folder, whose curate.py and train.py are no packages
DATA = (ROOT / os.environ.get("FACADES_DATA", "../shared/data")).resolve()


# One core, all files of a folder; each returns the images that it did.


def floor(files: list[Path]) -> int:
    """The scaled decode alone, to the size that `prepare` asks for."""
    import simplejpeg

    for path in files:
        simplejpeg.decode_jpeg(path.read_bytes(), "RGB", min_height=128, min_width=128)
    return len(files)


def facades(files: list[Path]) -> int:
    return _facades(files, score=False)


def facades_scored(files: list[Path]) -> int:
    return _facades(files, score=True)


def _facades(files: list[Path], score: bool) -> int:
    from curate.prepare import CHUNK, PrepareOptions, prepare_images

    done = 0
    for low in range(0, len(files), CHUNK):
        images = [(path.name, path.read_bytes()) for path in files[low : low + CHUNK]]
        batch = prepare_images(PrepareOptions(score_facades=score), images)
        done += batch["error"].null_count
    return done


def pillow_imagehash(files: list[Path]) -> int:
    """What a first script does: decode, hash, square, scale."""
    import imagehash
    from PIL import Image, ImageOps

    for path in files:
        image = Image.open(path).convert("RGB")
        imagehash.phash(image)
        ImageOps.fit(image, (64, 64), Image.Resampling.BICUBIC)
    return len(files)


def imagededup_phash(files: list[Path]) -> int:
    """The hash alone."""
    from imagededup.methods import PHash

    hasher = PHash(verbose=False)
    for path in files:
        hasher.encode_image(image_file=str(path))
    return len(files)


def cleanvision_scan(files: list[Path]) -> int:
    """All of its issues: light, dark, blurry, odd sizes, information, greyscale, duplicates; no crop."""
    from cleanvision import Imagelab

    Imagelab(filepaths=[str(path) for path in files]).find_issues(n_jobs=1, verbose=False)
    return len(files)


def img2dataset_resizer(files: list[Path]) -> int:
    """Decode, crop, scale, and encode again, as its resizer always does; no measure, no hash."""
    from img2dataset.resizer import Resizer

    resizer = Resizer(64, "center_crop", False)
    for path in files:
        *_, error = resizer(io.BytesIO(path.read_bytes()))
        assert error is None
    return len(files)


OURS = (floor, facades, facades_scored, pillow_imagehash)
PEERS = (imagededup_phash, cleanvision_scan, img2dataset_resizer)
WIDEST = (None, 640, 500)  # pixels: as they came, and what thumbnails of image servers have


def photographs(folder: Path, widest: int | None) -> tuple[int, float, float]:
    """Writes RGB JPEGs to `folder`: those of houses and of a crawl as they came, or no wider than `widest`."""
    import simplejpeg
    from PIL import Image

    sizes, weights = [], []
    for path in [*sorted((DATA / "houses").glob("*.jpg")), *sorted((DATA / "dirty-crawl").rglob("*.*"))]:
        body = path.read_bytes()
        if not body.startswith(b"\xff\xd8\xff") or len(body) > 1_000_000:
            continue
        try:
            image = Image.open(io.BytesIO(body))
            simplejpeg.decode_jpeg(body, "RGB")
        except (OSError, ValueError):
            continue
        if image.mode != "RGB":
            continue
        if widest:
            image.thumbnail((widest, 4 * widest))
            out = io.BytesIO()
            image.save(out, "JPEG", quality=87)
            body = out.getvalue()
        (folder / f"{len(sizes):04}.jpg").write_bytes(body)
        sizes.append(image.size)
        weights.append(len(body))
    return len(sizes), statistics.mean(w for w, _ in sizes), statistics.mean(h for _, h in sizes)


def prepare(peers: str | None, rounds: int) -> None:
    from benchmarks.child import measured

    for widest in WIDEST:
        with tempfile.TemporaryDirectory() as work:
            count, width, height = photographs(Path(work), widest)
            print(f"\n{count} JPEGs, {width:.0f} × {height:.0f} pixels on average; CPU time, best of {rounds}")
            methods = dict.fromkeys(OURS, sys.executable) | {f: peers for f in PEERS if peers}
            taken: dict[str, list[float]] = {f.__name__: [] for f in methods}
            for _ in range(rounds):
                for function, python in methods.items():
                    found = measured(__file__, function, Path(work), python)
                    taken[function.__name__].append(found["cpu"] / found["count"])
            least = {name: min(seconds) for name, seconds in taken.items()}
            for name, seconds in least.items():
                print(f"{name:20} {1 / seconds:7.0f} images/s   {least['floor'] / seconds:5.2f} of the floor")
            if not widest:
                processes(Path(work), rounds)


def processes(folder: Path, rounds: int) -> None:
    """Wall time of `prepare` with one process and with two, less that of a tiny archive: their start."""
    from curate.executors.processes import Processes
    from curate.prepare import prepare

    bodies = [path.read_bytes() for path in sorted(folder.iterdir())]
    with tempfile.TemporaryDirectory() as work:
        whole, tiny = archive(Path(work) / "whole", bodies, 5 * len(bodies)), archive(Path(work) / "tiny", bodies, 2)
        taken: dict[tuple[Path, int], list[float]] = {(where, n): [] for where in (whole, tiny) for n in (1, 2)}
        for _ in range(rounds):
            for (where, workers), seconds in taken.items():
                start = time.perf_counter()
                prepare(where, Path(work) / "out.parquet", score_facades=False, executor=Processes(workers))
                seconds.append(time.perf_counter() - start)
        one, two = (min(taken[whole, n]) - min(taken[tiny, n]) for n in (1, 2))
    rate = 5 * len(bodies) / one
    print(f"prepare, wall time: {rate:.0f} images/s with one process, {one / two:.2f} times that with two")


def archive(folder: Path, bodies: list[bytes], count: int) -> Path:
    """An archive of `count` images, for which `bodies` serve again and again."""
    import pyarrow as pa

    from common.files import write_table
    from crawler.archive.schemas import INDEX

    folder.mkdir()
    starts = [0, *accumulate(map(len, bodies))]
    (folder / "00000.warc").write_bytes(b"".join(bodies))
    rows = [
        {
            "sha256": hashlib.sha256(str(number).encode()).hexdigest(),
            "url": f"https://a.invalid/{number}",
            "file": "00000.warc",
            "offset": starts[number % len(bodies)],
            "length": len(bodies[number % len(bodies)]),
        }
        for number in range(count)
    ]
    rows.sort(key=lambda row: str(row["sha256"]))
    write_table(pa.Table.from_pylist(rows, INDEX), folder / "index.parquet")
    return folder


def memory(images: int) -> None:
    """Peak resident memory of the parent and of a worker, in a process of its own for each count."""
    with tempfile.TemporaryDirectory() as work:
        photos = Path(work) / "photos"
        photos.mkdir()
        photographs(photos, 500)
        bodies = [path.read_bytes() for path in sorted(photos.iterdir())]
        for count in (images // 10, images):
            whole = archive(Path(work) / str(count), bodies, count)
            code = (
                "import resource, sys; from pathlib import Path; from curate.executors.processes import Processes\n"
                "from curate.prepare import prepare\n"
                "if __name__ == '__main__':\n"
                "    prepare(Path(sys.argv[1]), Path(sys.argv[2]), score_facades=False, executor=Processes(2))\n"
                "    who = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN\n"
                "    print(*(resource.getrusage(one).ru_maxrss // 1024 for one in who))\n"
            )
            script = Path(work) / "run.py"
            script.write_text(code)
            done = subprocess.run(
                [sys.executable, str(script), str(whole), str(Path(work) / "out.parquet")],
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                capture_output=True,
                text=True,
                check=True,
            )
            parent, worker = done.stdout.split()
            print(f"{count:7} images: {parent} MB in the parent, {worker} MB in a worker", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=("prepare", "memory"), default="prepare")
    parser.add_argument("--peers", help="a Python with imagededup, cleanvision and img2dataset")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=50_000)
    args = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"no photographs at {DATA}; set FACADES_DATA")
    if args.what == "prepare":
        prepare(args.peers, args.rounds)
    else:
        memory(args.images)


if __name__ == "__main__":
    main()
