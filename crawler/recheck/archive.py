"""The archive of a source's rechecks: append-only, beside the archive of the crawl, from which it differs in one thing.

A page that is unchanged is not copied into it, so that many rechecks stay small.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scrapy.http import Headers, Request, Response

from common.files import replacing
from crawler.archive import warc
from crawler.archive.fetches import Fetch, read_headers
from crawler.archive.previous import PreviousArchive
from crawler.archive.responses import parse_headers, response
from crawler.archive.schemas import Outcome, Role
from crawler.archive.writer import ArchiveWriter

ROUND_FILE = "round.json"
RESUMED_WITHIN = timedelta(days=1)
"""Age up to which an interrupted round is resumed; answers that are older say too little about today."""


class RecheckWriter(ArchiveWriter):
    """Appends the answers of a recheck; answers before `since` are requested again."""

    def __init__(
        self,
        folder: Path,
        info: Mapping[str, str],
        ended: Callable[[ArchiveWriter], None],
        *,
        previous: PreviousArchive,
        since: datetime,
    ) -> None:
        """Open or create the archive of rechecks in `folder`; `previous` is the finished archive of the crawl."""
        self._since = since
        super().__init__(folder, info, ended, previous=previous)

    def place_of(self, fetch: Fetch) -> tuple[Path, Fetch]:
        assert self.previous is not None
        return _place(fetch, self.folder, self.previous.folder, self.previous.fetches)

    def _holds(self, fetch: Fetch) -> bool:
        assert self.previous is not None
        return super()._holds(fetch) and fetch.last_at >= self._since and _is_readable(fetch, self.previous.fetches)

    def _original(self, record: bytes) -> tuple[str, str]:
        return warc.identity(record)


@dataclass(frozen=True, slots=True)
class Answers:
    """The last answer to each URL, from the rechecks and the crawl, if it is not older than `since`."""

    crawl: Path
    crawled: Mapping[tuple[Role, str], Fetch]
    folder: Path
    asked: Mapping[tuple[Role, str], Fetch]
    since: datetime

    def find(self, role: Role, url: str) -> Fetch | None:
        """Return how the last request of a URL ended; None if it was not requested since."""
        found = [fetches[role, url] for fetches in (self.crawled, self.asked) if (role, url) in fetches]
        last = max(found, key=lambda fetch: fetch.last_at, default=None)
        return last if last and last.last_at >= self.since and _is_readable(last, self.crawled) else None

    def response(self, fetch: Fetch, request: Request) -> Response:
        """Return the response of a stored fetch of the crawl or of a recheck."""
        return response(*self._place(fetch), request)

    def headers(self, fetch: Fetch) -> Headers:
        """Return the headers of a stored fetch, without reading its body."""
        return parse_headers(read_headers(*self._place(fetch)))

    def _place(self, fetch: Fetch) -> tuple[Path, Fetch]:
        if fetch is self.crawled.get(fetch.key):
            return self.crawl, fetch
        return _place(fetch, self.folder, self.crawl, self.crawled)


def begin_round(folder: Path, now: datetime) -> datetime:
    """Begin a round of questions in the archive of rechecks, or resume an interrupted one; return when it began."""
    file = folder / ROUND_FILE
    if file.is_file():
        record = json.loads(file.read_text(encoding="utf-8"))
        began = datetime.fromisoformat(record["began"])
        if record["ended"] is None and now - began <= RESUMED_WITHIN:
            return began
    _write_round(folder, now, None)
    return now


def end_round(folder: Path, began: datetime) -> None:
    """Record that everything was asked: the next round asks everything again."""
    _write_round(folder, began, datetime.now(UTC))


def _write_round(folder: Path, began: datetime, ended: datetime | None) -> None:
    with replacing(folder / ROUND_FILE) as draft:
        record = {"began": began.isoformat(), "ended": ended.isoformat() if ended else None}
        draft.write_text(json.dumps(record) + "\n", encoding="utf-8")


def _is_readable(fetch: Fetch, crawled: Mapping[tuple[Role, str], Fetch]) -> bool:
    """Return false for a page that was unchanged since a crawl whose archive has been replaced."""
    before = crawled.get(fetch.key)
    return fetch.outcome is not Outcome.UNCHANGED or (before is not None and before.sha256 == fetch.sha256)


def _place(fetch: Fetch, folder: Path, crawl: Path, crawled: Mapping[tuple[Role, str], Fetch]) -> tuple[Path, Fetch]:
    """Return the archive with the body of a fetch of a recheck; that of an unchanged page is in the crawl's."""
    return (crawl, crawled[fetch.key]) if fetch.outcome is Outcome.UNCHANGED else (folder, fetch)
