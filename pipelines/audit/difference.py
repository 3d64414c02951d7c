"""The difference of two manifests, row by row, each change with its cause."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.audit.causes import Basis, explain, of_source
from pipelines.versions.manifest import ManifestReader
from pipelines.versions.row_alignment import Alignment, Mask, Rows, align, differs, select_rows, shared_codes

TOLD = ("image_url", "page_url", "title", "author", "license", "license_url", "attribution", "tags")
"""What the source says of an image."""
FOUND = ("measure", "value", "threshold", "cluster", "keeper", "distance", "similarity", "split", "rule_version")
"""What curation found. Not `row`, which moves with every image that comes before."""
AMENDABLE = ("source", *TOLD, *FOUND)


class Change(StrEnum):
    """What became of a row. Closed: a row of either manifest is in one of these, or the same in both."""

    ADDED = "added"
    REMOVED = "removed"
    REDECIDED = "redecided"  # kept or dropped otherwise, or for another reason
    AMENDED = "amended"  # decided alike, with something else told or found


CHANGES = pa.schema(
    [
        ("sha256", pa.string()),
        ("source", pa.string()),  # where it is, or was if it is gone
        ("change", pa.string()),  # Change
        ("decision_before", pa.string()),  # null where added
        ("reason_before", pa.string()),
        ("decision_after", pa.string()),  # null where removed
        ("reason_after", pa.string()),
        ("cause", pa.string()),  # causes.Cause; null where amended
        ("detail", pa.string()),  # the cause in a few words, such as `min_side 96 → 120`
        ("measure", pa.string()),  # the measure that decided, where one did
        ("value", pa.float64()),
        ("keeper", pa.string()),  # sha256 of the image that it lost to, or no longer loses to
        ("amended", pa.int32()),  # bit n is set where column AMENDABLE[n] differs
    ]
)


@dataclass(frozen=True)
class Difference:
    """Counts of rows, and every row that changed."""

    before: int
    after: int
    kept_before: int
    kept_after: int
    unchanged: int
    renamed: Mapping[str, str]
    changes: pa.Table  # CHANGES: added, removed, redecided, amended; in each by sha256 and source

    def count(self, change: Change) -> int:
        counted: int = pc.sum(pc.equal(self.changes["change"], change)).as_py()
        return counted or 0


def compare(
    old: ManifestReader, new: ManifestReader, before: Basis, after: Basis, amendable: Sequence[str] = AMENDABLE
) -> Difference:
    """All that differs between two manifests.

    Args:
        old, new: the manifests.
        before, after: what each version's decisions rested on.
        amendable: columns of AMENDABLE in which rows that are decided alike are compared.
    """
    rows = _align(old, new)
    redecided = _redecided_rows(old, new, rows)
    bits = _amended(old, new, rows, [name for name in amendable if name in old.columns and name in new.columns])
    amended = (bits != 0) & ~redecided
    return Difference(
        before=len(old),
        after=len(new),
        kept_before=int(old.kept.sum()),
        kept_after=int(new.kept.sum()),
        unchanged=int((~redecided & ~amended).sum()),
        renamed=rows.renamed,
        changes=pa.concat_tables(
            [
                _one_sided(Change.ADDED, new, rows.added, before, after),
                _one_sided(Change.REMOVED, old, rows.removed, before, after),
                _two_sided(
                    Change.REDECIDED,
                    old,
                    new,
                    (rows.before[redecided], rows.after[redecided]),
                    explain(old, new, rows.before[redecided], rows.after[redecided], before, after),
                ),
                _two_sided(
                    Change.AMENDED, old, new, (rows.before[amended], rows.after[amended]), {"amended": bits[amended]}
                ),
            ]
        ),
    )


def tally(old: ManifestReader, new: ManifestReader) -> dict[Change, int]:
    """How many rows were added, removed and redecided."""
    rows = _align(old, new)
    redecided = int(_redecided_rows(old, new, rows).sum())
    return {Change.ADDED: len(rows.added), Change.REMOVED: len(rows.removed), Change.REDECIDED: redecided}


def _align(old: ManifestReader, new: ManifestReader) -> Alignment:
    return align(old.images, old.column("source"), new.images, new.column("source"))


def _redecided_rows(old: ManifestReader, new: ManifestReader, rows: Alignment) -> Mask:
    """For each shared row whether its verdict differs."""
    found: Mask = np.zeros(len(rows.before), bool)
    for name in ("decision", "reason"):
        _, was, now = shared_codes(old.column(name), new.column(name))
        found |= was[rows.before] != now[rows.after]
    return found


def _amended(old: ManifestReader, new: ManifestReader, rows: Alignment, columns: Sequence[str]) -> NDArray[np.int32]:
    """For each shared row the columns that differ, as the bits of `amended`."""
    bits = np.zeros(len(rows.before), np.int32)
    with ThreadPoolExecutor(2) as pool:
        for name, other in zip(columns, pool.map(partial(_differs, old, new, rows), columns), strict=True):
            bits |= other.astype(np.int32) << AMENDABLE.index(name)
    return bits


def _differs(old: ManifestReader, new: ManifestReader, rows: Alignment, column: str) -> Mask:
    """For each shared row whether one column differs."""
    earlier, later = old.range_reader(column), new.range_reader(column)
    found = np.zeros(len(rows.before), bool)
    for start, end in pairwise(np.searchsorted(rows.before, earlier.ends)):
        if start < end:
            here, there = rows.before[start:end], rows.after[start:end]
            was = earlier.rows(here[0], here[-1] + 1)
            now = later.rows(there.min(), there.max() + 1)
            found[start:end] = differs(select_rows(was, here - here[0]), select_rows(now, there - there.min()))
    return found


def _one_sided(change: Change, manifest: ManifestReader, rows: Rows, before: Basis, after: Basis) -> pa.Table:
    came = change is Change.ADDED
    side = "after" if came else "before"
    found = manifest.take(("sha256", "source", "decision", "reason", "measure", "value", "keeper"), rows)
    sources = pc.unique(found["source"])
    why = [of_source(source, came=came, before=before, after=after) for source in sources.to_pylist()]
    place = pc.index_in(found["source"], value_set=sources)
    return _changes(
        change,
        len(rows),
        {
            **{name: found[name] for name in ("sha256", "source", "measure", "value", "keeper")},
            **{f"{name}_{side}": found[name] for name in ("decision", "reason")},
            "cause": pa.array([str(cause) for cause, _ in why], pa.string()).take(place),
            "detail": pa.array([detail for _, detail in why], pa.string()).take(place),
        },
    )


def _two_sided(
    change: Change, old: ManifestReader, new: ManifestReader, rows: tuple[Rows, Rows], columns: Mapping[str, Any]
) -> pa.Table:
    was = old.take(("decision", "reason"), rows[0])
    now = new.take(("sha256", "source", "decision", "reason"), rows[1])
    verdicts = {
        f"{name}_{side}": one[name] for side, one in (("before", was), ("after", now)) for name in was.column_names
    }
    return _changes(change, len(rows[0]), {"sha256": now["sha256"], "source": now["source"], **verdicts, **columns})


def _changes(change: Change, count: int, columns: Mapping[str, Any]) -> pa.Table:
    """Rows of CHANGES, null where nothing is given."""
    columns = {"change": pa.repeat(str(change), count), **columns}
    return pa.table([columns.get(field.name, pa.nulls(count, field.type)) for field in CHANGES], schema=CHANGES)
