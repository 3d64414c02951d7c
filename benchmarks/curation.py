"""How fast images are prepared and near hashes found, beside others; every figure of docs/curation.md on speed.

    python benchmarks/curation.py prepare [--peers PYTHON] [--rounds 5]   images/s a core, and of two processes
    python benchmarks/curation.py memory [--images 50000]                 peak memory of `prepare`
    python benchmarks/curation.py search [--peers PYTHON] [--counts 1e5 1e6] seconds for all pairs within a radius
    python benchmarks/curation.py again [--images 100000]                 seconds of `curate` with another threshold

Each measurement is a process of its own on one thread, taken in turn, CPU seconds (a busy machine spoils wall time
more); two processes and `again` in wall time. Photographs come from FACADES_DATA (default ../shared/data).
`--peers` is a Python where others are installed, in an environment of their own:
    python -m venv PEERS && PEERS/bin/pip install imagededup cleanvision img2dataset faiss-cpu simplejpeg imagehash
"""

import argparse
import hashlib
import io
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # before this folder, which has a train.py
DATA = (ROOT / os.environ.get("FACADES_DATA", "../shared/data")).resolve()
RADIUS = 7

Result = dict[str, float]


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
    from curate.prepare import CHUNK, View, prepare_images

    done = 0
    for low in range(0, len(files), CHUNK):
        images = [(path.name, path.read_bytes()) for path in files[low : low + CHUNK]]
        batch = prepare_images(View(score_facades=score), images)
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


# All pairs within RADIUS of a file of hashes; each returns how many it found.


def banded(file: Path) -> int:
    import numpy as np

    from curate.hamming import pairs_within

    return len(pairs_within(np.load(file), RADIUS)[0])


def faiss_multihash(file: Path) -> int:
    import faiss
    import numpy as np

    faiss.omp_set_num_threads(1)
    codes = np.load(file).view(np.uint8).reshape(-1, 8)
    index = faiss.IndexBinaryMultiHash(64, 4, 16)
    index.nflip = 1  # 4 bands of 16 bits: exact up to 7
    index.add(codes)
    found = 0
    for low in range(0, len(codes), 10_000):
        limits, _, _ = index.range_search(codes[low : low + 10_000], RADIUS + 1)  # nearer than
        found += int(limits[-1])
    return (found - len(codes)) // 2


def imagededup_search(file: Path) -> int:
    import numpy as np
    from imagededup.methods import PHash

    codes = {str(place): f"{code:016x}" for place, code in enumerate(np.load(file))}
    found = PHash(verbose=False).find_duplicates(encoding_map=codes, max_distance_threshold=RADIUS, num_dist_workers=0)
    return sum(map(len, found.values())) // 2


def brute_force(file: Path) -> int:
    import numpy as np

    codes = np.load(file)
    return sum(int((np.bitwise_count(codes[place + 1 :] ^ code) <= RADIUS).sum()) for place, code in enumerate(codes))


SEARCHES = (banded, faiss_multihash, imagededup_search, brute_force)
SLOW = {"imagededup_search": 10_000, "brute_force": 50_000}  # no more hashes than this


def child(name: str, target: Path) -> None:
    """Run one of the functions above and print what it took."""
    function: Callable[..., int] = globals()[name]
    if target.is_dir():
        files = sorted(target.iterdir())
        function(files[:8])  # imports, tables, networks
        arguments: list[object] = [files]
    else:
        arguments = [target]
    wall, cpu = time.perf_counter(), time.process_time()
    count = function(*arguments)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"count": count, "wall": wall, "cpu": cpu, "MB": peak}))


def measured(name: str, target: Path, python: str = sys.executable) -> Result:
    threads = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
    done = subprocess.run(
        [python, __file__, "child", name, str(target)],
        env={**os.environ, **threads, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{name}: {done.stderr.strip().splitlines()[-1]}")
    found: Result = json.loads(done.stdout.strip().splitlines()[-1])
    return found


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
    for widest in (None, 500):
        with tempfile.TemporaryDirectory() as work:
            count, width, height = photographs(Path(work), widest)
            print(f"\n{count} JPEGs, {width:.0f} × {height:.0f} pixels on average; CPU time, best of {rounds}")
            methods = [(f.__name__, sys.executable) for f in OURS]
            methods += [(f.__name__, peers) for f in PEERS if peers]
            taken: dict[str, list[float]] = {name: [] for name, _ in methods}
            for _ in range(rounds):
                for name, python in methods:
                    found = measured(name, Path(work), python)
                    taken[name].append(found["cpu"] / found["count"])
            least = {name: min(seconds) for name, seconds in taken.items()}
            for name, seconds in least.items():
                print(f"{name:20} {1 / seconds:7.0f} images/s   {least['floor'] / seconds:5.2f} of the floor")
            if not widest:
                processes(Path(work), rounds)


def processes(folder: Path, rounds: int) -> None:
    """Wall time of `prepare` with one process and with two, less that of a tiny archive: their start."""
    from curate.executor import Processes
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

    from crawler.files import write_table
    from crawler.records import INDEX

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
    rows.sort(key=lambda row: row["sha256"])
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
                "import resource, sys; from pathlib import Path; from curate.executor import Processes\n"
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


def search(peers: str | None, counts: list[int]) -> None:
    with tempfile.TemporaryDirectory() as work:
        for make in (random_codes, skewed_codes):
            for count in counts:
                kind = make.__name__.removesuffix("_codes")
                print(f"\n{count} {kind} hashes, radius {RADIUS}", flush=True)
                for function in SEARCHES:
                    name = function.__name__
                    python = sys.executable if function in (banded, brute_force) else peers
                    if not python or (function is faiss_multihash and count > 1_000_000):
                        continue
                    asked = min(count, SLOW.get(name, count))
                    file = Path(work) / f"{kind}-{asked}.npy"
                    if not file.exists():  # made elsewhere, so that no child starts with our peak of memory
                        command = [sys.executable, __file__, "child", make.__name__, str(asked), str(file)]
                        subprocess.run(command, check=True)
                    found = measured(name, file, python)
                    note = f" of {asked} hashes" if asked < count else ""
                    print(
                        f"{name:18} {found['count']:9.0f} pairs{note} in {found['cpu']:7.2f} s of CPU, "
                        f"{found['wall']:7.2f} s of wall, {found['MB']:6.0f} MB",
                        flush=True,
                    )


def random_codes(count: int, file: Path) -> None:
    """Evenly spread, with one in a hundred planted within the radius of another."""
    import numpy as np

    rng = np.random.default_rng(count)
    codes = rng.integers(0, 2**64, count, dtype=np.uint64)
    planted = count // 100
    for place in range(planted):
        bits = rng.choice(64, rng.integers(0, RADIUS + 1), replace=False)
        codes[count - 1 - place] = codes[place] ^ np.bitwise_or.reduce(
            np.uint64(1) << bits.astype(np.uint64), initial=0
        )
    np.save(file, rng.permutation(codes))


def skewed_codes(count: int, file: Path) -> None:
    """pHashes of real photographs, each the start of a family whose members differ in 10 to 24 of its bits."""
    import numpy as np

    from curate.crop import thumbnail
    from curate.decode import Picture, decode
    from curate.hashes import hashes

    files = [*sorted((DATA / "buildings").glob("t*/*.jpg")), *sorted((DATA / "houses").glob("*.jpg"))]
    pictures = [decode(path.read_bytes(), 128) for path in files]
    seeds, _ = hashes(np.stack([thumbnail(one.rgb) for one in pictures if isinstance(one, Picture)]))
    rng = np.random.default_rng(count)
    codes = seeds[rng.integers(0, len(seeds), count)]
    flips = rng.random((count, 64)) < rng.uniform(10 / 64, 24 / 64, (count, 1))
    codes ^= np.packbits(flips, axis=1).view(np.uint64)[:, 0]
    codes[: len(seeds)] = seeds[:count]
    np.save(file, codes)


def again(images: int) -> None:
    """`curate` on made-up rows, then with another threshold, then with a thousand images more."""
    import numpy as np

    from curate.build import build
    from curate.rules import CurateParams

    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        (folder / "exclusions.csv").write_text("kind,value,reason,by,date,near\n")
        tables(folder / "many", images, seed=0)
        tables(folder / "few", 1000, seed=1)
        sources = {
            name: (folder / name / "images.parquet", folder / name / "prepared.parquet") for name in ("many", "few")
        }
        runs = (("first", ["many"], 0.10), ("another threshold", ["many"], 0.12), ("1,000 more", ["many", "few"], 0.12))
        for label, names, least in runs:
            params = CurateParams.model_validate({"thresholds": {"min_contrast": least}})
            start, cpu = time.perf_counter(), time.process_time()
            build(
                {name: sources[name] for name in names},
                folder / "dataset",
                params,
                licenses=["CC0-1.0"],
                unknown="drop",
                exclusions=folder / "exclusions.csv",
                memory=folder / "pairs",
            )
            kept = len(np.load(folder / "dataset" / "split.npy"))
            wall, cpu = time.perf_counter() - start, time.process_time() - cpu
            print(f"{label:18} {wall:6.1f} s, {cpu:.1f} s of CPU, {kept} kept", flush=True)


def tables(folder: Path, count: int, seed: int) -> None:
    """A source's tables of `count` images: noise, one in twenty a near copy of another."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from crawler.records import IMAGES
    from curate.hashes import hashes
    from curate.records import MEASURES, prepared_schema
    from tests.curate.pictures import image_row

    folder.mkdir()
    rng = np.random.default_rng(seed)
    digests = sorted(hashlib.sha256(f"{seed} {number}".encode()).hexdigest() for number in range(count))
    pq.write_table(pa.Table.from_pylist([image_row(digest) for digest in digests], IMAGES), folder / "images.parquet")
    schema = prepared_schema(64)
    with pq.ParquetWriter(folder / "prepared.parquet", schema) as writer:
        for low in range(0, count, 2000):
            part = digests[low : low + 2000]
            views = rng.integers(0, 256, (len(part), 8, 8), dtype=np.uint8).repeat(8, 1).repeat(8, 2)
            copies = rng.random(len(part)) < 0.05
            views[copies] = np.roll(views, 1, axis=0)[copies]
            views += rng.integers(0, 6, views.shape, dtype=np.uint8)
            phash, probes = hashes(views)
            columns = {
                "sha256": part,
                "error": [None] * len(part),
                "width": [500] * len(part),
                "height": [400] * len(part),
                **{name: np.ones(len(part)) for name in MEASURES},
                "sharpness": np.full(len(part), 0.8),
                "highlight": np.full(len(part), 0.9),
                "shadow": np.full(len(part), 0.1),
                "contrast": rng.uniform(0.05, 0.4, len(part)),
                "entropy": np.full(len(part), 7.0),
                "chroma": np.full(len(part), 20.0),
                "paper": np.zeros(len(part)),
                "border": np.zeros(len(part)),
                "phash": phash,
                "probes": list(probes),
                "thumbnail": [view.tobytes() for view in views],
                "pixels": [view.tobytes() * 3 for view in views],
            }
            arrays = [pa.array(columns[field.name]).cast(field.type) for field in schema]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=("prepare", "memory", "search", "again", "child"), default="prepare")
    parser.add_argument("target", nargs="*")
    parser.add_argument("--peers", help="a Python with imagededup, cleanvision, img2dataset and faiss")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=float, default=50_000)
    parser.add_argument("--counts", type=float, nargs="+", default=[1e5, 1e6])
    args = parser.parse_args()
    if args.what == "child" and args.target[0].endswith("_codes"):
        globals()[args.target[0]](int(args.target[1]), Path(args.target[2]))
    elif args.what == "child":
        child(args.target[0], Path(args.target[1]))
    elif not DATA.is_dir():
        sys.exit(f"no photographs at {DATA}; set FACADES_DATA")
    elif args.what == "prepare":
        prepare(args.peers, args.rounds)
    elif args.what == "memory":
        memory(int(args.images))
    elif args.what == "search":
        search(args.peers, [int(count) for count in args.counts])
    else:
        again(int(args.images))


if __name__ == "__main__":
    main()
