"""Explains the decision on an image: each filter with its threshold, and the rule that decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from common.errors import UserError
from common.files import replacing
from curate.caps import CAPS
from curate.rules import FILTER_OF, FILTERS, Thresholds
from curate.schemas import DECODE_ERRORS, MANIFEST, Reason
from curate.where import CONDITIONS, Where
from pipelines.audit.takedown import Request, requests_of
from pipelines.versions.originals import Originals
from pipelines.versions.version import Version

OTHER_RULES = {
    Reason.EXCLUDED: "exclusions.csv",
    Reason.OPT_OUT: "opt-out, which always applies",
    Reason.LICENSE_UNKNOWN: "crawl.unknown",
    Reason.LICENSE_NOT_ALLOWED: "crawl.licenses",
    Reason.SYNTHETIC: "curate.where.digital_source_type",
    **{reason: f"curate.where.{section}" for section, reason in CONDITIONS.items()},
    Reason.EXACT_DUPLICATE: "equal sha256",
    Reason.NEAR_DUPLICATE: "curate.duplicates.similarity",
    **{reason: f"curate.caps.{name}" for name, reason in CAPS.items()},
    **dict.fromkeys(DECODE_ERRORS, "decoding"),
}
"""What decides besides filters: a key of params.yaml, a file, or a step without settings."""


@dataclass(frozen=True)
class FilterResult:
    """One filter applied to the image."""

    key: str  # of params.yaml
    measure: str
    value: float
    threshold: float | None  # None: the filter is off
    passed: bool  # whether or not an earlier rule rejected the image


@dataclass(frozen=True)
class ConditionResult:
    """One condition of `curate.where` applied to the image."""

    key: str  # of params.yaml
    stated: str  # by the source or the file; empty if nothing is
    passed: bool  # whether or not an earlier rule rejected the image


@dataclass(frozen=True)
class Why:
    """The decision on an image in one source."""

    sha256: str
    version: str
    row: Mapping[str, Any]  # of the manifest
    rule: str | None  # that decided; None if the image was kept
    conditions: Sequence[ConditionResult]  # in the order of application
    filters: Sequence[FilterResult]  # in the order of application; empty if the image could not be decoded
    request: Request | None  # for its exclusion
    keeper: Mapping[str, Any] | None  # its row in the manifest


def why(version: Version, sha256: str) -> list[Why]:
    """Explain the decision on an image, for each source that has it.

    Raises:
        UserError: The version does not contain the image, or its data are not available.
    """
    rows = version.manifest(images=[sha256]).to_pylist()
    if not rows:
        raise UserError(f"{sha256[:16]}: no such image at {version.name}")
    keepers = version.manifest(images={row["keeper"] for row in rows} - {None}).to_pylist()
    by_image = {row["sha256"]: row for row in keepers}
    prepared = version.outputs("prepare", "*.parquet")
    request = requests_of(version, [sha256]).get(sha256)
    return [
        Why(
            sha256,
            version.name,
            row,
            _rule(row),
            _conditions(version, row),
            _filters(version, prepared[row["source"]], sha256),
            request,
            by_image.get(row["keeper"]),
        )
        for row in rows
    ]


def save(version: Version, found: Why, folder: Path) -> dict[str, Path]:
    """Write the original bytes of the image, and of its keeper, to a folder.

    Returns:
        The path of `picture` and, if there is a keeper, of `keeper's`.

    Raises:
        UserError: The archive is not available.
    """
    rows = {"picture": found.row} | ({"keeper's": found.keeper} if found.keeper else {})
    return {name: _save(version, row, folder) for name, row in rows.items()}


def _save(version: Version, row: Mapping[str, Any], folder: Path) -> Path:
    sha256, source = row["sha256"], row["source"]
    table = version.table(
        version.outputs("extract", "data/images/*")[source], ("format",), pc.field("sha256") == sha256
    )
    (image,) = table.to_pylist()
    # The format is from a closed list, so that no text from the web becomes a path.
    path = folder / f"{sha256[:16]}.{image['format'] or 'bin'}"
    with Originals(version, source, [sha256]) as originals, replacing(path) as draft:
        draft.write_bytes(originals.get(sha256))
    return path


def _rule(row: Mapping[str, Any]) -> str | None:
    if row["reason"] is None:
        return None
    rule = FILTER_OF.get((row["reason"], row["measure"]))
    return f"curate.thresholds.{rule.threshold}" if rule else OTHER_RULES[Reason(row["reason"])]


def _conditions(version: Version, row: Mapping[str, Any]) -> list[ConditionResult]:
    """Apply each condition to a row of the manifest; a version before `curate.where` has today's defaults."""
    where = Where.model_validate(version.params["curate"].get("where") or {})
    one = pa.Table.from_pylist([row], MANIFEST)
    place = (row.get("latitude"), row.get("longitude"))
    stated = {
        "digital_source_type": row.get("digital_source_type"),
        "tags": "; ".join(row.get("tags") or ()),
        "years": row.get("taken"),
        "box": "" if None in place else f"{place[0]:.5f}, {place[1]:.5f}",
    }
    return [
        ConditionResult(f"curate.where.{section}", stated[section] or "", not where.of(section).unwanted(one).rows[0])
        for section in CONDITIONS
    ]


def _filters(version: Version, prepared: str, sha256: str) -> list[FilterResult]:
    row = version.table(prepared, where=pc.field("sha256") == sha256)
    thresholds = Thresholds().model_dump() | (version.params["curate"].get("thresholds") or {})
    results = []
    for rule in FILTERS:
        if any(name not in row.column_names or row[name].null_count for name in rule.columns):
            continue  # not decoded, or no such measure in this version
        values, threshold = rule.values(row), thresholds[rule.threshold]
        passed = threshold is None or not rule.rejects(values, threshold)[0]
        key = f"curate.thresholds.{rule.threshold}"
        results.append(FilterResult(key, rule.measure, float(values[0]), threshold, passed))
    return results
