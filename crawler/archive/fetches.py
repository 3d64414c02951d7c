"""One fetch: what became of a URL that was tried, as the archive's records tell it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from crawler.archive import warc
from crawler.archive.schemas import Outcome, Role


@dataclass(frozen=True, slots=True)
class Fetch:
    """The end of a fetch, and where the answer lies. A URL may end more than once (a retry): the last end counts."""

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
    sha256: str = ""  # of the body; empty where none was stored, as are the places
    file: str = ""
    record: int = 0  # where the WARC record begins
    block: int = 0  # where the HTTP headers begin; for a `resource`, the body
    offset: int = 0  # where the body begins
    length: int = 0  # of the body

    @property
    def key(self) -> tuple[Role, str]:
        return self.role, self.url

    @property
    def stored(self) -> bool:
        return self.outcome in STORED

    @property
    def passing(self) -> bool:
        """Whether trying again later may end better."""
        if self.outcome is Outcome.HTTP_ERROR:
            return self.status in PASSING_STATUSES
        return self.outcome in _PASSING


STORED = frozenset({Outcome.STORED, Outcome.UNCHANGED})
"""The outcomes with a body in the archive."""
_PASSING = {Outcome.TIMEOUT, Outcome.CONNECTION_ERROR, Outcome.INCOMPLETE}
PASSING_STATUSES = {408, 429, 500, 502, 503, 504, 522, 524}
"""HTTP statuses that speak of the moment, not of the URL: Scrapy's RETRY_HTTP_CODES."""


def read_fetches(folder: Path) -> Iterator[Fetch]:
    """Every fetch of an archive in the order of their ends, from its WARC files alone.

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


def latest(folder: Path) -> dict[tuple[Role, str], Fetch]:
    """How each URL of an archive ended last."""
    return {fetch.key: fetch for fetch in read_fetches(folder)}


def read(folder: Path, fetch: Fetch) -> tuple[bytes, bytes]:
    """The HTTP headers (empty for a `resource`) and the body of a fetch that was stored."""
    with (folder / fetch.file).open("rb") as file:
        file.seek(fetch.block)
        return file.read(fetch.offset - fetch.block), file.read(fetch.length)


def read_headers(folder: Path, fetch: Fetch) -> bytes:
    """The HTTP headers alone."""
    with (folder / fetch.file).open("rb") as file:
        file.seek(fetch.block)
        return file.read(fetch.offset - fetch.block)


def fields(fetch: Fetch) -> dict[str, str]:
    """A fetch as the lines of its metadata record."""
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
