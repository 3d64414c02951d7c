"""Build the dataset from the tables of all sources: the folder that `curate.dataset` reads."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from common.errors import UserError
from common.files import replacing, write_table
from common.progress import Progress
from crawler.archive.schemas import IMAGES
from curate.dataset import IMAGES_FILE, MANIFEST_FILE, NAMES_FILE, SPLIT_CODES, SPLIT_FILE
from curate.decide import decide
from curate.documents.card import NO_ORIGIN, Origin
from curate.documents.write import write_documents
from curate.duplicates.pairs import PairCache, find_pairs
from curate.exclusions import read_exclusions
from curate.rules import CurateParams
from curate.schemas import NAMES_COLUMNS, Split, fixed_size_bytes, prepared_schema

MISSING = "signals_missing"
"""A column of the image tables that is counted in batches; a million images have more of it than of all others."""


def build(
    sources: Mapping[str, tuple[Path, Path]],
    out: Path,
    params: CurateParams,
    *,
    licenses: Sequence[str],
    unknown: Literal["drop", "keep"],
    exclusions: Path,
    origin: Origin = NO_ORIGIN,
    pair_cache: Path | None = None,
    progress: Progress = lambda done, total, note: None,
) -> None:
    """Decide on every image and write the dataset, all of it or nothing.

    Args:
        sources: by name, the image table (`crawler.archive.schemas.IMAGES`) and the prepared table
            (`curate.schemas.prepared_schema`) of each source; their order has no influence.
        out: the folder to write; an existing one is replaced.
        licenses: the licence ids that are allowed, with wildcards as in file names.
        unknown: whether to keep or to drop images of unknown licence.
        exclusions: the file `exclusions.csv`.
        origin: what the documents say about the sources; has no influence on the data.
        pair_cache: a folder that keeps the similar pairs between calls, so that only new images are compared.

    Raises:
        UserError: a table is missing, has another image size or lacks an image; `exclusions` has a mistake.
    """
    excluded = read_exclusions(exclusions)
    images, prepared = _joined(sources, params.image_size)
    progress(0, len(images), "")
    manifest = decide(
        images,
        prepared,
        params,
        licenses=licenses,
        keep_unknown=unknown == "keep",
        exclusions=excluded,
        find=find_pairs if pair_cache is None else PairCache(pair_cache).find_pairs,
        progress=progress,
    )
    with replacing(out) as draft:
        draft.mkdir()
        _write_arrays(manifest, sources, params.image_size, draft)
        write_table(manifest, draft / MANIFEST_FILE)
        kept = manifest.filter(manifest["row"].is_valid())
        write_table(kept.sort_by("row").select([column.name for column in NAMES_COLUMNS]), draft / NAMES_FILE)
        write_documents(manifest, params, draft, replace(origin, unread=_count_unread(sources)))
    progress(len(images), len(images), f"{len(manifest['row'].drop_null())} kept")


def _joined(sources: Mapping[str, tuple[Path, Path]], image_size: int) -> tuple[pa.Table, pa.Table]:
    """Return the rows of all image tables, sorted by (sha256, source), and the prepared row of each without pixels."""
    schema = prepared_schema(image_size)
    columns = [name for name in schema.names if name != "pixels"]
    listed = [name for name in IMAGES.names if name != MISSING]
    no_images = IMAGES.empty_table().select(listed).append_column("source", pa.array([], pa.string()))
    images, prepared = [no_images], [schema.empty_table().select(columns)]
    for name, (images_path, prepared_path) in sorted(sources.items()):
        rows = _read(images_path, listed, IMAGES)
        measured = _read(prepared_path, columns, schema)
        indices = pc.index_in(rows["sha256"], measured["sha256"])
        if indices.null_count:
            missing = rows["sha256"].filter(indices.is_null())[0]
            raise UserError(f"{prepared_path}: found no row for {missing} of {images_path}; prepare {name} again")
        images.append(rows.append_column("source", pa.array([name] * len(rows), pa.string())))
        prepared.append(measured.take(indices))
    table = pa.concat_tables(images)
    order = pc.sort_indices(table, [("sha256", "ascending"), ("source", "ascending")])
    return table.take(order), pa.concat_tables(prepared).take(order)


def _count_unread(sources: Mapping[str, tuple[Path, Path]]) -> dict[str, int]:
    """Return for how many images each signal could not be looked at."""
    counts: Counter[str] = Counter()
    for images_path, _ in sources.values():
        for batch in pq.ParquetFile(images_path).iter_batches(columns=[MISSING]):
            for pair in pc.value_counts(pc.list_flatten(batch[MISSING])).to_pylist():
                counts[pair["values"]] += pair["counts"]
    return dict(sorted(counts.items()))


def _read(path: Path, columns: Sequence[str], schema: pa.Schema) -> pa.Table:
    try:
        found = pq.read_schema(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise UserError(f"{path}: {str(error).splitlines()[0]}; expected the table of a source") from None
    for field in schema:
        if field.name not in found.names or found.field(field.name).type != field.type:
            kind = found.field(field.name).type if field.name in found.names else "nothing"
            raise UserError(f"{path}: column {field.name}: found {kind}, expected {field.type}; make this table again")
    return pq.read_table(path, columns=list(columns))


def _write_arrays(manifest: pa.Table, sources: Mapping[str, tuple[Path, Path]], image_size: int, folder: Path) -> None:
    """Write images.npy and split.npy; pixels are copied in batches, so that memory does not grow with the dataset."""
    kept = manifest.filter(manifest["row"].is_valid())
    codes = [SPLIT_CODES[Split(name)] for name in kept["split"].to_pylist()]
    np.save(folder / SPLIT_FILE, np.array(codes, np.uint8))
    shape = (len(kept), 3, image_size, image_size)
    if not len(kept):  # an empty file cannot be memory-mapped
        np.save(folder / IMAGES_FILE, np.empty(shape, np.uint8))
        return
    images = np.lib.format.open_memmap(folder / IMAGES_FILE, mode="w+", dtype=np.uint8, shape=shape)
    for name, (_, prepared_path) in sources.items():
        own = kept.filter(pc.equal(kept["source"], name))
        for batch in pq.ParquetFile(prepared_path).iter_batches(columns=["sha256", "pixels"]):
            indices = pc.index_in(batch["sha256"], own["sha256"].combine_chunks())
            rows = own["row"].take(indices.drop_null()).to_numpy()
            pixels = pa.chunked_array([batch["pixels"].filter(indices.is_valid())])
            images[rows] = fixed_size_bytes(pixels).reshape(-1, *shape[1:])
    images.flush()
