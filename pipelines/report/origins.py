"""Where the images come from and under which licences: the rows of the two tables."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from common.errors import UserError
from crawler.archive.schemas import Outcome
from curate.schemas import Decision
from pipelines.report.funnel import OBTAINED
from pipelines.report.labels import OUTCOMES


@dataclass(frozen=True)
class Source:
    name: str
    kind: str
    snapshot: str
    tried: int
    failed: int
    first: str  # date of the first fetch, of the last
    last: str
    images: int
    kept: int


@dataclass(frozen=True)
class License:
    name: str
    url: str
    images: int
    kept: int
    authors: int  # of the kept


@dataclass(frozen=True)
class Failure:
    """One way in which fetches failed."""

    outcome: str
    status: int | None
    count: int
    example: str  # a URL
    detail: str


def source(name: str, fetches: pa.Table, record: Mapping[str, Any], manifest: pa.Table) -> Source:
    """The line of one source, of its fetches, its run record and the whole manifest."""
    own = manifest.filter(pc.equal(manifest["source"], name))
    entry = record.get("entry") or {}
    times = pc.min_max(pa.concat_arrays([pc.drop_null(fetches[at]).combine_chunks() for at in ("first_at", "last_at")]))
    first, last = (f"{time:%Y-%m-%d}" if time else "" for time in times.as_py().values())
    return Source(
        name,
        str(entry.get("kind", "")),
        str(entry.get("snapshot", "")),
        fetches.num_rows,
        fetches.filter(_failed(fetches)).num_rows,
        first,
        last,
        own.num_rows,
        own.filter(pc.equal(own["decision"], Decision.KEPT)).num_rows,
    )


def licenses(manifest: pa.Table) -> list[License]:
    """Those of the kept first, the most frequent first."""
    table = manifest.append_column("kept", pc.equal(manifest["decision"], Decision.KEPT))
    # Only the authors of the kept are counted: `distinct` leaves nulls out.
    table = table.append_column("kept_author", pc.if_else(table["kept"], table["author"], pa.scalar(None, pa.string())))
    groups = table.group_by("license").aggregate(
        [([], "count_all"), ("kept", "sum"), ("license_url", "min"), ("kept_author", "count_distinct")]
    )
    groups = groups.sort_by([("kept_sum", "descending"), ("count_all", "descending"), ("license", "ascending")])
    return [
        License(
            group["license"] or "unknown",
            group["license_url_min"] or "",
            group["count_all"],
            group["kept_sum"],
            group["kept_author_count_distinct"],
        )
        for group in groups.to_pylist()
    ]


def failures(fetches: pa.Table) -> list[Failure]:
    """The most frequent first."""
    groups = (
        fetches.filter(_failed(fetches))
        .sort_by("url")
        .group_by(["outcome", "status"], use_threads=False)
        .aggregate([([], "count_all"), ("url", "first"), ("detail", "first")])
        .to_pylist()
    )
    listed = [
        Failure(
            OUTCOMES[Outcome(group["outcome"])],
            group["status"],
            group["count_all"],
            group["url_first"],
            group["detail_first"] or "",
        )
        for group in groups
    ]
    return sorted(listed, key=lambda failure: (-failure.count, failure.outcome, failure.status or 0))


def read_record(path: Path) -> dict[str, Any]:
    """A crawl's run record; empty where there is none.

    Raises:
        UserError: the file is there but is not a JSON object.
    """
    if not path.is_file():
        return {}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path}: not valid JSON: {error}") from None
    if not isinstance(record, dict):
        raise UserError(f"{path}: found a {type(record).__name__}, expected a JSON object")
    return record


def _failed(fetches: pa.Table) -> pa.ChunkedArray:
    return pc.invert(pc.is_in(fetches["outcome"], value_set=pa.array(OBTAINED, pa.string())))
