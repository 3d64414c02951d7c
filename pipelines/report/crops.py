"""Crops of chosen images, read from prepared tables that may have a million rows."""

import math
from collections.abc import Iterable, Set
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

Pixels: TypeAlias = NDArray[np.uint8]
"""The pixels of one image: (S, S, 3), RGB, uint8."""


def read_crops(tables: Iterable[Path], images: Set[str]) -> dict[str, Pixels]:
    """Read the crops of `images` (sha256) from prepared tables, row group by row group.

    Returns:
        sha256 → pixels; an image that does not decode is left out.
    """
    crops: dict[str, Pixels] = {}
    names = pa.array(sorted(images), pa.string())
    for path in tables:
        for batch in pq.ParquetFile(path, pre_buffer=False).iter_batches(batch_size=2048, columns=["sha256", "pixels"]):
            rows = batch.filter(pc.and_(pc.is_in(batch["sha256"], value_set=names), pc.is_valid(batch["pixels"])))
            for sha256, pixels in zip(rows["sha256"].to_pylist(), rows["pixels"].to_pylist(), strict=True):
                crops[sha256] = channels_last(np.frombuffer(pixels, np.uint8))
    return crops


def channels_last(pixels: NDArray[np.uint8]) -> Pixels:
    """Return (S, S, 3) from (3·S·S,) or (3, S, S), as images are stored."""
    side = math.isqrt(pixels.size // 3)
    return np.ascontiguousarray(pixels.reshape(3, side, side).transpose(1, 2, 0))
