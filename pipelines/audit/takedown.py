"""exclusions.csv: requests to exclude images, and the images that they cover."""

import csv
import datetime
import io
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from common.errors import UserError
from common.files import replacing
from common.published import public_url
from curate.exclusions import COLUMNS, read_exclusions
from pipelines.versions.version import Version

FILE = "exclusions.csv"
COLUMNS_READ = ("sha256", "image_url", "page_url", "author", "keeper", "decision")
"""Columns of the manifest that requests are matched with, and the decision."""

Kind = Literal["image", "url", "author", "page"]


@dataclass(frozen=True)
class Request:
    """A request for exclusion: one line of exclusions.csv."""

    kind: Kind
    value: str
    reason: str
    by: str
    date: str  # YYYY-MM-DD
    near: bool

    def __str__(self) -> str:
        what = "" if self.kind == "image" else f" ({self.kind} {self.value})"
        return f"by {self.by or 'nobody'}, {self.date or 'no date'}: {self.reason or 'no reason given'}{what}"


def parse(text: bytes | None) -> list[Request]:
    """Parse the exclusions.csv of any version, without validation."""
    rows = csv.DictReader(io.StringIO((text or b"").decode("utf-8-sig", "replace"), newline=""))
    return [
        Request(
            kind=row.get("kind", ""),  # type: ignore[arg-type]  # an older file may have had others
            value=row.get("value", ""),
            reason=row.get("reason", ""),
            by=row.get("by", ""),
            date=row.get("date", ""),
            near=row.get("near") == "true",
        )
        for row in rows
    ]


def append(path: Path, request: Request) -> None:
    """Append a line to the exclusions.csv at `path`; the bytes before it stay as they are.

    Raises:
        UserError: No reason is given, the file is not valid, or it has the same request already.
    """
    if not request.reason.strip():
        raise UserError("found an empty reason, expected why it is excluded")
    read_exclusions(path)
    request = replace(request, value=_value(request))
    before = path.read_bytes()
    if any((one.kind, one.value, one.near) == (request.kind, request.value, request.near) for one in parse(before)):
        raise UserError(f"{path}: {request.kind} {request.value} is excluded already")
    line = io.StringIO(newline="")
    row = {**asdict(request), "near": str(request.near).lower()}
    csv.DictWriter(line, COLUMNS, lineterminator="\n").writerow(row)
    with replacing(path) as draft:
        draft.write_bytes(before + (b"" if before.endswith(b"\n") else b"\n") + line.getvalue().encode())
        read_exclusions(draft)


def today() -> str:
    """Return today's date in UTC as YYYY-MM-DD."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def requests_for(rows: Iterable[Mapping[str, Any]], requests: Iterable[Request]) -> dict[str, Request]:
    """Return the request for each image: the most specific one that names it, or else that of its keeper.

    Args:
        rows: Rows of a manifest with sha256, image_url, page_url, author and keeper.
        requests: In the order of the file.

    Returns:
        Requests by sha256. One for the image counts before one for its URL, its author or its page.
    """
    by_value: dict[tuple[str, str], Request] = {}
    for request in requests:
        by_value.setdefault((request.kind, _value(request)), request)
    rows = list(rows)
    columns = {"image": "sha256", "url": "image_url", "author": "author", "page": "page_url"}
    found: dict[str, Request] = {}
    for row in rows:
        named = [by_value[kind, row[column]] for kind, column in columns.items() if (kind, row[column]) in by_value]
        if named:
            found.setdefault(row["sha256"], named[0])
    for row in rows:
        if row["sha256"] not in found and row["keeper"] in found:
            found[row["sha256"]] = found[row["keeper"]]
    return found


def requests_of(version: Version, images: Collection[str]) -> dict[str, Request]:
    """Return the exclusion request of each of `images` that one covers, by the exclusions.csv of the same version.

    Raises:
        UserError: The version's data are not available.
    """
    return requests_for(version.rows(images, columns=COLUMNS_READ), parse(version.read_tracked(FILE)))


def _value(request: Request) -> str:
    """Return the value of a request as manifests contain it: URLs without credentials."""
    return public_url(request.value) if request.kind in ("url", "page") else request.value


def rows_of(version: Version, request: Request) -> list[dict[str, Any]]:
    """Return the manifest rows of the images that a request itself names; an empty list if there is no dataset yet.

    Raises:
        UserError: The version's data are not available.
    """
    if version.lock.dataset is None:
        return []
    rows = version.rows(columns=COLUMNS_READ)
    found = requests_for(({**row, "keeper": None} for row in rows), [request])
    return [row for row in rows if row["sha256"] in found]
