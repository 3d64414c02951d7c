"""Why the decision on an image changed between two versions.

Rules are applied in the order of `Reason`, and the first that rejects an image gives the reason. So a changed decision
depends on one rejection, the earlier of the two reasons: it is new if the later version has it, and it was withdrawn if
the earlier version has it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curate.caps import CAPS
from curate.rules import FILTERS
from curate.schemas import DECODE_ERRORS, Reason
from curate.where import CONDITIONS
from pipelines.audit.parameters import Changed, changed, sentence
from pipelines.versions.manifest import ManifestReader
from pipelines.versions.row_alignment import Mask, Rows, digests, distinct_rows, shared_codes

LICENSES = (Reason.LICENSE_UNKNOWN, Reason.LICENSE_NOT_ALLOWED)
DUPLICATES = (Reason.EXACT_DUPLICATE, Reason.NEAR_DUPLICATE)
AFTER_DUPLICATES = tuple(CAPS.values())
"""An image that these drop still keeps its duplicates out."""
STATED: Mapping[str, str] = {
    Reason.SYNTHETIC: "type",
    Reason.WHERE_DIGITAL_SOURCE_TYPE: "type",
    Reason.WHERE_TAGS: "tags",
    Reason.WHERE_YEARS: "date",
    Reason.WHERE_BOX: "place",
}
"""What a condition of `curate.where` depends on."""
GROUPS: Mapping[str, str] = {reason: name for name, reason in CAPS.items()}
"""What a cap of `curate.caps` counts images by."""
PARAMETERS: Mapping[str, tuple[str, ...]] = {
    **{reason: (f"curate.where.{section}.",) for section, reason in CONDITIONS.items()},
    Reason.SYNTHETIC: ("curate.where.digital_source_type.",),
    **{reason: (f"curate.caps.{name}",) for reason, name in GROUPS.items()},
    Reason.CAP_PLACE: ("curate.caps.place", "curate.caps.cell"),
    **dict.fromkeys(LICENSES, ("crawl.",)),
    **dict.fromkeys(DUPLICATES, ("curate.duplicates.", "curate.keeper")),
}
"""Prefixes of the parameters that a reason depends on, besides thresholds."""
LAST = len(Reason)  # rank of a reason that no longer exists; a kept image comes after it


class Cause(StrEnum):
    """Why an image was added, removed or decided differently. Closed: each such image has one cause."""

    NEW_SOURCE = "new_source"
    FOUND = "found"  # new in a source that both versions have
    SOURCE_REMOVED = "source_removed"
    GONE = "gone"  # from a source that both versions have
    EXCLUSION = "exclusion"
    OPT_OUT = "opt_out"
    LICENSE = "license"  # the source gives another licence
    WHERE = "where"  # another condition of curate.where, or the source or the file states something else
    CAP = "cap"  # another limit of curate.caps, or other images of its author, place or source
    THRESHOLD = "threshold"
    DUPLICATE = "duplicate"  # its keeper was added, removed or decided differently
    RULES = "rules"  # other parameters, another rule version, or other code
    MEASURED = "measured"  # another measure or decoding under the same rules


@dataclass(frozen=True)
class Basis:
    """The parameters and archives that the decisions of one version depend on."""

    params: Mapping[str, Any]  # of stage curate, with dotted keys: `curate.thresholds.min_side`
    archives: Mapping[str, Sequence[str]]  # source to the md5 of its archive

    def snapshot(self, source: str) -> str:
        """Return the snapshot label of a source; `?` if it has none."""
        return str(self.params.get(f"sources.{source}.snapshot", "?"))


@dataclass(frozen=True)
class Rejection:
    """The rejection that a changed decision depends on."""

    is_new: bool  # otherwise it was withdrawn
    reason: str | None  # None if an older version has none
    measure: str  # of the filter that rejected it; empty if none did
    keeper: str  # of a duplicate: what happened to its keeper; empty if that was and is kept
    license_before: str
    license_after: str
    rule_before: int
    rule_after: int


def cause_of_source(source: str, *, came: bool, before: Basis, after: Basis) -> tuple[Cause, str]:
    """Return why an image of a source was added or removed.

    Args:
        source: Name of the source.
        came: Whether the image was added; otherwise it was removed.
        before, after: Of the two versions.

    Returns:
        The cause, and a detail for a person, which may be empty.
    """
    if source not in (before if came else after).archives:
        return (Cause.NEW_SOURCE if came else Cause.SOURCE_REMOVED), ""
    cause = Cause.FOUND if came else Cause.GONE
    if before.archives.get(source) == after.archives.get(source):
        return cause, "same archive, other parser"
    return cause, f"snapshot {before.snapshot(source)} → {after.snapshot(source)}"


def cause_of(rejection: Rejection, before: Basis, after: Basis) -> tuple[Cause, str]:
    """Return why a decision changed.

    Args:
        rejection: The rejection that the decision depends on.
        before, after: Of the two versions.

    Returns:
        The cause, and a detail for a person, which may be empty.
    """
    params = changed(before.params, after.params)
    return next(found for rule in RULES if (found := rule(rejection, params)))


Explained = tuple[Cause, str] | None
"""Cause and detail, or None if a rule does not apply."""


def _exclusion(rejection: Rejection, params: Changed) -> Explained:
    return (Cause.EXCLUSION, "" if rejection.is_new else "withdrawn") if rejection.reason == Reason.EXCLUDED else None


def _opt_out(rejection: Rejection, params: Changed) -> Explained:
    detail = "the source reserves use" if rejection.is_new else "the source no longer reserves use"
    return (Cause.OPT_OUT, detail) if rejection.reason == Reason.OPT_OUT else None


def _license(rejection: Rejection, params: Changed) -> Explained:
    if rejection.reason not in LICENSES or rejection.license_before == rejection.license_after:
        return None
    return Cause.LICENSE, f"{rejection.license_before} → {rejection.license_after}"


def _duplicate(rejection: Rejection, params: Changed) -> Explained:
    return (Cause.DUPLICATE, rejection.keeper) if rejection.reason in DUPLICATES and rejection.keeper else None


def _threshold(rejection: Rejection, params: Changed) -> Explained:
    keys = {f"curate.thresholds.{rule.threshold}" for rule in FILTERS if rule.measure == rejection.measure}
    moved = {key: pair for key, pair in params.items() if key in keys}
    return (Cause.THRESHOLD, sentence(moved)) if moved else None


def _parameters(rejection: Rejection, params: Changed) -> Explained:
    related = PARAMETERS.get(rejection.reason or "", ())
    moved = {key: pair for key, pair in params.items() if key.startswith(related)} if related else {}
    cause = Cause.WHERE if rejection.reason in STATED else Cause.CAP if rejection.reason in GROUPS else Cause.RULES
    return (cause, sentence(moved)) if moved else None


def _rule_version(rejection: Rejection, params: Changed) -> Explained:
    if rejection.rule_before == rejection.rule_after:
        return None
    return Cause.RULES, f"rule version {rejection.rule_before} → {rejection.rule_after}"


def _stated(rejection: Rejection, params: Changed) -> Explained:
    what = STATED.get(rejection.reason or "")
    return (Cause.WHERE, f"stated {what} changed") if what else None


def _others(rejection: Rejection, params: Changed) -> Explained:
    group = GROUPS.get(rejection.reason or "")
    return (Cause.CAP, f"other images of its {group}") if group else None


def _measure(rejection: Rejection, params: Changed) -> Explained:
    return (Cause.MEASURED, "") if rejection.measure or rejection.reason in DECODE_ERRORS else None


def _code(rejection: Rejection, params: Changed) -> Explained:
    return Cause.RULES, "other code"


RULES = (
    _exclusion,
    _opt_out,
    _license,
    _duplicate,
    _threshold,
    _parameters,
    _rule_version,
    _stated,
    _others,
    _measure,
    _code,
)
"""In order: the first that applies gives the cause, and the last one always applies."""


def explain(
    old: ManifestReader, new: ManifestReader, rows_old: Rows, rows_new: Rows, before: Basis, after: Basis
) -> dict[str, pa.ChunkedArray]:
    """Return the columns cause, detail, measure, value and keeper for images that were decided differently.

    Args:
        old, new: The whole manifests, since the decisions on keepers matter.
        rows_old, rows_new: The rows of these images in each, in the same order.
        before, after: Of the two versions.
    """
    was, now = (
        manifest.take(("sha256", "source", "reason", "measure", "value", "keeper", "license", "rule_version"), rows)
        for manifest, rows in ((old, rows_old), (new, rows_new))
    )
    is_new = _ranks(now["reason"]) < _ranks(was["reason"])
    pivot = pa.table({name: pc.if_else(is_new, now[name], was[name]) for name in now.column_names})
    licensed = pc.is_in(pivot["reason"], pa.array(LICENSES, pa.string()))
    rejections = pa.table(
        {
            "is_new": pa.array(is_new),
            "reason": pivot["reason"],
            "measure": pc.fill_null(pivot["measure"], ""),
            "keeper": _keepers(pivot, is_new, old, new),
            "license_before": pc.if_else(licensed, was["license"], ""),
            "license_after": pc.if_else(licensed, now["license"], ""),
            "rule_before": was["rule_version"],
            "rule_after": now["rule_version"],
        }
    )
    # There are few distinct rejections, and each is explained once.
    first, kind = distinct_rows(rejections.columns)
    found = [cause_of(Rejection(**row), before, after) for row in rejections.take(pa.array(first)).to_pylist()]
    return {
        "cause": pa.array([str(cause) for cause, _ in found], pa.string()).take(pa.array(kind)),
        "detail": pa.array([detail for _, detail in found], pa.string()).take(pa.array(kind)),
        **{name: pivot[name] for name in ("measure", "value", "keeper")},
    }


def _ranks(reasons: pa.ChunkedArray) -> NDArray[np.int64]:
    """The position of each reason in the order of the rules; a kept image comes last."""
    known = pc.fill_null(pc.index_in(reasons, value_set=pa.array(list(Reason), pa.string())), LAST)
    ranks: NDArray[np.int64] = pc.if_else(pc.is_null(reasons), LAST + 1, known).to_numpy()
    return ranks


def _keepers(pivot: pa.Table, is_new: Mask, old: ManifestReader, new: ManifestReader) -> pa.Array:
    """For each duplicate the state of its keeper in the version in which it is no duplicate; else an empty text."""
    lost = pc.is_in(pivot["reason"], pa.array(DUPLICATES, pa.string())).to_numpy()
    states = pa.repeat("", len(pivot))
    for side, other, absent, dropped in (
        (lost & is_new, old, "keeper is new", "keeper was dropped before"),
        (lost & ~is_new, new, "keeper is gone", "keeper is dropped now"),
    ):
        image, row = _rows_of_keepers(pivot.filter(side), other)
        # Of several rows the kept one counts, or else the first.
        order = np.lexsort((row, ~other.kept[row], image))
        image, best = np.unique(image[order], return_index=True)
        reason = other.take(("reason",), row[order][best])["reason"].combine_chunks()
        same = pc.or_(pc.is_null(reason), pc.is_in(reason, pa.array([*DUPLICATES, *AFTER_DUPLICATES], pa.string())))
        texts = pc.if_else(same, "", pc.binary_join_element_wise(dropped, reason, ": ", null_handling="replace"))
        state = pc.replace_with_mask(pa.repeat(absent, int(side.sum())), _mask(image, int(side.sum())), texts)
        states = pc.replace_with_mask(states, side, state)
    return states


def _rows_of_keepers(lost: pa.Table, manifest: ManifestReader) -> tuple[Rows, Rows]:
    """The rows of a manifest for the keepers of duplicates, in any source, without the duplicates themselves.

    Returns:
        Indices of rows in `lost`, and the matching rows of the manifest.
    """
    keepers = digests(lost["keeper"])
    first, end = (np.searchsorted(manifest.images, keepers, side) for side in ("left", "right"))
    image = np.repeat(np.arange(len(keepers)), end - first)
    row = np.arange(len(image)) - np.repeat(np.cumsum(end - first) - end, end - first)
    _, source, sources = shared_codes(lost["source"], manifest.column("source"))
    other = (digests(lost["sha256"])[image] != manifest.images[row]) | (source[image] != sources[row])
    return image[other], row[other]


def _mask(rows: Rows, count: int) -> Mask:
    mask = np.zeros(count, bool)
    mask[rows] = True
    return mask
