"""Checks images.npy against the prepared tables, and against the archived bytes."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from common.errors import UserError
from curate import crop, decode, measures, prepare
from curate.prepare import PrepareOptions
from curate.schemas import Decision, Reason, fixed_size_bytes
from pipelines.audit.verification.check import Check, spread
from pipelines.versions.originals import Originals
from pipelines.versions.version import Version

BATCH = 2048  # rows of a prepared table at a time
THREADS = 2  # decoders release the interpreter's lock

Pixels = NDArray[np.uint8]


def checks(version: Version, sample: int | None) -> Iterator[Check]:
    manifest = version.manifest(("sha256", "source", "row", "decision"))
    kept = manifest.filter(pc.and_(pc.equal(manifest["decision"], Decision.KEPT), pc.is_valid(manifest["row"])))
    images = version.array("images.npy")
    shape = Check("images.npy has a facade for each image kept", looked_at=kept.num_rows)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] != 3 or len(images) != kept.num_rows:
        shape.fail(f"images.npy: found {images.dtype} {images.shape}, expected uint8 ({kept.num_rows}, 3, S, S)")
    yield shape
    rows = kept["row"].to_numpy()
    if not shape.failures and (rows < len(images)).all() and (rows >= 0).all():
        yield _prepared(version, kept, images)
        yield _raw(version, kept.take(pa.array(spread(kept.num_rows, sample))), images)


def _prepared(version: Version, kept: pa.Table, images: Pixels) -> Check:
    """Every facade is the crop of its image in the prepared table."""
    check = Check("facades are those of the prepared tables")
    for source, path in version.outputs("prepare", "*.parquet").items():
        own = kept.filter(pc.equal(kept["source"], source))
        names, rows = own["sha256"].to_numpy(), own["row"].to_numpy()
        present, differs = np.zeros((2, len(names)), bool)
        for batch in pq.ParquetFile(version.file(path)).iter_batches(BATCH, columns=["sha256", "pixels"]):
            index = pc.index_in(batch["sha256"], value_set=pa.array(names, pa.string()))
            mine = index.drop_null().to_numpy()
            pixels = fixed_size_bytes(pa.chunked_array([batch["pixels"].filter(pc.is_valid(index))]))
            present[mine] = True
            if len(mine):
                differs[mine] = (images[rows[mine]].reshape(len(mine), -1) != pixels).any(axis=1)
        for wrong, what in ((differs, f"its pixels are not those of {path}"), (~present, f"kept, but not in {path}")):
            check.fail_all(what, (f"images.npy row {rows[at]}, {names[at]}" for at in np.flatnonzero(wrong)))
        check.looked_at += len(names)
    return check


def _raw(version: Version, kept: pa.Table, images: Pixels) -> Check:
    """Facades are the crops of the archived bytes."""
    check = Check("facades are the crops of the archived bytes")
    other = _other_code(version)
    prepared = version.foreach("prepare")
    for source in version.outputs("crawl"):
        own = kept.filter(pc.equal(kept["source"], source)).select(["sha256", "row"]).to_pylist()
        trim = source in prepared and bool(prepared[source].params.get("curate.trim"))
        options = PrepareOptions(images.shape[-1], trim=trim)
        with (
            Originals(version, source, [image["sha256"] for image in own]) as originals,
            ThreadPoolExecutor(THREADS) as pool,
        ):
            check.fail(*filter(None, pool.map(partial(_failure, originals, images, options), own)))
        check.looked_at += len(own)
    if other and check.failures:
        # Today's code cannot make the crops of then; the check before compares them with the prepared tables.
        check.skipped = (
            f"made by other code ({', '.join(other)}): {len(check.failures):,} of {check.looked_at:,} differ"
        )
        check.failures.clear()
    return check


def _other_code(version: Version) -> list[str]:
    """The files that crops depend on, as far as those of the version differ from those that run here."""
    modules = (prepare, crop, decode, measures)
    running = {f"curate/{Path(str(module.__file__)).name}": Path(str(module.__file__)) for module in modules}
    return sorted(
        path
        for path, file in running.items()
        for md5 in {stage.deps[path].md5 for stage in version.foreach("prepare").values() if path in stage.deps}
        if md5 != hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
    )


def _failure(originals: Originals, images: Pixels, options: PrepareOptions, image: dict[str, Any]) -> str:
    """What is wrong with one facade; empty if nothing is."""
    name = f"images.npy row {image['row']}, {image['sha256']}"
    facade = images[image["row"]]
    try:
        body = originals.get(image["sha256"])
    except UserError as error:
        return f"{name}: {error}"
    if hashlib.sha256(body).hexdigest() != image["sha256"]:
        return f"{name}: the archive contains other bytes"
    crop = prepare.crop_of(body, options)
    if isinstance(crop, Reason):
        return f"{name}: its bytes are no picture: {crop}"
    return "" if np.array_equal(crop, facade) else f"{name}: its pixels are not the crop of the archived bytes"
