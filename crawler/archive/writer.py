"""Appends finished fetches to the archive of a crawl, and remembers which URLs are done.

There is no second index that could disagree with the archive.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from crawler.archive import warc
from crawler.archive.fetches import Fetch, fields, latest, read
from crawler.archive.previous import PreviousArchive
from crawler.archive.schemas import HOST_FILES, Outcome, Role


@dataclass(frozen=True, slots=True)
class Exchange:
    """One HTTP request and its response, after transfer and content coding were removed."""

    url: str
    method: str
    request_headers: tuple[tuple[str, str], ...]
    status: str  # for example "200 OK"
    response_headers: tuple[tuple[str, str], ...]
    body: bytes


class ArchiveWriter:
    """Appends fetches to the WARC files of a folder, and knows the fetches that it contained when it was opened.

    New fetches are not kept in memory: one crawl requests no URL twice.
    """

    def __init__(
        self,
        folder: Path,
        info: Mapping[str, str],
        ended: Callable[["ArchiveWriter"], None] | None = None,
        *,
        previous: PreviousArchive | None = None,
        retry: bool = False,
    ) -> None:
        """Open or create the archive in `folder`, and cut off an incomplete last record.

        Args:
            folder: the archive.
            info: written into the `warcinfo` record of each WARC file.
            ended: called after each fetch.
            previous: the archive that this one will replace.
            retry: fetch URLs again whose last fetch stored nothing.
        """
        warc.cut_torn_tail(folder)
        self._known = latest(folder)
        self._writer = warc.Writer(folder, info)
        self._ended = ended
        self._retry = retry
        self.folder = folder
        self.previous = previous
        self.counts: Counter[tuple[Role, Outcome]] = Counter(
            (fetch.role, fetch.outcome) for fetch in self._known.values() if self._holds(fetch)
        )
        self.nbytes = sum(fetch.length for fetch in self._known.values() if fetch.stored)
        self.waiting = 0  # URLs that were found and are not fetched yet, as far as is known
        self.trouble = ""  # the detail of the last fetch that stored nothing

    def find(self, role: Role, url: str) -> Fetch | None:
        """Return how a URL ended before this run started; None if it is new or worth another attempt."""
        fetch = self._known.get((role, url))
        return fetch if fetch and self._holds(fetch) else None

    def place_of(self, fetch: Fetch) -> tuple[Path, Fetch]:
        """Return the archive that contains the response of a fetch that `find` returned, and the fetch in it."""
        return self.folder, fetch

    def body(self, fetch: Fetch) -> bytes:
        return read(self.folder, fetch)[1]

    def hop(self, exchange: Exchange) -> None:
        """Write an exchange that does not end its fetch: a redirect."""
        self._writer.begin()
        self._exchange(exchange, hashlib.sha256(exchange.body).hexdigest())
        self._writer.end()

    def end(self, fetch: Fetch, exchange: Exchange | None = None) -> None:
        """Write the end of a fetch, with the exchange that answered it, if any."""
        self._writer.begin()
        answer = None
        if exchange is not None:
            fetch = replace(fetch, sha256=hashlib.sha256(exchange.body).hexdigest(), length=len(exchange.body))
            answer = self._exchange(exchange, fetch.sha256)
        self._end(fetch, answer)

    def unchanged(self, fetch: Fetch, exchange: Exchange, before: Fetch) -> None:
        """Write the end of a fetch that the server reported as unchanged, with the response in the previous archive."""
        assert self.previous is not None
        self._writer.begin()
        original, date = self._original(self.previous.record(before))
        revisit = self._writer.revisit(exchange.url, exchange.status, exchange.response_headers, original, date)
        self._writer.request(exchange.url, exchange.method, _target(exchange.url), exchange.request_headers, revisit)
        self._end(replace(fetch, sha256=before.sha256, length=before.length), original)

    def resource(self, fetch: Fetch, body: bytes, media_type: str) -> None:
        """Write a fetch that did not use HTTP."""
        self._writer.begin()
        fetch = replace(fetch, sha256=hashlib.sha256(body).hexdigest(), length=len(body))
        self._end(fetch, self._writer.resource(fetch.url, body, fetch.sha256, media_type))

    @property
    def images(self) -> int:
        """The number of image fetches that have ended so far."""
        return sum(count for (role, _), count in self.counts.items() if role is Role.IMAGE)

    def close(self) -> None:
        self._writer.close()

    def _holds(self, fetch: Fetch) -> bool:
        """Whether a URL does not have to be fetched again."""
        if self._retry:
            return fetch.stored and fetch.role not in HOST_FILES  # their rules may have changed
        return not fetch.retryable

    def _original(self, record: bytes) -> tuple[str, str]:
        """Keep the response that the server confirmed, a record of the previous archive; return its id and its date."""
        return self._writer.carry(record)

    def _exchange(self, exchange: Exchange, sha256: str) -> str:
        answer = self._writer.response(exchange.url, exchange.status, exchange.response_headers, exchange.body, sha256)
        self._writer.request(exchange.url, exchange.method, _target(exchange.url), exchange.request_headers, answer)
        return answer

    def _end(self, fetch: Fetch, answer: str | None) -> None:
        self._writer.metadata(fetch.url, fields(fetch), answer)
        self._writer.end()
        self.counts[fetch.role, fetch.outcome] += 1
        if fetch.stored:
            self.nbytes += fetch.length
        elif fetch.role not in HOST_FILES:
            self.trouble = f"{fetch.url}: {fetch.detail}"
        if self._ended:
            self._ended(self)


def _target(url: str) -> str:
    """Return the origin form of a request target (RFC 9112, section 3.2.1)."""
    return urlunsplit(("", "", *urlsplit(url)[2:4], "")) or "/"
