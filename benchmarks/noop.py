"""Seconds of a `dvc repro` that has nothing to do, with a dataset of 1,000 and of 100,000 images, in turn.

    python benchmarks/noop.py [--rounds 5]

Both repositories hold the real dvc.yaml and files of the real number and size, filled with noise or left sparse;
`dvc commit` takes them for the stages' outputs. Prints the median seconds of each and the ratio, pair by pair.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).parents[1]
IMAGE_BYTES = 30_000  # what an archived thumbnail weighs
SHARD_BYTES = 1_000_000_000


def build(folder: Path, images: int) -> dict[str, str]:
    """A repository whose every stage is up to date over `images` images; returns its environment."""
    env = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(folder),
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(folder.parent / f"site-cache-{images}"),
    }
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if name != "dvc.lock":
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    random = np.random.default_rng(0)
    digests = sorted(random.bytes(32).hex() for _ in range(images))
    table = pa.table({"sha256": digests, "title": [f"Building {n}" for n in range(images)]})
    outs = ("data/images/demo.parquet", "data/dataset/manifest.parquet", "data/archive/demo/fetches.parquet")
    for out in outs:
        (folder / out).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, folder / out)
    (folder / "data/prepared").mkdir()
    pixels = pa.array([random.bytes(3 * 64 * 64) for _ in range(min(images, 1000))], pa.binary(3 * 64 * 64))
    with pq.ParquetWriter(folder / "data/prepared/demo.parquet", pa.schema([("pixels", pixels.type)])) as writer:
        for _ in range(max(1, images // 1000)):
            writer.write_table(pa.table({"pixels": pixels}))
    for number, start in enumerate(range(0, images * IMAGE_BYTES, SHARD_BYTES)):
        with (folder / f"data/archive/demo/{number:05d}.warc").open("wb") as shard:
            shard.truncate(min(SHARD_BYTES, images * IMAGE_BYTES - start))
    np.lib.format.open_memmap(
        folder / "data/dataset/images.npy", mode="w+", dtype=np.uint8, shape=(images, 3, 64, 64)
    ).flush()
    np.save(folder / "data/dataset/split.npy", np.zeros(images, np.uint8))
    (folder / "data/params.ok").write_text("params.yaml is valid\n")
    for model in ("facade",):
        (folder / "models" / model / "samples").mkdir(parents=True)
        for name in ("generator.safetensors", "progress.gif", "log.csv", "samples/000001.png"):
            (folder / "models" / model / name).write_bytes(random.bytes(14_000_000 if "generator" in name else 1000))
        (folder / "models" / model / "metrics.json").write_text(json.dumps({"ksd": 0.1}))
    (folder / "report").mkdir()
    (folder / "report/index.html").write_text("<!doctype html>")
    for command in (["git", "init", "-q"], ["dvc", "commit", "-q", "-f"]):
        subprocess.run(command, cwd=folder, env=env, check=True)
    return env


def seconds(folder: Path, env: dict[str, str]) -> float:
    started = time.perf_counter()
    output = subprocess.run(["dvc", "repro"], cwd=folder, env=env, check=True, capture_output=True, text=True).stdout
    elapsed = time.perf_counter() - started
    assert "Running stage" not in output, output
    return elapsed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as temp:
        repositories = {n: Path(temp) / f"images-{n}" for n in (1_000, 100_000)}
        envs = {n: build(folder, n) for n, folder in repositories.items()}
        for n, folder in repositories.items():
            seconds(folder, envs[n])  # warm-up
        times: dict[int, list[float]] = {n: [] for n in repositories}
        for _ in range(rounds):
            for n, folder in repositories.items():
                times[n].append(seconds(folder, envs[n]))
    for n, values in times.items():
        print(f"{n:>7} images: {statistics.median(values):.2f} s (min {min(values):.2f}, max {max(values):.2f})")
    ratios = [large / small for small, large in zip(times[1_000], times[100_000], strict=True)]
    print(f"ratio: {statistics.median(ratios):.2f} (min {min(ratios):.2f}, max {max(ratios):.2f})")


if __name__ == "__main__":
    main()
