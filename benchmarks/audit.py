"""The audit at full size: `diff` at a million rows, `log` over 50 versions, `verify --sample 1000`, the pages.

    python -P benchmarks/audit.py [--keep FOLDER] [diff] [log] [verify] [pages]

Builds real git and DVC repositories of made-up images in a temporary folder. Each figure is a whole command in its own
process, as a person would run it, with warm files: the median of the runs, and the most memory of any. Processor time
is what is left of a figure on a machine that others use, too. With --keep the repositories are made once.
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
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image

from common.files import write_table
from crawler.archive.fetches import Fetch
from crawler.archive.schemas import IMAGES, Outcome, Role
from crawler.archive.tables import write_tables
from crawler.archive.writer import ArchiveWriter
from curate.dataset import SPLIT_CODES
from curate.documents.card import Origin
from curate.documents.write import write_documents
from curate.prepare import PrepareOptions, prepare_images
from curate.rules import CurateParams
from curate.schemas import MANIFEST, MEASURES, Split
from pipelines.report.inputs import SourcePaths
from pipelines.report.write import write_report

ROOT = Path(__file__).parents[1]
PICTURES = 200  # different ones; every image has one of them, under bytes of its own
STAGES = """
stages:
  crawl:
    foreach: ${sources}
    do: {cmd: "true", outs: ["data/archive/${key}"]}
  extract:
    foreach: ${sources}
    do: {cmd: "true", outs: ["data/images/${key}.parquet"]}
  prepare:
    foreach: ${sources}
    do: {cmd: "true", outs: ["data/prepared/${key}.parquet"]}
  curate:
    cmd: "true"
    params: [crawl.licenses, crawl.unknown, sources, curate.thresholds]
    outs: [data/dataset]
"""
PARAMS: dict[str, Any] = {
    "crawl": {"licenses": ["CC-BY-*"], "unknown": "drop"},
    "sources": {name: {"kind": "demo", "snapshot": "1"} for name in ("museum", "suburb", "town")},
    "curate": {"thresholds": {"min_side": 96}},
    "models": {},
}
SOURCES = tuple(PARAMS["sources"])


DATASET = """
import resource, sys
from pipelines.cli.dataset import commands
try:
    commands()
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


class Repository:
    """git and DVC, with the stages' names and outputs, and no stage that would run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        identity = {f"GIT_{who}_{what}": "bench" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        cache = str(folder.parent / "site-cache")
        self.env = {
            **os.environ,
            **identity,
            "PATH": path,
            "PYTHONPATH": str(ROOT),
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": cache,
        }
        if folder.exists():
            return
        folder.mkdir()
        for command in (["git", "init", "-q"], ["dvc", "init", "-q"], ["dvc", "config", "cache.type", "hardlink,copy"]):
            self.run(*command)
        (folder / "dvc.yaml").write_text(STAGES)
        (folder / "exclusions.csv").write_text("kind,value,reason,by,date,near\n")
        (folder / ".gitignore").write_text("/data/\n")

    def run(self, *command: str) -> None:
        subprocess.run(command, cwd=self.folder, env=self.env, check=True, stdout=subprocess.DEVNULL)

    def commit(self, min_side: int, label: str) -> None:
        PARAMS["curate"]["thresholds"]["min_side"] = min_side
        (self.folder / "params.yaml").write_text(json.dumps(PARAMS))  # JSON is YAML, too
        self.run("dvc", "commit", "-q", "-f")
        self.run("git", "add", "--all")
        self.run("git", "commit", "-q", "-m", label)

    def measure(self, runs: int, *command: str) -> tuple[float, float, int]:
        """Median seconds, median seconds of processor, and most bytes of `facades dataset COMMAND`."""
        seconds, busy, memory = [], [], 0
        for _ in range(runs):
            started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
            done = subprocess.run(
                [sys.executable, "-c", DATASET, *command], cwd=self.folder, env=self.env, capture_output=True, text=True
            )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            seconds.append(time.perf_counter() - started)
            busy.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
            assert done.returncode == 0, done.stdout + done.stderr
            memory = max(memory, 1024 * int(done.stderr.split()[-1]))
        return statistics.median(seconds), statistics.median(busy), memory


def manifest(digests: Sequence[str] | NDArray[np.str_], min_side: int, *, without_duplicates: bool = False) -> pa.Table:
    """ManifestReader on these images (sorted): some too small, some near duplicates, the rest kept."""
    names = pa.array(digests)
    number = np.array([int(digest[:12], 16) for digest in digests])
    text = pa.array(number.astype("U16"), pa.string())
    side = 64 + number % 900
    small, twin = side < min_side, (number // 7 % 25 == 0) & (not without_duplicates)
    kept = ~small & ~twin
    lost = ~small & twin
    keeper = np.asarray(digests)[np.flatnonzero(kept)[number % kept.sum()]]

    def words(before: str, after: str) -> pa.Array:
        return pc.binary_join_element_wise(before, text, after, "")

    columns = {
        "sha256": names,
        "source": pa.array(np.array(SOURCES)[number % 3]),
        "image_url": words(
            "https://images.invalid/thumb/a/ab/Facade_of_a_building_in_the_town_", ".jpg/330px-facade.jpg"
        ),
        "page_url": words("https://pages.invalid/wiki/File:Facade_of_a_building_in_the_town_", ".jpg"),
        "title": words("Facade of a building in the town, ", ""),
        "author": pa.array(np.char.add("Author ", (number % 5000).astype("U5"))),
        "license": pa.array(np.where(number % 2, "CC-BY-4.0", "CC-BY-SA-4.0")),
        "license_url": pa.array(["https://creativecommons.org/licenses/by/4.0/"] * len(digests)),
        "attribution": words("Facade of a building in the town, ", ", by an author, CC BY 4.0, https://pages.invalid/"),
        "tags": pa.array([["facade", "town"]] * len(digests)),
        "decision": pa.array(np.where(kept, "kept", "dropped")),
        "reason": pa.array(np.where(small, "too_small", "near_duplicate"), mask=kept),
        "measure": pa.array(np.where(small, "side", "similarity"), mask=kept),
        "value": pa.array(np.where(small, side, 0.97), mask=kept),
        "threshold": pa.array(np.where(small, min_side, 0.75), mask=kept),
        "cluster": pa.array(np.where(lost, keeper, names)),
        "keeper": pa.array(keeper, mask=~lost),
        "distance": pa.array(np.full(len(digests), 3), mask=~lost),
        "similarity": pa.array(np.full(len(digests), 0.97), mask=~lost),
        "row": pa.array(np.cumsum(kept) - 1, mask=~kept),
        "split": pa.array(np.where(number % 10 == 0, "holdout", "train"), mask=~kept),
        "rule_version": pa.array(np.ones(len(digests), np.int16)),
    }
    return pa.table([pa.array(columns[field.name]).cast(field.type) for field in MANIFEST], schema=MANIFEST)


def image_table(rows: pa.Table) -> pa.Table:
    """What stage extract would have made of these rows of the manifest."""
    given = {
        "format": pa.repeat("jpeg", len(rows)),
        "nbytes": pa.repeat(9000, len(rows)),
        "opt_out": pa.repeat("", len(rows)),
    }
    others = pa.array([[]] * len(rows), IMAGES.field("others").type)
    columns = {**{name: rows[name] for name in rows.column_names}, **given, "others": others}
    return pa.table([columns[field.name] for field in IMAGES], schema=IMAGES)


def tables(repository: Repository, table: pa.Table) -> None:
    """The manifest, and what the stages before would have made of its images, less pixels and bytes."""
    write_table(table, repository.data / "dataset/manifest.parquet")
    rng = np.random.default_rng(0)
    for source in SOURCES:
        own = table.filter(pc.equal(table["source"], source))
        write_table(image_table(own), repository.data / "images" / f"{source}.parquet")
        measured = {name: pa.array(rng.random(len(own), np.float32)) for name in MEASURES}
        hashes = pa.array(rng.integers(0, 2**64, len(own), np.uint64))
        write_table(
            pa.table({"sha256": own["sha256"], "phash": hashes, **measured}),
            repository.data / "prepared" / f"{source}.parquet",
        )
        (repository.data / "archive" / source).mkdir(parents=True, exist_ok=True)
        (repository.data / "archive" / source / "run.json").write_text("{}")


def million(folder: Path, rows: int) -> Repository:
    """Two versions: a higher threshold, one in twenty images gone, one in twenty new."""
    repository = Repository(folder)
    digests = sorted(hashlib.sha256(str(number).encode()).hexdigest() for number in range(rows + rows // 20))
    chosen = np.random.default_rng(1).permutation(len(digests))
    for label, min_side, out in (("old", 96, chosen[: rows // 20]), ("new", 128, chosen[-(rows // 20) :])):
        tables(repository, manifest(np.delete(digests, out), min_side))
        repository.commit(min_side, label)
    return repository


def long_history(folder: Path, versions: int, images: int = 10_000) -> Repository:
    """`versions` versions; each takes a hundred other images out."""
    repository = Repository(folder)
    digests = np.array(sorted(hashlib.sha256(str(number).encode()).hexdigest() for number in range(images)))
    for version in range(versions):
        out = np.random.default_rng(version).choice(images, 100, replace=False)
        table = manifest(np.delete(digests, out), 96)
        if not version:
            tables(repository, table)
        write_table(table, repository.data / "dataset/manifest.parquet")
        repository.commit(96, f"version {version}")
    return repository


def pictured(folder: Path, images: int) -> Repository:
    """One whole version: real bytes in real archives; each different picture is prepared once, as the stage does it."""
    repository = Repository(folder)
    rng = np.random.default_rng(2)
    jpegs = []
    for _ in range(PICTURES):
        small = Image.fromarray(rng.integers(0, 256, (9, 9, 3), np.uint8))
        buffer = io.BytesIO()
        small.resize((256, 256), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=80)
        jpegs.append(buffer.getvalue())
    drawn = prepare_images(PrepareOptions(64, score_facades=True, trim=False), [("", jpeg) for jpeg in jpegs])
    bodies: dict[str, bytes] = {}
    pictures: dict[str, int] = {}
    for number in range(images):
        comment = f"image {number:012d}".encode()
        # A JPEG comment (marker FFFE) makes the bytes of each its own, and leaves the picture as it is.
        jpeg = jpegs[number % PICTURES]
        body = jpeg[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + jpeg[2:]
        digest = hashlib.sha256(body).hexdigest()
        bodies[digest], pictures[digest] = body, number % PICTURES
    table = manifest(sorted(bodies), 0, without_duplicates=True)
    facades = np.empty((images, 3, 64, 64), np.uint8)
    at = datetime(2026, 11, 1, tzinfo=UTC)
    for source in SOURCES:
        own = table.filter(pc.equal(table["source"], source))
        archive = repository.data / "archive" / source
        archive.mkdir(parents=True)
        writer = ArchiveWriter(archive, {"software": "bench"})
        for sha256, url in zip(own["sha256"].to_pylist(), own["image_url"].to_pylist(), strict=True):
            writer.resource(Fetch(url, Role.IMAGE, Outcome.STORED, at, at), bodies[sha256], "image/jpeg")
        writer.close()
        write_tables(archive)
        write_table(image_table(own), repository.data / "images" / f"{source}.parquet")
        rows = pa.array([pictures[sha256] for sha256 in own["sha256"].to_pylist()])
        prepared = pa.table([own["sha256"].combine_chunks(), *drawn.take(rows).columns[1:]], schema=drawn.schema)
        out = repository.data / "prepared" / f"{source}.parquet"
        out.parent.mkdir(exist_ok=True)
        pq.write_table(prepared, out, row_group_size=2048, use_dictionary=False)
        pixels = b"".join(prepared["pixels"].to_pylist())
        facades[own["row"].to_numpy()] = np.frombuffer(pixels, np.uint8).reshape(-1, 3, 64, 64)
    dataset = repository.data / "dataset"
    write_table(table, dataset / "manifest.parquet")
    np.save(dataset / "images.npy", facades)
    np.save(
        dataset / "split.npy", np.array([SPLIT_CODES[Split(name)] for name in table["split"].to_pylist()], np.uint8)
    )
    write_documents(table, CurateParams(), dataset, Origin())
    repository.commit(0, "pictured")
    return repository


def everything_changed(repository: Repository) -> None:
    """Another threshold in the work tree, and all images by one author: as much as the pages can be asked to show."""
    table = pq.read_table(repository.data / "dataset/manifest.parquet")
    decided = manifest(table["sha256"].to_pylist(), 96, without_duplicates=True)
    place = decided.schema.get_field_index("author")
    archive = pa.array(["The Archive"] * len(decided))
    write_table(decided.set_column(place, "author", archive), repository.data / "dataset/manifest.parquet")


def report(repository: Repository, page: Path) -> None:
    """The page of stage report, on the same tables; models are not among them."""
    data = repository.data
    write_report(
        sources={
            name: SourcePaths(
                data / "archive" / name, data / "images" / f"{name}.parquet", data / "prepared" / f"{name}.parquet"
            )
            for name in SOURCES
        },
        dataset=data / "dataset",
        models={},
        out=page,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("rows", 1_000_000), ("images", 100_000), ("versions", 50), ("runs", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--keep", type=Path, help="a folder to make the repositories in, and to find them in again")
    parser.add_argument("what", nargs="*", default=["diff", "log", "verify", "pages"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temp:
        folder = given.keep or Path(temp)
        folder.mkdir(exist_ok=True)
        if "diff" in given.what:
            repository = made(folder / "million", million, given.rows)
            show(f"diff, 2 × {given.rows:,} rows", repository.measure(given.runs, "diff", "HEAD~1", "HEAD"))
        if "log" in given.what:
            repository = made(folder / "history", long_history, given.versions)
            show(f"log, {given.versions} versions of 10,000", repository.measure(given.runs, "log"))
        if "verify" in given.what:
            repository = made(folder / "pictured", pictured, given.images)
            verified = repository.measure(given.runs, "verify", "HEAD", "--sample", "1000")
            show(f"verify --sample 1000, {given.images:,} images", verified)
        if "pages" in given.what:
            pages(made(folder / "pictured", pictured, given.images), folder / "page.html")


def pages(repository: Repository, page: Path) -> None:
    """How long each takes to write, and how it feels in a browser."""
    report(repository, page)
    browse(page)
    everything_changed(repository)
    image = pq.read_table(repository.data / "dataset/manifest.parquet", columns=["sha256"])["sha256"][0].as_py()
    for command in (
        ("diff", "HEAD", "workspace"),
        ("show", image, "--rev", "HEAD"),
        ("show", "--author", "The Archive"),
    ):
        show(f"{' '.join(command)[:40]} --html", repository.measure(1, *command, "--html", str(page)))
        browse(page)
    repository.run("dvc", "checkout", "-q", "-f", "data/dataset")


def browse(page: Path) -> None:
    """How a page feels in a browser (browser.py)."""
    subprocess.run([sys.executable, "-P", ROOT / "benchmarks/browser.py", page], check=True)


def made(folder: Path, make: Callable[[Path, int], Repository], size: int) -> Repository:
    return Repository(folder) if folder.exists() else make(folder, size)


def show(what: str, figures: tuple[float, float, int]) -> None:
    seconds, busy, memory = figures
    print(f"{what:<56} {seconds:6.2f} s {busy:6.2f} s CPU {memory / 1e9:5.2f} GB", flush=True)


if __name__ == "__main__":
    main()
