"""Make the prepared table of a source: decode, crop, measure and hash every image of its archive, once."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from common.files import replacing
from common.progress import Progress
from crawler.archive.reader import ArchiveReader
from curate.crop import center_crop, thumbnail, trimmed
from curate.decode import decode
from curate.duplicates.hashes import hashes
from curate.executors.executor import Executor
from curate.executors.processes import PROCESSES
from curate.measures import measure
from curate.schemas import PROBES, SQUARE_SIDE, Reason, prepared_schema

CHUNK = 64  # images per task
ROW_GROUP = 2048  # rows in memory before they are written: 34 MB at 64 × 64


class PrepareOptions(NamedTuple):
    """The parameters of `prepare`; those of `curate` in params.yaml."""

    image_size: int = 64  # side of the crop in pixels
    score_facades: bool = True  # take the measure `facade`, the slowest of all
    trim: bool = False  # cut off flat strips along the edges before the crop


def prepare(
    archive: Path,
    out: Path,
    *,
    image_size: int = 64,
    score_facades: bool = True,
    trim: bool = False,
    executor: Executor = PROCESSES,
    progress: Progress = lambda done, total, note: None,
) -> None:
    """Write a row (`curate.schemas.prepared_schema`) for every image of an archive.

    The bytes of `out` depend on the archive and on `image_size`, `score_facades` and `trim` only, not on the executor.

    Args:
        archive: the folder of a finished archive.
        out: the table to write.
        image_size: side of the crop in pixels.
        score_facades: whether to compute the measure `facade`, which takes most of the time.
        trim: whether to cut off flat strips along the edges before the crop.

    Raises:
        UserError: there is no finished archive, or it is damaged.
    """
    reader = ArchiveReader(archive)
    digests = reader.digests()
    chunks = [digests[start : start + CHUNK] for start in range(0, len(digests), CHUNK)]
    schema = prepared_schema(image_size)
    options = PrepareOptions(image_size, score_facades, trim)
    # An image that crashes its decoder twice counts as corrupt.
    lost = partial(_failed, schema, error=Reason.CORRUPT)
    if executor.sees_files:
        batches = executor.run(partial(prepare_chunk, archive, options), chunks, lost=lost)
    else:
        bodies = ([(digest, reader.get(digest)) for digest in chunk] for chunk in chunks)
        batches = executor.run(partial(prepare_images, options), bodies, lost=lambda image: lost(image[0]))
    # Pixels do not compress, and only `error` has few distinct values.
    compression = {field.name: "none" if field.name in ("thumbnail", "pixels") else "zstd" for field in schema}
    with (
        replacing(out) as draft,
        pq.ParquetWriter(draft, schema, compression=compression, use_dictionary=["error"]) as writer,
    ):
        for table in _row_groups(_counted(batches, len(digests), progress), schema):
            writer.write_table(table, row_group_size=ROW_GROUP)


def prepare_chunk(archive: Path, options: PrepareOptions, digests: Sequence[str]) -> pa.RecordBatch:
    """Return `prepare_images` of the images with these sha256, read from an archive; runs in a worker process."""
    reader = _reader(archive)
    return prepare_images(options, [(digest, reader.get(digest)) for digest in digests])


def prepare_images(options: PrepareOptions, images: Sequence[tuple[str, bytes]]) -> pa.RecordBatch:
    """Return a row (`curate.schemas.prepared_schema`) for each image, in the order given.

    A row does not depend on the other images.

    Args:
        images: for each image its sha256 in hex and its encoded bytes.
    """
    digests = [digest for digest, _ in images]
    results = [_views(body, options) for _, body in images]
    schema = prepared_schema(options.image_size)
    decoded = [result for result in results if isinstance(result, _Views)]
    if not decoded:
        failures = zip(digests, results, strict=True)
        return pa.RecordBatch.from_pylist(
            [{"sha256": digest, "error": str(error)} for digest, error in failures], schema
        )
    numbers = iter(range(len(decoded)))
    # For each image its index in `decoded`, null after an error: `take` spreads the columns over all rows.
    indices = pa.array([next(numbers) if isinstance(one, _Views) else None for one in results], pa.int32())
    columns = {name: column.take(indices) for name, column in _columns(decoded).items()}
    columns["sha256"] = pa.array(digests)
    columns["error"] = pa.array([None if isinstance(one, _Views) else str(one) for one in results], pa.string())
    arrays = [columns[field.name].cast(field.type) for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def crop_of(body: bytes, options: PrepareOptions) -> NDArray[np.uint8] | Reason:
    """Return the training crop of an encoded image, exactly as stage `prepare` makes it.

    Returns:
        uint8, 3 × S × S, sRGB, where S is `options.image_size`; or, where the image cannot be decoded, one of
        `curate.schemas.DECODE_ERRORS`.
    """
    views = _views(body, options._replace(score_facades=False))
    return views if isinstance(views, Reason) else views.crop


class _Views(NamedTuple):
    """All that is kept of a decoded picture, so that its pixels can be freed before the next one is decoded."""

    width: int
    height: int
    crop: NDArray[np.uint8]
    thumbnail: NDArray[np.uint8]
    square: NDArray[np.uint8] | None  # for the facade score


def _views(body: bytes, options: PrepareOptions) -> _Views | Reason:
    picture = decode(body, min_side=max(2 * options.image_size, SQUARE_SIDE))
    if isinstance(picture, Reason):
        return picture
    framed = trimmed(picture.rgb) if options.trim else picture.rgb
    return _Views(
        picture.width,
        picture.height,
        center_crop(framed, options.image_size),
        thumbnail(picture.rgb),
        center_crop(framed, SQUARE_SIDE) if options.score_facades else None,
    )


def _columns(views: Sequence[_Views]) -> dict[str, pa.Array]:
    crops = np.array([one.crop for one in views])
    thumbnails = np.array([one.thumbnail for one in views])
    squares = [one.square for one in views if one.square is not None]
    phash, probes = hashes(thumbnails)
    return {
        "width": pa.array([one.width for one in views], pa.int32()),
        "height": pa.array([one.height for one in views], pa.int32()),
        **{name: pa.array(values) for name, values in measure(crops).items()},
        "facade": pa.array(_scores(np.array(squares))) if squares else pa.nulls(len(views)),
        "phash": pa.array(phash),
        "probes": pa.FixedSizeListArray.from_arrays(pa.array(probes.ravel()), PROBES),
        "thumbnail": _binary(thumbnails),
        "pixels": _binary(crops),
    }


def _scores(squares: NDArray[np.uint8]) -> NDArray[np.float32]:
    from curate.facade_score import score  # here, because it loads torch

    return score(squares)


def _binary(arrays: NDArray[np.uint8]) -> pa.Array:
    """Return n arrays (along the first axis) as a column of n fixed-size binary values."""
    width = int(np.prod(arrays.shape[1:]))
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), len(arrays), [None, pa.py_buffer(arrays.tobytes())])


def _failed(schema: pa.Schema, digest: str, error: Reason) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{"sha256": digest, "error": str(error)}], schema)


@lru_cache(maxsize=1)
def _reader(archive: Path) -> ArchiveReader:
    """Open an archive once per process."""
    return ArchiveReader(archive)


def _counted(batches: Iterable[pa.RecordBatch], total: int, progress: Progress) -> Iterator[pa.RecordBatch]:
    done = failed = 0
    progress(0, total, "")
    for batch in batches:
        yield batch
        done += len(batch)
        failed += len(batch) - batch["error"].null_count
        progress(done, total, f"{failed} without a picture")


def _row_groups(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """Yield the same rows in tables of ROW_GROUP rows, so that the file does not depend on the size of batches."""
    rows = pa.Table.from_batches([], schema)
    for batch in batches:
        rows = pa.concat_tables([rows, pa.Table.from_batches([batch])])
        while len(rows) >= ROW_GROUP:
            yield rows.slice(0, ROW_GROUP).combine_chunks()
            rows = rows.slice(ROW_GROUP)
    if len(rows):
        yield rows.combine_chunks()
