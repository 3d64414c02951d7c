"""Compares two versions: changes and their causes, parameters, code, and shifts of the distributions."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from common.dotted import dotted
from curate.schemas import Decision, Reason
from pipelines.audit import shifts, takedown
from pipelines.audit.causes import Basis, Cause
from pipelines.audit.difference import AMENDABLE, SOURCE_COLUMNS, Change, Difference, compare
from pipelines.audit.parameters import changed
from pipelines.audit.shifts import Shift
from pipelines.versions.dvc_lock import Stage
from pipelines.versions.manifest import ManifestReader
from pipelines.versions.row_alignment import digests, distinct_rows
from pipelines.versions.version import Version

DATASET_STAGES = ("extract", "prepare", "curate")
"""The stages whose code the dataset depends on."""

BY_SOURCE = (Cause.NEW_SOURCE, Cause.SOURCE_REMOVED, Cause.FOUND, Cause.GONE)
"""Causes that are grouped by source."""

Key = tuple[str, str, str]
"""Change, cause and detail."""


@dataclass(frozen=True)
class Group:
    """Changes with the same cause."""

    change: str
    cause: str
    detail: str
    images: int
    facades: int  # change of their number through this group


@dataclass(frozen=True)
class Comparison:
    """The result of `compare_versions`."""

    before: str  # name of the version
    after: str
    difference: Difference
    groups: Sequence[Group]  # all changes, counted
    parameters: Mapping[str, tuple[Any, Any]]  # dotted keys of params.yaml that differ, with both values
    code: Sequence[str]  # files that differ and that the dataset depends on
    shifts: Sequence[Shift]


def compare_versions(before: Version, after: Version) -> Comparison:
    """Compare two versions.

    Raises:
        UserError: The data of one of them are not available.
    """
    with ThreadPoolExecutor(2) as pool:
        old, new = pool.map(Version.manifest_reader, (before, after))
    found = compare(old, new, basis(before), basis(after), _amendable(before, after))
    found = replace(found, changes=_with_requests(found.changes, before, after))
    return Comparison(
        before=before.name,
        after=after.name,
        difference=found,
        groups=groups(found),
        parameters=changed(dotted(before.params), dotted(after.params)),
        code=_code(before, after),
        shifts=_shifts(before, after, old, new),
    )


def basis(version: Version) -> Basis:
    """Return what the decisions of a version depend on, by its dvc.lock."""
    return Basis(dotted(version.lock.stages.get("curate", Stage()).params), version.output_hashes("crawl"))


def groups(difference: Difference) -> list[Group]:
    """Count the changes by kind, cause and detail, the largest group of each kind first."""
    keys, which = keyed(difference)
    before, after = (
        pc.fill_null(pc.equal(difference.changes[f"decision_{side}"], Decision.KEPT), False).to_numpy().astype(int)
        for side in ("before", "after")
    )
    images, facades = np.bincount(which, minlength=len(keys)), np.bincount(which, after - before, len(keys))
    found = [Group(*key, int(images[index]), int(facades[index])) for index, key in enumerate(keys)]
    order = {change: rank for rank, change in enumerate(Change)}
    return sorted(found, key=lambda group: (order[Change(group.change)], -group.images, group.cause, group.detail))


def keyed(difference: Difference) -> tuple[list[Key], NDArray[np.int64]]:
    """Return the keys of the groups, and for each change the index of its key."""
    columns = ("change", "cause", "detail", "source", "amended")
    first, which = distinct_rows([difference.changes[name] for name in columns])
    rows = difference.changes.select(columns).take(pa.array(first)).to_pylist()
    keys: dict[Key, int] = {}
    index = np.array([keys.setdefault(_key(**row), len(keys)) for row in rows], np.int64)
    return list(keys), index[which]


def _key(change: str, cause: str | None, detail: str | None, source: str, amended: int | None) -> Key:
    if change == Change.AMENDED:
        return change, "", columns_of(amended or 0)
    if cause in BY_SOURCE:
        return change, cause, ", ".join(filter(None, (source, detail)))
    return change, cause or "", detail or ""


def columns_of(bits: int) -> str:
    """Return the names of the columns that the bits of `amended` stand for."""
    return ", ".join(name for bit, name in enumerate(AMENDABLE) if bits >> bit & 1)


def _amendable(before: Version, after: Version) -> Sequence[str]:
    """The columns to compare. If the image tables are the same files, what the sources give is the same."""
    old, new = (sorted(version.output_hashes("extract").values()) for version in (before, after))
    if before.commit and after.commit and old == new:  # files in the work tree may differ from its dvc.lock
        return [name for name in AMENDABLE if name not in SOURCE_COLUMNS]
    return AMENDABLE


def _with_requests(changes: pa.Table, before: Version, after: Version) -> pa.Table:
    """The changes with the request added to the detail of each exclusion."""
    excluded = pc.fill_null(pc.equal(changes["cause"], Cause.EXCLUSION), False)
    is_new = pc.fill_null(pc.equal(changes["reason_after"], Reason.EXCLUDED), False)
    detail = changes["detail"]
    for version, rows in ((after, pc.and_(excluded, is_new)), (before, pc.and_not(excluded, is_new))):
        images = changes["sha256"].filter(rows).to_pylist()
        requests = takedown.requests_of(version, set(images)) if images else {}
        details = [
            f"{known} {requests.get(image, '')}".strip()
            for image, known in zip(images, detail.filter(rows).to_pylist(), strict=True)
        ]
        detail = pc.replace_with_mask(detail, rows.combine_chunks(), pa.array(details, pa.string()))
    index = changes.schema.get_field_index("detail")
    return changes.set_column(index, changes.schema.field(index), detail)


def _code(before: Version, after: Version) -> list[str]:
    """The files that differ and that the stages up to the dataset depend on."""
    stages = before.lock.stages.keys() & after.lock.stages.keys()
    relevant = [name for name in stages if name.split("@")[0] in DATASET_STAGES]
    made = {out.path for version in (before, after) for out in version.lock.outs()}
    hashes = [
        {(item.path, item.md5) for name in relevant for item in v.lock.stages[name].deps.values()}
        for v in (before, after)
    ]
    code = sorted({path for path, _ in hashes[0] ^ hashes[1]} - made)
    return before.repository.changed(before.commit, after.commit, code) if code else []


def _shifts(before: Version, after: Version, old: ManifestReader, new: ManifestReader) -> list[Shift]:
    """The shifts of sources, licences, measures and hashes, the largest first."""
    found = [
        shifts.shares(name, *(one.column(name).filter(pa.array(one.kept)) for one in (old, new)))
        for name in ("source", "license")
    ]
    measures_before, measures_after = _measures(before, old), _measures(after, new)
    for name in sorted(measures_before.keys() & measures_after.keys()):
        between = shifts.hash_space if name == "phash" else partial(shifts.measure, name)
        found.append(between(measures_before[name], measures_after[name]))
    return sorted(found, key=lambda shift: -shift.distance)


def _measures(version: Version, decisions: ManifestReader) -> dict[str, NDArray[Any]]:
    """The pHashes and measures of the first facades by sha256, from the prepared tables."""
    rows = np.flatnonzero(decisions.kept)[: shifts.SAMPLE]
    sample = decisions.take(("sha256",), rows)["sha256"].unique()
    found = []
    for path in version.outputs("prepare", "*.parquet").values() if len(sample) else ():
        file = version.file(path)
        names = [field.name for field in pq.read_schema(file) if pa.types.is_floating(field.type)]
        wanted = pc.field("sha256").isin(sample) & (pc.field("sha256") <= sample[-1])  # the latter skips row groups
        found.append(pq.read_table(file, columns=["sha256", "phash", *names], filters=wanted))
    if not found:
        return {}
    table = pa.concat_tables(found, promote_options="default")
    _, first = np.unique(digests(table["sha256"]), return_index=True)  # the same bytes of several sources
    return {name: table[name].take(pa.array(first)).to_numpy() for name in table.column_names if name != "sha256"}
