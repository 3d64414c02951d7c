"""Compares two manifests row by row, and finds the cause of each change."""

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

from crawler.archive.schemas import PLACE_DATE_AND_KIND
from pipelines.audit.causes import Basis, cause_of_source, explain
from pipelines.versions.manifest import ManifestReader
from pipelines.versions.row_alignment import Alignment, Mask, Rows, align, differs, select_rows, shared_codes

SOURCE_COLUMNS = (
    "image_url",
    "page_url",
    "title",
    "author",
    "license",
    "license_url",
    "attribution",
    "tags",
    *PLACE_DATE_AND_KIND,
)
"""Columns that the source or the file gives."""
CURATION_COLUMNS = (
    "measure",
    "value",
    "threshold",
    "cluster",
    "keeper",
    "distance",
    "similarity",
    "split",
    "rule_version",
)
"""Columns that curation computes, but for `row`, which depends on all images before."""
AMENDABLE = ("source", *SOURCE_COLUMNS, *CURATION_COLUMNS)
"""Columns in which two rows with the same decision are compared."""


class Change(StrEnum):
    """How a row changed. Closed: each row of either manifest has one of these, or is equal in both."""

    ADDED = "added"
    REMOVED = "removed"
    REDECIDED = "redecided"  # another decision or reason
    AMENDED = "amended"  # the same decision and reason, but another value in a column of AMENDABLE


CHANGES = pa.schema(
    [
        ("sha256", pa.string()),
        ("source", pa.string()),  # of the later version; of the earlier one where removed
        ("change", pa.string()),  # Change
        ("decision_before", pa.string()),  # null where added
        ("reason_before", pa.string()),
        ("decision_after", pa.string()),  # null where removed
        ("reason_after", pa.string()),
        ("cause", pa.string()),  # causes.Cause; null where amended
        ("detail", pa.string()),  # about the cause, such as `min_side 96 → 120`
        ("measure", pa.string()),  # of the filter that rejected the image
        ("value", pa.float64()),
        ("keeper", pa.string()),  # sha256 of the keeper, before or after
        ("amended", pa.int32()),  # bit n is set where column AMENDABLE[n] differs
    ]
)


@dataclass(frozen=True)
class Difference:
    """Counts of rows, and the rows that changed."""

    before: int
    after: int
    kept_before: int
    kept_after: int
    unchanged: int
    renamed: Mapping[str, str]  # sources, from the old to the new name
    changes: pa.Table  # CHANGES: added, removed, redecided, amended; in each by sha256 and source

    def count(self, change: Change) -> int:
        """Return the number of rows with a change."""
        counted: int = pc.sum(pc.equal(self.changes["change"], change)).as_py()
        return counted or 0


def compare(
    old: ManifestReader, new: ManifestReader, before: Basis, after: Basis, amendable: Sequence[str] = AMENDABLE
) -> Difference:
    """Compare two manifests.

    Args:
        old, new: The manifests.
        before, after: What the decisions of each depend on.
        amendable: Columns of AMENDABLE in which rows with the same decision are compared.
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
    """Return how many rows were added, removed and redecided."""
    rows = _align(old, new)
    redecided = int(_redecided_rows(old, new, rows).sum())
    return {Change.ADDED: len(rows.added), Change.REMOVED: len(rows.removed), Change.REDECIDED: redecided}


def _align(old: ManifestReader, new: ManifestReader) -> Alignment:
    return align(old.images, old.column("source"), new.images, new.column("source"))


def _redecided_rows(old: ManifestReader, new: ManifestReader, rows: Alignment) -> Mask:
    """For each shared row whether its decision or reason differs."""
    found: Mask = np.zeros(len(rows.before), bool)
    for name in ("decision", "reason"):
        _, was, now = shared_codes(old.column(name), new.column(name))
        found |= was[rows.before] != now[rows.after]
    return found


def _amended(old: ManifestReader, new: ManifestReader, rows: Alignment, columns: Sequence[str]) -> NDArray[np.int32]:
    """For each shared row the columns that differ, as bits of `amended`."""
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
            before, after = rows.before[start:end], rows.after[start:end]
            was = earlier.rows(before[0], before[-1] + 1)
            now = later.rows(after.min(), after.max() + 1)
            found[start:end] = differs(select_rows(was, before - before[0]), select_rows(now, after - after.min()))
    return found


def _one_sided(change: Change, manifest: ManifestReader, rows: Rows, before: Basis, after: Basis) -> pa.Table:
    """The changes of rows that only one manifest has."""
    came = change is Change.ADDED
    side = "after" if came else "before"
    found = manifest.take(("sha256", "source", "decision", "reason", "measure", "value", "keeper"), rows)
    sources = pc.unique(found["source"])
    causes = [cause_of_source(source, came=came, before=before, after=after) for source in sources.to_pylist()]
    index = pc.index_in(found["source"], value_set=sources)
    return _changes(
        change,
        len(rows),
        {
            **{name: found[name] for name in ("sha256", "source", "measure", "value", "keeper")},
            **{f"{name}_{side}": found[name] for name in ("decision", "reason")},
            "cause": pa.array([str(cause) for cause, _ in causes], pa.string()).take(index),
            "detail": pa.array([detail for _, detail in causes], pa.string()).take(index),
        },
    )


def _two_sided(
    change: Change, old: ManifestReader, new: ManifestReader, rows: tuple[Rows, Rows], columns: Mapping[str, Any]
) -> pa.Table:
    """The changes of rows that both manifests have."""
    was = old.take(("decision", "reason"), rows[0])
    now = new.take(("sha256", "source", "decision", "reason"), rows[1])
    decisions = {
        f"{name}_{side}": one[name] for side, one in (("before", was), ("after", now)) for name in was.column_names
    }
    return _changes(change, len(rows[0]), {"sha256": now["sha256"], "source": now["source"], **decisions, **columns})


def _changes(change: Change, count: int, columns: Mapping[str, Any]) -> pa.Table:
    """A table of CHANGES, with nulls in the columns that are not given."""
    columns = {"change": pa.repeat(str(change), count), **columns}
    return pa.table([columns.get(field.name, pa.nulls(count, field.type)) for field in CHANGES], schema=CHANGES)
