"""The 64×64 crops of chosen images, out of tables that may hold a million."""

import math
from collections.abc import Iterable, Set
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.report.sheets import Pixels


def prepared_pixels(tables: Iterable[Path], wanted: Set[str]) -> dict[str, Pixels]:
    """sha256 → (S, S, 3) uint8 of each `wanted` image that could be decoded, out of prepared tables."""
    found: dict[str, Pixels] = {}
    names = pa.array(sorted(wanted), pa.string())
    for path in tables:
        for batch in pq.ParquetFile(path, pre_buffer=False).iter_batches(batch_size=2048, columns=["sha256", "pixels"]):
            rows = batch.filter(pc.and_(pc.is_in(batch["sha256"], value_set=names), pc.is_valid(batch["pixels"])))
            for sha256, pixels in zip(rows["sha256"].to_pylist(), rows["pixels"].to_pylist(), strict=True):
                found[sha256] = upright(np.frombuffer(pixels, np.uint8))
    return found


def upright(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Pixels:
    """(3·S·S,) or (3, S, S), channels first, to (S, S, 3)."""
    edge = math.isqrt(pixels.size // 3)
    return np.ascontiguousarray(pixels.reshape(3, edge, edge).transpose(1, 2, 0))
