"""From the tables of all sources to one dataset: the folder that `curate.dataset` reads."""

from collections.abc import Mapping, Sequence
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
from curate.decide import decide, fixed_size_bytes
from curate.documents.card import UNTOLD, Origin
from curate.documents.write import write_papers
from curate.duplicates.pairs import Memory, afresh
from curate.exclusions import read_exclusions
from curate.rules import CurateParams
from curate.schemas import NAMES_COLUMNS, Split, prepared_schema


def build(
    sources: Mapping[str, tuple[Path, Path]],
    out: Path,
    params: CurateParams,
    *,
    licenses: Sequence[str],
    unknown: Literal["drop", "keep"],
    exclusions: Path,
    origin: Origin = UNTOLD,
    memory: Path | None = None,
    progress: Progress = lambda done, total, note: None,
) -> None:
    """Decide on every image of `sources` and write the dataset to the folder `out`, whole or not at all.

    `sources` gives by name each source's image table (`crawler.archive.schemas.IMAGES`) and prepared table
    (`curate.schemas.prepared_schema`); their order does not matter. `licenses` are the ids that are let in, with
    wildcards as in file names; `unknown` says what becomes of images whose licence nobody could name. `origin` goes
    into the papers alone. In the folder `memory` it remembers which images look alike, and compares new ones alone.

    Raises:
        UserError: a table is missing, of another image size, or lacks an image; `exclusions` has a mistake.
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
        find=afresh if memory is None else Memory(memory).find,
        progress=progress,
    )
    with replacing(out) as draft:
        draft.mkdir()
        _write_arrays(manifest, sources, params.image_size, draft)
        write_table(manifest, draft / MANIFEST_FILE)
        kept = manifest.filter(manifest["row"].is_valid())
        write_table(kept.sort_by("row").select([column.name for column in NAMES_COLUMNS]), draft / NAMES_FILE)
        write_papers(manifest, params, draft, origin)
    progress(len(images), len(images), f"{len(manifest['row'].drop_null())} kept")


def _joined(sources: Mapping[str, tuple[Path, Path]], image_size: int) -> tuple[pa.Table, pa.Table]:
    """The rows of all image tables sorted by (sha256, source), and the prepared row to each, without its pixels."""
    schema = prepared_schema(image_size)
    columns = [name for name in schema.names if name != "pixels"]
    no_images = IMAGES.empty_table().append_column("source", pa.array([], pa.string()))
    images, prepared = [no_images], [schema.empty_table().select(columns)]
    for name, (images_path, prepared_path) in sorted(sources.items()):
        rows = _read(images_path, IMAGES.names, IMAGES)
        measured = _read(prepared_path, columns, schema)
        places = pc.index_in(rows["sha256"], measured["sha256"])
        if places.null_count:
            missing = rows["sha256"].filter(places.is_null())[0]
            raise UserError(f"{prepared_path}: found no row for {missing} of {images_path}; prepare {name} again")
        images.append(rows.append_column("source", pa.array([name] * len(rows), pa.string())))
        prepared.append(measured.take(places))
    table = pa.concat_tables(images)
    order = pc.sort_indices(table, [("sha256", "ascending"), ("source", "ascending")])
    return table.take(order), pa.concat_tables(prepared).take(order)


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
    """images.npy and split.npy; pixels are copied in batches, never held all together."""
    kept = manifest.filter(manifest["row"].is_valid())
    codes = [SPLIT_CODES[Split(name)] for name in kept["split"].to_pylist()]
    np.save(folder / SPLIT_FILE, np.array(codes, np.uint8))
    shape = (len(kept), 3, image_size, image_size)
    if not len(kept):  # nothing to map
        np.save(folder / IMAGES_FILE, np.empty(shape, np.uint8))
        return
    images = np.lib.format.open_memmap(folder / IMAGES_FILE, mode="w+", dtype=np.uint8, shape=shape)
    for name, (_, prepared_path) in sources.items():
        own = kept.filter(pc.equal(kept["source"], name))
        for batch in pq.ParquetFile(prepared_path).iter_batches(columns=["sha256", "pixels"]):
            places = pc.index_in(batch["sha256"], own["sha256"].combine_chunks())
            rows = own["row"].take(places.drop_null()).to_numpy()
            pixels = pa.chunked_array([batch["pixels"].filter(places.is_valid())])
            images[rows] = fixed_size_bytes(pixels).reshape(-1, *shape[1:])
    images.flush()
