"""How fast near hashes are found, beside others, and how fast `curate` decides again.

    python benchmarks/search.py [search] [--peers PYTHON] [--counts 1e5 1e6]  seconds for all pairs within a radius
    python benchmarks/search.py more [--images 1000000]                       seconds when a thousand images are new
    python benchmarks/search.py again [--images 100000]                       seconds of `curate`, another threshold

Each search is a process of its own on one thread, in CPU seconds (a busy machine spoils wall time more). Photographs
come from FACADES_DATA (default ../shared/data).
`--peers` is a Python where others are installed, in an environment of their own:
    python -m venv PEERS && PEERS/bin/pip install imagededup faiss-cpu
"""

import argparse
import hashlib
import os
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # before this folder, whose curate.py is no package
DATA = (ROOT / os.environ.get("FACADES_DATA", "../shared/data")).resolve()
RADIUS = 7


# All pairs within RADIUS of a file of hashes; each returns how many it found.


def banded(file: Path) -> int:
    import numpy as np

    from curate.duplicates.hamming import pairs_within

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


OURS = (banded, brute_force)
PEERS = (faiss_multihash, imagededup_search)
SLOW = {imagededup_search: 10_000, brute_force: 50_000, faiss_multihash: 1_000_000}  # no more hashes than this


def search(peers: str | None, counts: list[int]) -> None:
    from benchmarks.child import measured

    # Hashes are made elsewhere, so that no search starts with our own peak of memory.
    with tempfile.TemporaryDirectory() as work, ProcessPoolExecutor(1, mp_context=get_context("spawn")) as maker:
        for make in (random_codes, skewed_codes):
            for count in counts:
                kind = make.__name__.removesuffix("_codes")
                print(f"\n{count} {kind} hashes, radius {RADIUS}", flush=True)
                for function in OURS + (PEERS if peers else ()):
                    asked = min(count, SLOW.get(function, count))
                    file = Path(work) / f"{kind}-{asked}.npy"
                    if not file.exists():
                        maker.submit(make, asked, file).result()
                    found = measured(__file__, function, file, peers if peers and function in PEERS else sys.executable)
                    note = f" of {asked} hashes" if asked < count else ""
                    print(
                        f"{function.__name__:18} {found['count']:9.0f} pairs{note} in {found['cpu']:7.2f} s of CPU, "
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
    from curate.duplicates.hashes import hashes

    files = [*sorted((DATA / "buildings").glob("t*/*.jpg")), *sorted((DATA / "houses").glob("*.jpg"))]
    pictures = [decode(path.read_bytes(), 128) for path in files]
    seeds, _ = hashes(np.stack([thumbnail(one.rgb) for one in pictures if isinstance(one, Picture)]))
    rng = np.random.default_rng(count)
    codes = seeds[rng.integers(0, len(seeds), count)]
    flips = rng.random((count, 64)) < rng.uniform(10 / 64, 24 / 64, (count, 1))
    codes ^= np.packbits(flips, axis=1).view(np.uint64)[:, 0]
    codes[: len(seeds)] = seeds[:count]
    np.save(file, codes)


def more(images: int) -> None:
    """The candidates that a thousand new images make with `images` that are there, then those of all with all.

    Each image has the ten hashes that `prepare` gives it. Verification is left out: it goes with the number of pairs.
    """
    import numpy as np

    from curate.duplicates.clusters import candidates
    from curate.duplicates.fingerprints import Fingerprints
    from curate.rules import Duplicates
    from curate.schemas import PROBES

    with tempfile.TemporaryDirectory() as work:
        file = Path(work) / "codes.npy"
        random_codes((images + 1000) * (1 + PROBES), file)
        codes = np.load(file).reshape(-1, 1 + PROBES)
    prints = Fingerprints(codes, np.empty((0, 64, 64), np.uint8))
    fresh = np.arange(len(codes)) >= images
    for label, asked in (("a thousand with all", fresh), ("all with all", None)):
        wall, cpu = time.perf_counter(), time.process_time()
        found, _ = candidates(prints, Duplicates().radius, asked)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{label:20} {len(codes)} images, {len(found)} pairs: {wall:6.1f} s, {cpu:.1f} s of CPU, {peak:.0f} MB",
            flush=True,
        )


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
                pair_cache=folder / "pairs",
            )
            kept = len(np.load(folder / "dataset" / "split.npy"))
            wall, cpu = time.perf_counter() - start, time.process_time() - cpu
            print(f"{label:18} {wall:6.1f} s, {cpu:.1f} s of CPU, {kept} kept", flush=True)


def tables(folder: Path, count: int, seed: int) -> None:
    """A source's tables of `count` images: noise, one in twenty a near copy of another."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from crawler.archive.schemas import IMAGES
    from curate.duplicates.hashes import hashes
    from curate.schemas import MEASURES, prepared_schema
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
    parser.add_argument("what", nargs="?", choices=("search", "more", "again"), default="search")
    parser.add_argument("--peers", help="a Python with imagededup and faiss")
    parser.add_argument("--images", type=float)
    parser.add_argument("--counts", type=float, nargs="+", default=[1e5, 1e6])
    args = parser.parse_args()
    if args.what == "more":
        more(int(args.images or 1_000_000))
    elif args.what == "again":
        again(int(args.images or 100_000))
    elif not DATA.is_dir():
        sys.exit(f"no photographs at {DATA}; set FACADES_DATA")
    else:
        search(args.peers, [int(count) for count in args.counts])


if __name__ == "__main__":
    main()
