"""`facades dataset why`: the rules that an image was held against, one by one, and which of them decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from common.errors import UserError
from common.files import replacing
from curate.rules import FILTER_OF, FILTERS, Thresholds
from curate.schemas import DECODE_ERRORS, Reason
from pipelines.audit.takedown import Request, requests_of
from pipelines.versions.originals import Originals
from pipelines.versions.version import Version

PERMISSION = {
    Reason.EXCLUDED: "exclusions.csv",
    Reason.OPT_OUT: "opt-out, honoured always",
    Reason.LICENSE_UNKNOWN: "crawl.unknown",
    Reason.LICENSE_NOT_ALLOWED: "crawl.licenses",
    Reason.EXACT_DUPLICATE: "equal sha256",
    Reason.NEAR_DUPLICATE: "curate.duplicates.similarity",
    **dict.fromkeys(DECODE_ERRORS, "decoding"),
}
"""What decides where no filter does: a key of params.yaml, a file, or a step that has no setting."""


@dataclass(frozen=True)
class Held:
    """One filter, and what the image measures."""

    key: str  # of params.yaml
    measure: str
    value: float
    threshold: float | None  # null: the filter is off
    passed: bool  # what it says, whether or not another was asked before it


@dataclass(frozen=True)
class Why:
    """The decision on an image in one source."""

    sha256: str
    version: str
    row: Mapping[str, Any]  # of the manifest
    rule: str | None  # what decided; null where the image was kept
    held: Sequence[Held]  # in the order in which the filters are asked; none where there is no picture
    request: Request | None  # for its exclusion
    keeper: Mapping[str, Any] | None  # its row in the manifest


def why(version: Version, sha256: str) -> list[Why]:
    """The decision on an image, for each source that brought it.

    Raises:
        UserError: the version does not know it, or its data are not to be had.
    """
    rows = version.manifest(images=[sha256]).to_pylist()
    if not rows:
        raise UserError(f"{sha256[:16]}: no such image at {version.name}")
    keepers = version.manifest(images={row["keeper"] for row in rows} - {None}).to_pylist()
    by_image = {row["sha256"]: row for row in keepers}
    prepared = version.outputs("prepare", ".parquet")
    request = requests_of(version, [sha256]).get(sha256)
    return [
        Why(
            sha256,
            version.name,
            row,
            _rule(row),
            _held(version, prepared[row["source"]], sha256),
            request,
            by_image.get(row["keeper"]),
        )
        for row in rows
    ]


def save(version: Version, found: Why, folder: Path) -> dict[str, Path]:
    """Write the picture, and its keeper's, to `folder`, exactly as they were fetched; their paths by what they are.

    Raises:
        UserError: the archive is not to be had.
    """
    rows = {"picture": found.row} | ({"keeper's": found.keeper} if found.keeper else {})
    return {name: _save(version, row, folder) for name, row in rows.items()}


def _save(version: Version, row: Mapping[str, Any], folder: Path) -> Path:
    sha256, source = row["sha256"], row["source"]
    table = version.table(version.outputs("extract", ".parquet")[source], ("format",), pc.field("sha256") == sha256)
    (image,) = table.to_pylist()
    # The format is one of a closed list: no name from the web makes a path.
    path = folder / f"{sha256[:16]}.{image['format'] or 'bin'}"
    with Originals(version, source, [sha256]) as originals, replacing(path) as draft:
        draft.write_bytes(originals.get(sha256))
    return path


def _rule(row: Mapping[str, Any]) -> str | None:
    if row["reason"] is None:
        return None
    rule = FILTER_OF.get((row["reason"], row["measure"]))
    return f"curate.thresholds.{rule.threshold}" if rule else PERMISSION[Reason(row["reason"])]


def _held(version: Version, prepared: str, sha256: str) -> list[Held]:
    row = version.table(prepared, where=pc.field("sha256") == sha256)
    thresholds = Thresholds().model_dump() | (version.params["curate"].get("thresholds") or {})
    held = []
    for rule in FILTERS:
        if any(name not in row.column_names or row[name].null_count for name in rule.columns):
            continue  # no picture, or no such measure in this version
        values, threshold = rule.values(row), thresholds[rule.threshold]
        passed = threshold is None or not rule.rejects(values, threshold)[0]
        held.append(Held(f"curate.thresholds.{rule.threshold}", rule.measure, float(values[0]), threshold, passed))
    return held
