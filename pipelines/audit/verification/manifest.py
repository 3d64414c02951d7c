"""Checks the manifest against its schema, the image tables, split.npy and the allowed licences."""

from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crawler.rights.licenses import UNKNOWN
from curate.caps import CAPS, Caps, groups_by, positions
from curate.dataset import NAMES_FILE, SPLIT_CODES, SPLIT_FILE
from curate.rules import RULE_VERSION
from curate.schemas import MANIFEST, Decision, Reason, Split
from curate.where import CONDITIONS, Where
from pipelines.audit.difference import SOURCE_COLUMNS
from pipelines.audit.verification.check import Check
from pipelines.versions.row_alignment import KEY, differs
from pipelines.versions.version import Version

ESSENTIAL = ("sha256", "source", "license", "decision", "reason", "row", "split")
"""Columns of all versions, which the other checks need."""


def checks(version: Version, sample: int | None) -> Iterator[Check]:
    manifest = version.manifest()
    shape = form(manifest)
    yield shape
    if shape.failures:
        return  # the other checks need valid columns
    for field in MANIFEST:
        if field.name not in manifest.column_names:
            manifest = manifest.append_column(field, pa.nulls(manifest.num_rows, field.type))
    images = {source: version.table(path) for source, path in version.outputs("extract", "data/images/*").items()}
    yield order(manifest)
    yield decisions(manifest)
    yield row_numbers(manifest)
    yield splits(manifest, version.array(SPLIT_FILE))
    labels = f"{version.dataset.path}/{NAMES_FILE}"
    if labels in version.hashes(version.dataset.path):  # older versions have none
        yield names(manifest, version.table(labels))
    yield references(manifest)
    yield from sources(manifest, images)
    params = version.lock.stages["curate"].params
    if "curate.where" in params:  # older versions have none
        where, caps = Where.model_validate(params["curate.where"]), Caps.model_validate(params.get("curate.caps") or {})
        yield wanted(manifest, where, caps)
    yield licenses(manifest, params.get("crawl.licenses") or [], keep_unknown=params.get("crawl.unknown") == "keep")


def form(manifest: pa.Table) -> Check:
    """Columns and types are those of curate.schemas.MANIFEST; an older version may lack some."""
    check = Check("the manifest has its columns", looked_at=manifest.num_rows)
    for field in MANIFEST:
        if field.name in manifest.column_names:
            found = manifest.schema.field(field.name).type
        elif _is_older(manifest) and field.name not in ESSENTIAL:
            continue
        else:
            found = "nothing"
        if found != field.type:
            check.fail(f"manifest.parquet: column {field.name}: found {found}, expected {field.type}")
    return check


def _is_older(manifest: pa.Table) -> bool:
    """Whether it was written by rules before today's, which had other columns and other reasons."""
    if "rule_version" not in manifest.column_names:
        return True
    newest = pc.max(manifest["rule_version"]).as_py()
    return newest is None or newest < RULE_VERSION


def order(manifest: pa.Table) -> Check:
    """Rows are sorted, and none comes twice."""
    check = Check("rows are in order, each once", looked_at=manifest.num_rows)
    keys = manifest.select(KEY)
    if keys.num_rows > 1:
        places = pc.sort_indices(keys, [(name, "ascending") for name in KEY]).to_numpy()
        out = np.flatnonzero(places != np.arange(len(places)))
        if len(out):
            check.fail(
                f"manifest.parquet: row {out[0]} is not in the order of (sha256, source), and {len(out) - 1} more"
            )
        counted = keys.group_by(list(KEY), use_threads=False).aggregate([([], "count_all")])
        twice = counted.filter(pc.greater(counted["count_all"], 1))
        check.fail_all("twice in the manifest", (f"{row['sha256']} of {row['source']}" for row in twice.to_pylist()))
    return check


def decisions(manifest: pa.Table) -> Check:
    """Enums are closed, and what belongs to a kept image is there for kept ones and no others."""
    check = Check("decisions are complete", looked_at=manifest.num_rows)
    for column, enum in (("decision", Decision), ("reason", Reason), ("split", Split)):
        if enum is Reason and _is_older(manifest):
            continue  # reasons come and go
        known = pc.is_in(manifest[column], pa.array([*enum, None], pa.string()))
        _fail(check, manifest, pc.invert(known), f"{column} is not one of {', '.join(enum)}")
    kept = pc.equal(manifest["decision"], Decision.KEPT)
    _fail(check, manifest, pc.equal(kept, pc.is_valid(manifest["reason"])), "kept with a reason, or dropped without")
    _fail(check, manifest, pc.not_equal(kept, pc.is_valid(manifest["row"])), "kept without a row, or dropped with one")
    _fail(
        check, manifest, pc.not_equal(kept, pc.is_valid(manifest["split"])), "kept without a split, or dropped with one"
    )
    return check


def row_numbers(manifest: pa.Table) -> Check:
    """Rows of images.npy are 0, 1, 2, … in the order of sha256."""
    kept = manifest.filter(pc.is_valid(manifest["row"]))
    check = Check("rows are numbered by sha256", looked_at=kept.num_rows)
    wrong = kept["row"].to_numpy() != np.arange(kept.num_rows)
    _fail(check, kept, pa.array(wrong), "its row is not its rank by sha256")
    return check


def splits(manifest: pa.Table, split: np.ndarray) -> Check:
    """split.npy agrees with the manifest."""
    kept = manifest.filter(pc.is_valid(manifest["row"]))
    check = Check("split.npy agrees with the manifest", looked_at=kept.num_rows)
    if len(split) != kept.num_rows:
        check.fail(f"split.npy: found {len(split)} rows, expected {kept.num_rows}, one for each image kept")
        return check
    codes = np.array(
        [SPLIT_CODES.get(Split(name), -1) if name in set(Split) else -1 for name in kept["split"].to_pylist()], np.int16
    )
    _fail(check, kept, pa.array(codes != split), "split.npy has another split")
    return check


def names(manifest: pa.Table, labels: pa.Table) -> Check:
    """names.parquet agrees with the manifest for each row of images.npy."""
    kept = manifest.filter(pc.is_valid(manifest["row"]))
    check = Check("names.parquet agrees with the manifest", looked_at=kept.num_rows)
    if labels.num_rows != kept.num_rows:
        check.fail(f"names.parquet: found {labels.num_rows} rows, expected {kept.num_rows}, one for each image kept")
        return check
    for column in labels.column_names:
        _fail(check, kept, pa.array(differs(kept[column], labels[column])), f"names.parquet has another {column}")
    return check


def references(manifest: pa.Table) -> Check:
    """Keepers and clusters are images of the manifest, and no image that is kept has a keeper."""
    check = Check("keepers and clusters exist", looked_at=manifest.num_rows)
    for column in ("keeper", "cluster"):
        known = pc.is_in(manifest[column], pc.unique(manifest["sha256"]))
        _fail(
            check,
            manifest,
            pc.and_(pc.is_valid(manifest[column]), pc.invert(known)),
            f"its {column} is not in the manifest",
        )
    lost = pc.is_in(manifest["reason"], pa.array([Reason.EXACT_DUPLICATE, Reason.NEAR_DUPLICATE], pa.string()))
    _fail(check, manifest, pc.and_(lost, pc.is_null(manifest["keeper"])), "a duplicate without a keeper")
    kept = pc.equal(manifest["decision"], Decision.KEPT)
    _fail(check, manifest, pc.and_(kept, pc.is_valid(manifest["keeper"])), "kept, but it has a keeper")
    return check


def sources(manifest: pa.Table, images: dict[str, pa.Table]) -> Iterator[Check]:
    """The manifest has one row for each image of each source, with the metadata of the source."""
    complete = Check("every image of every source has its row")
    same = Check("the manifest has the metadata of the sources")
    for name in sorted(set(pc.unique(manifest["source"]).to_pylist()) - images.keys()):
        complete.fail(f"manifest.parquet: source {name} is not one of {', '.join(sorted(images))}")
    for name, table in sorted(images.items()):
        rows = manifest.filter(pc.equal(manifest["source"], name))
        complete.looked_at += table.num_rows
        same.looked_at += table.num_rows
        complete.fail_all(f"in {name}, but without a row", _missing(table, rows["sha256"]))
        complete.fail_all(f"a row for {name}, which does not have it", _missing(rows, table["sha256"]))
        match = pc.index_in(rows["sha256"], table["sha256"].combine_chunks())
        shared = pc.is_valid(match)
        rows, source = rows.filter(shared), table.take(match.filter(shared))
        for column in SOURCE_COLUMNS:
            _fail(same, rows, pa.array(differs(rows[column], source[column])), f"{column} is not that of {name}")
    yield complete
    yield same


def wanted(manifest: pa.Table, where: Where, caps: Caps) -> Check:
    """Every kept image meets the conditions of `curate.where`, and no group exceeds its cap."""
    kept = manifest.filter(pc.equal(manifest["decision"], Decision.KEPT))
    check = Check("kept images are wanted, and no more than the caps", looked_at=kept.num_rows)
    for section in CONDITIONS:
        _fail(check, kept, pa.array(where.of(section).unwanted(kept).rows), f"kept against curate.where.{section}")
    for name in CAPS:
        if (limit := caps.of(name)) is not None:
            position = positions(groups_by(name, kept, caps.cell), np.arange(kept.num_rows))
            _fail(check, kept, pa.array(position > limit), f"kept beyond curate.caps.{name}")
    return check


def licenses(manifest: pa.Table, allowed: Collection[str], *, keep_unknown: bool) -> Check:
    """Every kept image has an allowed licence."""
    kept = manifest.filter(pc.equal(manifest["decision"], Decision.KEPT))
    check = Check("licences of kept images are allowed", looked_at=kept.num_rows)
    for license_id in sorted({str(one) for one in pc.unique(kept["license"]).to_pylist()}):
        if (license_id == UNKNOWN and keep_unknown) or any(fnmatchcase(license_id, pattern) for pattern in allowed):
            continue
        _fail(check, kept, pc.equal(kept["license"], license_id), f"kept under {license_id}, which is not allowed")
    return check


def _missing(table: pa.Table, digests: pa.ChunkedArray) -> list[str]:
    absent: list[str] = (
        table["sha256"].filter(pc.invert(pc.is_in(table["sha256"], digests.combine_chunks()))).to_pylist()
    )
    return absent


def _fail(check: Check, rows: pa.Table, wrong: pa.ChunkedArray | pa.Array, what: str) -> None:
    found = rows.filter(pc.fill_null(wrong, True)).select(KEY).to_pylist()
    check.fail_all(what, (f"{row['sha256']} of {row['source']}" for row in found))
