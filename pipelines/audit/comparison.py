"""Two versions side by side: what changed and why, with which parameters and code, and how the facades shifted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curate.records import Decision, Reason
from pipelines.audit import shifts, takedown
from pipelines.audit.causes import Basis, Cause
from pipelines.audit.difference import AMENDABLE, TOLD, Change, Difference, compare
from pipelines.audit.lock import Stage
from pipelines.audit.parameters import changed, flat
from pipelines.audit.shifts import Shift
from pipelines.audit.takedown import Request
from pipelines.audit.version import Version

LEADING = ("extract", "prepare", "curate")
"""The stages whose code the dataset hangs on."""


KEYS = ("change", "cause", "detail")


@dataclass(frozen=True)
class Group:
    """Changes of one kind, with one cause."""

    change: str
    cause: str
    detail: str
    images: int
    facades: int  # by how many this made the facades more, or fewer


@dataclass(frozen=True)
class Comparison:
    before: str  # name of the version
    after: str
    difference: Difference
    groups: Sequence[Group]  # they add up to the difference
    parameters: Mapping[str, tuple[Any, Any]]  # dotted keys of params.yaml, of all that differ
    code: Sequence[str]  # files that the dataset hangs on
    shifts: Sequence[Shift]


def compare_versions(before: Version, after: Version) -> Comparison:
    """All that a reviewer of `after` should know who knows `before`.

    Raises:
        UserError: the data of one of them are not to be had.
    """
    found = compare(before.manifest, after.manifest, basis(before), basis(after), _amendable(before, after))
    found = replace(found, changes=_with_requests(found.changes, before, after))
    return Comparison(
        before=before.name,
        after=after.name,
        difference=found,
        groups=groups(found),
        parameters=changed(flat(before.params), flat(after.params)),
        code=_code(before, after),
        shifts=_shifts(before, after),
    )


def basis(version: Version) -> Basis:
    """What the decisions of a version rested on, by its dvc.lock."""
    archives = {key: "".join(out.md5 for out in stage.outs.values()) for key, stage in version.each("crawl").items()}
    return Basis(flat(version.lock.stages.get("curate", Stage()).params), archives)


def groups(difference: Difference) -> list[Group]:
    """The changes counted by kind, cause and detail, the largest first in each kind."""
    frame = keyed(difference)
    kept = [(frame[f"decision_{side}"] == Decision.KEPT).astype(int) for side in ("before", "after")]
    counted = frame.assign(facades=kept[1] - kept[0]).groupby(list(KEYS), sort=True)["facades"].agg(["size", "sum"])
    found = [Group(*row) for row in counted.reset_index().itertuples(index=False, name=None)]
    order = {change: place for place, change in enumerate(Change)}
    return sorted(found, key=lambda group: (order[Change(group.change)], -group.images, group.cause, group.detail))


def keyed(difference: Difference) -> pd.DataFrame:
    """The changes, row by row, with the KEYS of the group that each is in."""
    frame = difference.changes.to_pandas()
    amended = frame["change"] == Change.AMENDED
    of_source = frame["cause"].isin([Cause.NEW_SOURCE, Cause.SOURCE_REMOVED, Cause.FOUND, Cause.GONE])
    whole = frame["source"] + (", " + frame["detail"]).where(frame["detail"] != "", "")
    frame["detail"] = frame["detail"].mask(of_source, whole)
    frame.loc[amended, "detail"] = frame.loc[amended, "amended"].map(columns_of)
    filled: pd.DataFrame = frame.fillna({"cause": "", "detail": ""})
    return filled


def columns_of(bits: float) -> str:
    """The columns that `amended` stands for, in words."""
    return ", ".join(name for place, name in enumerate(AMENDABLE) if int(bits) >> place & 1)


def requests(version: Version, images: Collection[str]) -> dict[str, Request]:
    """Who asked for the exclusion of each of these images of a version, as far as its exclusions.csv tells."""
    columns = ("sha256", "image_url", "page_url", "author", "keeper")
    return takedown.requests_for(version.rows(images, columns=columns), takedown.parse(version.tracked(takedown.FILE)))


def _amendable(before: Version, after: Version) -> Sequence[str]:
    """The columns to compare. Where the image tables are the same files, the sources tell the same."""
    told = [
        sorted(out.md5 for stage in v.each("extract").values() for out in stage.outs.values()) for v in (before, after)
    ]
    recorded = before.commit and after.commit  # what lies in the work tree may not be what its lock says
    return [name for name in AMENDABLE if name not in TOLD] if recorded and told[0] == told[1] else AMENDABLE


def _with_requests(changes: pa.Table, before: Version, after: Version) -> pa.Table:
    """The same changes, with who asked for each exclusion and why."""
    frame = changes.select(["sha256", "cause", "detail", "reason_after"]).to_pandas()
    excluded, arose = frame["cause"] == Cause.EXCLUSION, frame["reason_after"] == Reason.EXCLUDED
    for version, rows in ((after, excluded & arose), (before, excluded & ~arose)):
        if rows.any():
            asked = requests(version, set(frame.loc[rows, "sha256"]))
            words = frame.loc[rows, "sha256"].map({image: str(request) for image, request in asked.items()})
            frame.loc[rows, "detail"] = (frame.loc[rows, "detail"] + " " + words.fillna("")).str.strip()
    place = changes.schema.get_field_index("detail")
    return changes.set_column(place, changes.schema.field(place), pa.array(frame["detail"], pa.string()))


def _code(before: Version, after: Version) -> list[str]:
    """Files that the stages before the dataset depend on, and that differ."""
    stages = before.lock.stages.keys() & after.lock.stages.keys()
    leading = [name for name in stages if name.split("@")[0] in LEADING]
    made = {out.path for version in (before, after) for out in version.lock.outs()}
    hashes = [
        {(item.path, item.md5) for name in leading for item in v.lock.stages[name].deps.values()}
        for v in (before, after)
    ]
    code = sorted({path for path, _ in hashes[0] ^ hashes[1]} - made)
    return before.repository.changed(before.commit, after.commit, code) if code else []


def _shifts(before: Version, after: Version) -> list[Shift]:
    """The largest first."""
    old, new = (_facades(version) for version in (before, after))
    found = [shifts.shares(name, old[name], new[name]) for name in ("source", "license")]
    measures_before, measures_after = _measures(before, old["sha256"]), _measures(after, new["sha256"])
    for name in sorted(measures_before.keys() & measures_after.keys()):
        between = shifts.hash_space if name == "phash" else partial(shifts.measure, name)
        found.append(between(measures_before[name], measures_after[name]))
    return sorted(found, key=lambda shift: -shift.distance)


def _facades(version: Version) -> pa.Table:
    table = version.manifest(("sha256", "source", "license", "decision"))
    return table.filter(pc.equal(table["decision"], Decision.KEPT))


def _measures(version: Version, kept: pa.ChunkedArray) -> dict[str, NDArray[Any]]:
    """The pHashes and all measures of the first facades by sha256, from the prepared tables."""
    sample = kept.slice(0, shifts.SAMPLE).combine_chunks()
    found = []
    for path in version.made("prepare", ".parquet").values() if len(sample) else ():
        file = version.file(path)
        names = [field.name for field in pq.read_schema(file) if pa.types.is_floating(field.type)]
        wanted = pc.field("sha256").isin(sample) & (pc.field("sha256") <= sample[-1])  # the latter skips row groups
        found.append(pq.read_table(file, columns=["sha256", "phash", *names], filters=wanted).to_pandas())
    if not found:
        return {}
    frame = pd.concat(found).drop_duplicates("sha256").drop(columns="sha256")  # the same bytes of several sources
    return {str(name): values.to_numpy() for name, values in frame.items()}
