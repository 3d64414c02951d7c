"""One fetch: how the attempt to get one URL ended, read from the records of the archive."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from crawler.archive import warc
from crawler.archive.schemas import Outcome, Role

Key: TypeAlias = tuple[Role, str]
"""What a fetch is of: its role and URL."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """How a fetch ended, and where its response is stored.

    After a retry an archive contains several fetches of one URL; the last one counts.
    """

    url: str
    role: Role
    outcome: Outcome
    first_at: datetime
    last_at: datetime
    attempts: int = 1
    status: int | None = None
    final_url: str = ""  # after redirects
    via: tuple[str, ...] = ()  # the URLs that redirected, in order
    detail: str = ""
    sha256: str = ""  # of the body; empty if none was stored, as are the positions below
    file: str = ""
    record: int = 0  # offset of the WARC record
    block: int = 0  # offset of the HTTP headers; for a `resource`, of the body
    offset: int = 0  # offset of the body
    length: int = 0  # of the body, in bytes

    @property
    def key(self) -> Key:
        return self.role, self.url

    @property
    def stored(self) -> bool:
        return self.outcome in STORED

    @property
    def is_exempt(self) -> bool:
        """Whether it belongs to a documented API, so that robots.txt was not applied to it."""
        return self.detail == NOT_HELD

    @property
    def retryable(self) -> bool:
        """Whether another attempt later may succeed."""
        if self.outcome is Outcome.HTTP_ERROR:
            return self.status in RETRYABLE_STATUSES
        return self.outcome in _RETRYABLE


NOT_HELD = "not held to robots.txt: documented API"
"""The detail of a fetch that is exempt from robots.txt."""
STORED = frozenset({Outcome.STORED, Outcome.UNCHANGED})
"""The outcomes with a body in the archive."""
_RETRYABLE = {Outcome.TIMEOUT, Outcome.CONNECTION_ERROR, Outcome.INCOMPLETE}
RETRYABLE_STATUSES = {408, 429, 500, 502, 503, 504, 522, 524}
"""HTTP statuses that are temporary: Scrapy's RETRY_HTTP_CODES."""


def read_fetches(folder: Path) -> Iterator[Fetch]:
    """Yield every fetch of an archive from its WARC files, in the order in which they ended.

    Raises:
        TornRecordError: a file ends inside a record.
    """
    for path in warc.files(folder):
        with path.open("rb") as file:
            answer: warc.Record | None = None
            for record in warc.scan(path):
                if record.type in ("response", "resource"):
                    answer = record
                elif record.type == "metadata":
                    file.seek(record.offset)
                    values = warc.fields(file.read(record.length))
                    yield _fetch(record, values, answer if answer and answer.id == record.about else None)


def latest(folder: Path) -> dict[Key, Fetch]:
    """Return the last fetch of each (role, URL) of an archive."""
    return {fetch.key: fetch for fetch in read_fetches(folder)}


def read(folder: Path, fetch: Fetch) -> tuple[bytes, bytes]:
    """Return the HTTP headers (empty for a `resource`) and the body of a stored fetch."""
    with (folder / fetch.file).open("rb") as file:
        file.seek(fetch.block)
        return file.read(fetch.offset - fetch.block), file.read(fetch.length)


def read_headers(folder: Path, fetch: Fetch) -> bytes:
    """Return the HTTP headers of a stored fetch, without reading its body."""
    with (folder / fetch.file).open("rb") as file:
        file.seek(fetch.block)
        return file.read(fetch.offset - fetch.block)


def header_pairs(headers: bytes) -> list[tuple[str, str]]:
    """Return the HTTP headers that `read` returns as (name, value), bytes decoded as Latin-1."""
    lines = (line.partition(":") for line in headers.decode("latin-1").split("\r\n")[1:])
    return [(name, value.strip()) for name, colon, value in lines if colon]


def fields(fetch: Fetch) -> dict[str, str]:
    """Return the named fields of the metadata record of a fetch."""
    return {
        "role": fetch.role,
        "outcome": fetch.outcome,
        "status": str(fetch.status or ""),
        "attempts": str(fetch.attempts),
        "first-at": fetch.first_at.isoformat(),
        "last-at": fetch.last_at.isoformat(),
        "final-url": fetch.final_url,
        "via": " ".join(fetch.via),
        "detail": fetch.detail,
        "sha256": fetch.sha256,
        "length": str(fetch.length),
    }


def _fetch(record: warc.Record, values: dict[str, str], answer: warc.Record | None) -> Fetch:
    length = int(values["length"])
    status = values.get("status")
    return Fetch(
        url=record.url,
        role=Role(values["role"]),
        outcome=Outcome(values["outcome"]),
        first_at=datetime.fromisoformat(values["first-at"]),
        last_at=datetime.fromisoformat(values["last-at"]),
        attempts=int(values["attempts"]),
        status=int(status) if status else None,
        final_url=values.get("final-url", ""),
        via=tuple(values.get("via", "").split()),
        detail=values.get("detail", ""),
        sha256=values.get("sha256", ""),
        length=length,
        file=answer.file if answer else "",
        record=answer.start if answer else 0,
        block=answer.offset if answer else 0,
        offset=answer.offset + answer.length - length if answer else 0,
    )
