"""The rows of the tables on sources, licences and failed fetches."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from common.published import public_text, public_url
from crawler.archive.failures import failed
from crawler.archive.schemas import Outcome
from curate.schemas import Decision
from pipelines.report.labels import OUTCOMES


@dataclass(frozen=True)
class Source:
    """One source, in numbers."""

    name: str
    kind: str
    snapshot: str
    tried: int  # URLs
    failed: int  # URLs that stored nothing
    first: str  # date of the first fetch, UTC; may be empty
    last: str  # date of the last fetch
    images: int
    kept: int


@dataclass(frozen=True)
class License:
    """One licence, in numbers."""

    name: str
    url: str
    images: int
    kept: int
    authors: int  # of the kept images


@dataclass(frozen=True)
class Failure:
    """The failed fetches with one outcome and HTTP status."""

    outcome: str
    status: int | None
    count: int
    example: str  # the first URL
    detail: str


def source_row(name: str, fetches: pa.Table, record: Mapping[str, Any], manifest: pa.Table) -> Source:
    """Return the row of one source.

    Args:
        fetches: of this source.
        record: its run record; may be empty.
        manifest: of all sources.
    """
    images = manifest.filter(pc.equal(manifest["source"], name))
    entry = record.get("entry") or {}
    times = pc.min_max(pa.concat_arrays([pc.drop_null(fetches[at]).combine_chunks() for at in ("first_at", "last_at")]))
    first, last = (f"{time:%Y-%m-%d}" if time else "" for time in times.as_py().values())
    return Source(
        name,
        str(entry.get("kind", "")),
        str(entry.get("snapshot", "")),
        fetches.num_rows,
        failed(fetches).num_rows,
        first,
        last,
        images.num_rows,
        images.filter(pc.equal(images["decision"], Decision.KEPT)).num_rows,
    )


def license_rows(manifest: pa.Table) -> list[License]:
    """Return the row of each licence, the one with the most kept images first."""
    table = manifest.append_column("kept", pc.equal(manifest["decision"], Decision.KEPT))
    # Null for images that are not kept: `count_distinct` leaves nulls out.
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


def failure_rows(fetches: pa.Table) -> list[Failure]:
    """Return a row for each outcome and HTTP status of failed fetches, the most frequent first."""
    groups = (
        failed(fetches)
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
            public_url(group["url_first"]),
            public_text(group["detail_first"] or ""),
        )
        for group in groups
    ]
    return sorted(listed, key=lambda failure: (-failure.count, failure.outcome, failure.status or 0))
