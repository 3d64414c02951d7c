"""Why a verdict changed between two versions.

The rules are asked in the order of `Reason`, and the first to object speaks. So a changed verdict hangs on one
objection: the earlier of the two reasons. It arose if the later version has it, and fell away if the earlier had it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from curate.records import DECODE_ERRORS, Reason
from pipelines.audit.alignment import Rows, digests, taken
from pipelines.audit.parameters import changed, sentence

LICENSES = (Reason.LICENSE_UNKNOWN, Reason.LICENSE_NOT_ALLOWED)
DUPLICATES = (Reason.EXACT_DUPLICATE, Reason.NEAR_DUPLICATE)
PLACES = {reason: place for place, reason in enumerate(Reason)}
LAST = len(PLACES)  # of a reason that there is no longer; an image that is kept comes after that


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
    reason: str
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


def explain(old: pa.Table, new: pa.Table, rows_old: Rows, rows_new: Rows, before: Basis, after: Basis) -> pd.DataFrame:
    """Cause, detail, measure, value and keeper for each image that was decided otherwise.

    Args:
        old, new: both manifests whole, since the fate of keepers counts.
        rows_old, rows_new: the rows that speak of the images in question, pair by pair.
    """
    was, now = _verdicts(old, rows_old), _verdicts(new, rows_new)
    arose = now["reason"].map(_place) < was["reason"].map(_place)
    pivot = now.where(arose, was)
    licensed = pivot["reason"].isin(LICENSES)
    objections = pd.DataFrame(
        {
            "arose": arose,
            "reason": pivot["reason"],
            "measure": pivot["measure"].fillna(""),
            "fate": _fates(pivot, arose, old, new),
            "license_before": was["license"].where(licensed, ""),
            "license_after": now["license"].where(licensed, ""),
            "rule_before": was["rule_version"],
            "rule_after": now["rule_version"],
        }
    )
    # Many images, few objections: each kind is judged once.
    kinds = objections.drop_duplicates()
    judged = [of_objection(Objection(*row), before, after) for row in kinds.itertuples(index=False)]
    kinds = kinds.assign(cause=[str(cause) for cause, _ in judged], detail=[detail for _, detail in judged])
    explained = objections.merge(kinds, how="left", on=list(objections.columns))
    return pd.concat([explained[["cause", "detail"]], pivot[["measure", "value", "keeper"]]], axis=1)


def _verdicts(manifest: pa.Table, rows: Rows) -> pd.DataFrame:
    return taken(
        manifest, ["sha256", "source", "reason", "measure", "value", "keeper", "license", "rule_version"], rows
    )


def _place(reason: str | None) -> int:
    """Where in the order of the rules a reason stands; past all of them where there is none."""
    return PLACES.get(reason, LAST) if reason else LAST + 1  # type: ignore[call-overload]


def _fates(pivot: pd.DataFrame, arose: pd.Series, old: pa.Table, new: pa.Table) -> pd.Series:
    """For duplicates, what became of the image that they lost to, on the side where they did not yet or no longer."""
    fates = pd.Series("", index=pivot.index)
    for side, there, absent, dropped in (
        (arose, old, "of one that is new", "of one that was dropped before"),
        (~arose, new, "of one that is gone", "of one that is dropped now"),
    ):
        lost = pivot[side & pivot["reason"].isin(DUPLICATES)]
        others = _rows_of(lost["keeper"], there)
        others = others.merge(lost.reset_index(names="image"), on="keeper", suffixes=("_other", ""))
        others = others[(others["keeper"] != others["sha256"]) | (others["source_other"] != others["source"])]
        best = others.sort_values("decision", ascending=False).drop_duplicates("image").set_index("image")
        reason = best["reason_other"].reindex(lost.index)
        found = lost.index.isin(best.index)
        fates[lost.index] = np.where(
            found, np.where(reason.isna() | reason.isin(DUPLICATES), "", dropped + ": " + reason.fillna("")), absent
        )
    return fates


def _rows_of(images: pd.Series, manifest: pa.Table) -> pd.DataFrame:
    """The rows of a manifest that speak of some images; `keeper` is the image."""
    wanted = digests(pa.chunked_array([pa.array(images.unique(), pa.string())]))
    all_images = digests(manifest["sha256"])
    first, end = (np.searchsorted(all_images, wanted, side) for side in ("left", "right"))
    rows = np.concatenate([np.arange(a, b) for a, b in zip(first, end, strict=True)] or [np.array([], np.int64)])
    found = taken(manifest, ["sha256", "source", "decision", "reason"], rows)
    return found.rename(columns={"sha256": "keeper"})
