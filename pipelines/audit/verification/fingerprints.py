"""The perceptual hashes of the prepared tables against imagehash, which is not the code that made them."""

from collections.abc import Iterator

import imagehash
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from curate.schemas import THUMBNAIL_SIDE, fixed_size_bytes
from pipelines.audit.verification.check import Check, spread
from pipelines.versions.version import Version

BATCH = 2048  # rows of a prepared table at a time
COLUMNS = ["sha256", "phash", "thumbnail"]


def checks(version: Version, sample: int | None) -> Iterator[Check]:
    """Yield the check that `phash` is `imagehash.phash` of the thumbnail; of each source, `sample` rows if given."""
    check = Check("perceptual hashes are imagehash's of the thumbnails")
    for path in version.outputs("prepare", "*.parquet").values():
        table = pq.ParquetFile(version.file(path))
        if not {*COLUMNS} <= {*table.schema_arrow.names}:
            continue  # a version from before the column existed
        chosen = spread(table.metadata.num_rows, sample)
        for batch, rows in _batches(table, chosen):
            decoded = batch.take(rows).filter(batch["phash"].take(rows).is_valid())
            check.looked_at += len(decoded)
            check.fail_all(f"phash in {path} is not that of its thumbnail", _wrong(decoded))
    yield check


def _batches(table: pq.ParquetFile, chosen: np.ndarray) -> Iterator[tuple[pa.Table, pa.Array]]:
    """Yield batches of a table, and which of their rows are chosen."""
    start = 0
    for batch in table.iter_batches(BATCH, columns=COLUMNS):
        stop = start + len(batch)
        low, high = np.searchsorted(chosen, (start, stop))
        yield pa.Table.from_batches([batch]), pa.array(chosen[low:high] - start)
        start = stop


def _wrong(rows: pa.Table) -> list[str]:
    thumbnails = fixed_size_bytes(rows["thumbnail"]).reshape(-1, THUMBNAIL_SIDE, THUMBNAIL_SIDE)
    expected = [int(str(imagehash.phash(Image.fromarray(thumbnail))), 16) for thumbnail in thumbnails]
    hashes = zip(rows["sha256"].to_pylist(), rows["phash"].to_pylist(), expected, strict=True)
    return [sha256 for sha256, found, wanted in hashes if found != wanted]
