"""The difference of two manifests, row by row, each change with its cause."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curate.records import Decision
from pipelines.audit.alignment import Alignment, Rows, align, differs, pick, taken
from pipelines.audit.causes import Basis, explain, of_source

Read = Callable[[Sequence[str]], pa.Table]
"""Reads some columns of a manifest, those of them that it has; one column at a time keeps a million rows small."""

DECIDING = (
    "sha256",
    "source",
    "decision",
    "reason",
    "measure",
    "value",
    "threshold",
    "keeper",
    "license",
    "rule_version",
)
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
    before: Read, after: Read, basis_before: Basis, basis_after: Basis, amendable: Sequence[str] = AMENDABLE
) -> Difference:
    """All that differs between two manifests.

    Args:
        before, after: read the manifests, which are sorted by (sha256, source).
        basis_before, basis_after: what each version's decisions rested on.
        amendable: columns of AMENDABLE in which rows that are decided alike are compared.
    """
    old, new = _both(before, after, DECIDING)
    rows = align(old, new)
    redecided = _redecided_rows(old, new, rows)
    bits = _amended(before, after, rows, amendable)
    amended = (bits != 0) & ~redecided
    changes = [
        _one_sided(Change.ADDED, new, rows.added, basis_before, basis_after),
        _one_sided(Change.REMOVED, old, rows.removed, basis_before, basis_after),
        _redecided(old, new, rows.before[redecided], rows.after[redecided], basis_before, basis_after),
        _two_sided(Change.AMENDED, old, new, rows.before[amended], rows.after[amended]).assign(amended=bits[amended]),
    ]
    return Difference(
        before=old.num_rows,
        after=new.num_rows,
        kept_before=_kept(old),
        kept_after=_kept(new),
        unchanged=int((~redecided & ~amended).sum()),
        renamed=rows.renamed,
        changes=pa.concat_tables(
            pa.Table.from_pandas(frame.reindex(columns=CHANGES.names), CHANGES, preserve_index=False)
            for frame in changes
        ),
    )


def tally(old: pa.Table, new: pa.Table) -> dict[Change, int]:
    """How many rows were added, removed and redecided; columns sha256, source, decision and reason suffice."""
    rows = align(old, new)
    redecided = int(_redecided_rows(old, new, rows).sum())
    return {Change.ADDED: len(rows.added), Change.REMOVED: len(rows.removed), Change.REDECIDED: redecided}


def _redecided_rows(old: pa.Table, new: pa.Table, rows: Alignment) -> NDArray[np.bool_]:
    """For each shared row whether its verdict differs."""
    decision, reason = (
        differs(pick(old[name], rows.before), pick(new[name], rows.after)) for name in ("decision", "reason")
    )
    return decision | reason


def _amended(before: Read, after: Read, rows: Alignment, columns: Sequence[str]) -> NDArray[np.int32]:
    """For each shared row the columns that differ, as the bits of `amended`."""
    bits = np.zeros(len(rows.before), np.int32)
    for name in columns:
        old, new = _both(before, after, [name])
        if name in old.column_names and name in new.column_names:
            other = differs(pick(old[name], rows.before), pick(new[name], rows.after))
            bits |= other.astype(np.int32) << AMENDABLE.index(name)
    return bits


def _both(before: Read, after: Read, columns: Sequence[str]) -> tuple[pa.Table, pa.Table]:
    with ThreadPoolExecutor(2) as pool:  # reading one column takes one core
        old, new = pool.map(lambda read: read(columns), (before, after))
    return old, new


def _one_sided(change: Change, manifest: pa.Table, rows: Rows, before: Basis, after: Basis) -> pd.DataFrame:
    frame = taken(manifest, manifest.column_names, rows)
    came = change is Change.ADDED
    why = {source: of_source(source, came=came, before=before, after=after) for source in frame["source"].unique()}
    side = "after" if came else "before"
    return frame.rename(columns={"decision": f"decision_{side}", "reason": f"reason_{side}"}).assign(
        change=change,
        cause=frame["source"].map({source: str(cause) for source, (cause, _) in why.items()}),
        detail=frame["source"].map({source: detail for source, (_, detail) in why.items()}),
    )


def _redecided(
    old: pa.Table, new: pa.Table, rows_old: Rows, rows_new: Rows, before: Basis, after: Basis
) -> pd.DataFrame:
    frame = _two_sided(Change.REDECIDED, old, new, rows_old, rows_new)
    return pd.concat([frame, explain(old, new, rows_old, rows_new, before, after)], axis=1)


def _two_sided(change: Change, old: pa.Table, new: pa.Table, rows_old: Rows, rows_new: Rows) -> pd.DataFrame:
    was = taken(old, ["decision", "reason"], rows_old)
    now = taken(new, ["sha256", "source", "decision", "reason"], rows_new)
    now = now.rename(columns={"decision": "decision_after", "reason": "reason_after"})
    return pd.concat([was.add_suffix("_before"), now], axis=1).assign(change=change)


def _kept(manifest: pa.Table) -> int:
    kept: int = pc.sum(pc.equal(manifest["decision"], Decision.KEPT)).as_py()
    return kept or 0
