"""Why a verdict changed between two versions.

The rules are asked in the order of `Reason`, and the first to object speaks. So a changed verdict hangs on one
objection: the earlier of the two reasons. It arose if the later version has it, and fell away if the earlier had it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curate.schemas import DECODE_ERRORS, Reason
from pipelines.audit.parameters import changed, sentence
from pipelines.versions.manifest import ManifestReader
from pipelines.versions.row_alignment import Mask, Rows, digests, distinct_rows, shared_codes

LICENSES = (Reason.LICENSE_UNKNOWN, Reason.LICENSE_NOT_ALLOWED)
DUPLICATES = (Reason.EXACT_DUPLICATE, Reason.NEAR_DUPLICATE)
LAST = len(Reason)  # of a reason that there is no longer; an image that is kept comes after that


class Cause(StrEnum):
    """Closed: every image that came, went or was decided otherwise has one."""

    NEW_SOURCE = "new_source"
    FOUND = "found"  # new in a source that was there before
    SOURCE_REMOVED = "source_removed"
    GONE = "gone"  # from a source that is still there
    EXCLUSION = "exclusion"
    OPT_OUT = "opt_out"
    LICENSE = "license"  # the source gives another
    THRESHOLD = "threshold"
    DUPLICATE = "duplicate"  # the image that it lost to came, went, or was itself decided otherwise
    RULES = "rules"  # other parameters, another rule version, other code
    MEASURED = "measured"  # measured or decoded otherwise under the same rules


@dataclass(frozen=True)
class Basis:
    """What the decisions of one version rested on."""

    params: Mapping[str, Any]  # of stage curate, with dotted keys: `curate.thresholds.min_side`
    archives: Mapping[str, str]  # source to the md5 of its archive

    def snapshot(self, source: str) -> str:
        return str(self.params.get(f"sources.{source}.snapshot", "?"))


@dataclass(frozen=True)
class Objection:
    """What a changed verdict hangs on, and what else is known of the image."""

    arose: bool
    reason: str | None  # None where an older version gave none
    measure: str  # that decided; empty where none did
    fate: str  # of the image that it lost to, in words; empty where that was and is kept
    license_before: str
    license_after: str
    rule_before: int
    rule_after: int


def of_source(source: str, *, came: bool, before: Basis, after: Basis) -> tuple[Cause, str]:
    """Why an image of `source` came or went: the cause and a detail."""
    if source not in (before if came else after).archives:
        return (Cause.NEW_SOURCE if came else Cause.SOURCE_REMOVED), ""
    cause = Cause.FOUND if came else Cause.GONE
    if before.archives.get(source) == after.archives.get(source):
        return cause, "same archive, other parser"
    return cause, f"snapshot {before.snapshot(source)} → {after.snapshot(source)}"


def of_objection(objection: Objection, before: Basis, after: Basis) -> tuple[Cause, str]:
    """Why a verdict changed: the cause and a detail."""
    params = changed(before.params, after.params)
    related: tuple[str, ...] = ()
    if objection.reason == Reason.EXCLUDED:
        return Cause.EXCLUSION, "" if objection.arose else "withdrawn"
    if objection.reason == Reason.OPT_OUT:
        return Cause.OPT_OUT, "the source objects" if objection.arose else "the source no longer objects"
    if objection.reason in LICENSES:
        if objection.license_before != objection.license_after:
            return Cause.LICENSE, f"{objection.license_before} → {objection.license_after}"
        related = ("crawl.",)
    elif objection.reason in DUPLICATES:
        if objection.fate:
            return Cause.DUPLICATE, objection.fate
        related = ("curate.duplicates.", "curate.keeper")
    elif objection.measure:
        lines = [f"curate.thresholds.{side}_{objection.measure}" for side in ("min", "max")]
        if moved := {key: pair for key, pair in params.items() if key in lines}:
            return Cause.THRESHOLD, sentence(moved)
    if related and (moved := {key: pair for key, pair in params.items() if key.startswith(related)}):
        return Cause.RULES, sentence(moved)
    if objection.rule_before != objection.rule_after:
        return Cause.RULES, f"rule version {objection.rule_before} → {objection.rule_after}"
    if objection.measure or objection.reason in DECODE_ERRORS:
        return Cause.MEASURED, ""
    return Cause.RULES, "other code"


def explain(
    old: ManifestReader, new: ManifestReader, rows_old: Rows, rows_new: Rows, before: Basis, after: Basis
) -> dict[str, pa.ChunkedArray]:
    """Cause, detail, measure, value and keeper for each image that was decided otherwise.

    Args:
        old, new: both manifests whole, since the fate of keepers counts.
        rows_old, rows_new: the rows that speak of the images in question, pair by pair.
    """
    was, now = (
        manifest.take(("sha256", "source", "reason", "measure", "value", "keeper", "license", "rule_version"), rows)
        for manifest, rows in ((old, rows_old), (new, rows_new))
    )
    arose = _places(now["reason"]) < _places(was["reason"])
    pivot = pa.table({name: pc.if_else(arose, now[name], was[name]) for name in now.column_names})
    licensed = pc.is_in(pivot["reason"], pa.array(LICENSES, pa.string()))
    objections = pa.table(
        {
            "arose": pa.array(arose),
            "reason": pivot["reason"],
            "measure": pc.fill_null(pivot["measure"], ""),
            "fate": _fates(pivot, arose, old, new),
            "license_before": pc.if_else(licensed, was["license"], ""),
            "license_after": pc.if_else(licensed, now["license"], ""),
            "rule_before": was["rule_version"],
            "rule_after": now["rule_version"],
        }
    )
    # Many images, few objections: each kind is judged once.
    first, kind = distinct_rows(objections.columns)
    judged = [of_objection(Objection(**row), before, after) for row in objections.take(pa.array(first)).to_pylist()]
    return {
        "cause": pa.array([str(cause) for cause, _ in judged], pa.string()).take(pa.array(kind)),
        "detail": pa.array([detail for _, detail in judged], pa.string()).take(pa.array(kind)),
        **{name: pivot[name] for name in ("measure", "value", "keeper")},
    }


def _places(reasons: pa.ChunkedArray) -> NDArray[np.int64]:
    """Where in the order of the rules each reason stands; past all of them where there is none."""
    place = pc.fill_null(pc.index_in(reasons, value_set=pa.array(list(Reason), pa.string())), LAST)
    places: NDArray[np.int64] = pc.if_else(pc.is_null(reasons), LAST + 1, place).to_numpy()
    return places


def _fates(pivot: pa.Table, arose: Mask, old: ManifestReader, new: ManifestReader) -> pa.Array:
    """For duplicates, what became of the image that they lost to, on the side where they did not yet or no longer."""
    lost = pc.is_in(pivot["reason"], pa.array(DUPLICATES, pa.string())).to_numpy()
    fates = pa.repeat("", len(pivot))
    for side, there, absent, dropped in (
        (lost & arose, old, "of one that is new", "of one that was dropped before"),
        (lost & ~arose, new, "of one that is gone", "of one that is dropped now"),
    ):
        image, row = _rows_of_keepers(pivot.filter(side), there)
        # The kept one of several speaks, else the first.
        order = np.lexsort((row, ~there.kept[row], image))
        image, best = np.unique(image[order], return_index=True)
        reason = there.take(("reason",), row[order][best])["reason"].combine_chunks()
        same = pc.or_(pc.is_null(reason), pc.is_in(reason, pa.array(DUPLICATES, pa.string())))
        words = pc.if_else(same, "", pc.binary_join_element_wise(dropped, reason, ": ", null_handling="replace"))
        told = pc.replace_with_mask(pa.repeat(absent, int(side.sum())), _mask(image, int(side.sum())), words)
        fates = pc.replace_with_mask(fates, side, told)
    return fates


def _rows_of_keepers(lost: pa.Table, manifest: ManifestReader) -> tuple[Rows, Rows]:
    """The rows of a manifest that speak of the keepers of some rows, in any source but as the row itself.

    Returns:
        Places in `lost` and, as many, rows of the manifest.
    """
    keepers = digests(lost["keeper"])
    first, end = (np.searchsorted(manifest.images, keepers, side) for side in ("left", "right"))
    image = np.repeat(np.arange(len(keepers)), end - first)
    row = np.arange(len(image)) - np.repeat(np.cumsum(end - first) - end, end - first)
    _, source, sources = shared_codes(lost["source"], manifest.column("source"))
    other = (digests(lost["sha256"])[image] != manifest.images[row]) | (source[image] != sources[row])
    return image[other], row[other]


def _mask(places: Rows, count: int) -> Mask:
    mask = np.zeros(count, bool)
    mask[places] = True
    return mask
