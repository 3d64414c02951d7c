"""Every fetch of a crawl passes here: resume, conditional request, download, archive."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import urldefrag, urljoin

from scrapy.crawler import Crawler
from scrapy.http import Request, Response

from crawler.archive.fetches import NOT_HELD, Fetch
from crawler.archive.previous import CONDITIONS, PreviousArchive
from crawler.archive.responses import response
from crawler.archive.schemas import Outcome, Role
from crawler.archive.writer import ArchiveWriter
from crawler.rights.finding import Place
from crawler.rights.reservation import describe, reservation
from crawler.rights.signals import HEADERS, of_headers
from crawler.transport.exchange import exchange, fetch_of, first_url, header_pairs
from crawler.transport.first_byte import FirstByteTimeout
from crawler.transport.halt import halt
from crawler.transport.headers_only import is_headers_only
from crawler.transport.host_health import HostHealth
from crawler.transport.hosts import Hosts
from crawler.transport.refusal import Refusal, refusal
from crawler.transport.scrapy_internals import UnqueuedDownloader

log = logging.getLogger(__name__)


_SIGNALS = frozenset(name.title().encode() for name in HEADERS)
"""The headers that may reserve a response, as Scrapy spells them. Most responses have none."""


class _HostDownError(Exception):
    """The host went down while the request waited in its queue."""


class ArchivingDownloader(UnqueuedDownloader):
    """Answers requests from the archive where it can, and appends the end of every other fetch to it.

    It reads two attributes of the spider: `writer`, the archive (without one, nothing is archived), and `proxy`.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._writer: ArchiveWriter | None = getattr(crawler.spider, "writer", None)
        self._proxy: str | None = getattr(crawler.spider, "proxy", None)
        self._hosts = Hosts.of(crawler)
        self._first_byte = FirstByteTimeout(crawler.settings.getfloat("FIRST_BYTE_TIMEOUT"))
        self._first_byte.connect(crawler)
        self._probes: list[asyncio.Future[None]] = []  # references, for the event loop keeps none

    async def fetch_async(self, request: Request) -> Response | Request:
        request.meta.setdefault("role", Role.PAGE)
        if self._proxy:
            request.meta["proxy"] = self._proxy
        if self._writer is None:
            return await self._fetch_without_archive(request)
        return await self._fetch(request, self._writer)

    async def _fetch_without_archive(self, request: Request) -> Response | Request:
        try:
            return await self.through_middlewares(self._send, request)
        except Refusal as refused:
            log.warning("%s: %s", request.url, refused.detail)  # Scrapy does not log these
            raise

    async def _fetch(self, request: Request, writer: ArchiveWriter) -> Response | Request:
        if "first_at" not in request.meta:  # neither a retry nor a redirect
            request.meta["first_at"] = datetime.now(UTC)
            if known := writer.find(request.meta["role"], urldefrag(request.url)[0]):
                return _resumed(request, known, writer)
        host = self._hosts.health(request.url)
        if host.is_down:
            raise self._skip(request, host, writer)
        previous = _make_conditional(request, writer.previous)
        try:
            result = await self.through_middlewares(self._send, request)
        except _HostDownError:
            raise self._skip(request, host, writer) from None
        except Exception as error:
            raise self._fail(request, host, refusal(error), writer) from error
        if isinstance(result, Request):
            return result
        host.succeed()
        return self._archive(request, result, previous, writer)

    async def _send(self, request: Request, *, first: bool = False) -> Response:
        """Download when it is the request's turn at its host; with `first`, ahead of all waiting requests."""
        async with self._hosts.queue(request.url).turn(first=first):
            if self._hosts.health(request.url).is_down:
                raise _HostDownError
            async with self._first_byte.limit(request):
                return await self.transfer(request)

    def _archive(
        self, request: Request, result: Response, previous: Fetch | None, writer: ArchiveWriter
    ) -> Response | Request:
        """Append a response to the archive, unless its status or its headers forbid that."""
        is_unchanged = previous is not None and result.status == 304
        if reason := _reason_not_to_store(request.meta["role"], result, is_unchanged):
            kept = None if reason.outcome is Outcome.OPT_OUT else exchange(request, result)
            with self._writing(writer):
                writer.end(fetch_of(request, reason.outcome, reason.status, reason.detail), kept)
            raise reason
        detail = NOT_HELD if request.meta.get("exempt") else ""
        with self._writing(writer):
            if previous and is_unchanged:
                fetch = fetch_of(request, Outcome.UNCHANGED, result.status, detail)
                writer.unchanged(fetch, exchange(request, result), previous)
            else:
                writer.end(fetch_of(request, Outcome.STORED, result.status, detail), exchange(request, result))
        if request.meta["role"] is Role.IMAGE:
            return Response(result.url)  # the archive has the bytes, and no spider parses them
        if previous and is_unchanged and writer.previous:
            return response(writer.previous.folder, previous, request)
        return result

    def _fail(self, request: Request, host: HostHealth, end: Refusal, writer: ArchiveWriter) -> Refusal:
        """Record a fetch without a response, and probe its host if it may be down."""
        with self._writing(writer):
            writer.end(fetch_of(request, end.outcome, end.status, end.detail))
        if end.outcome in (Outcome.CONNECTION_ERROR, Outcome.TIMEOUT) and host.fail(end):
            host.is_probing = True
            self._probes.append(asyncio.ensure_future(self._probe(host, request)))
        return end

    def _skip(self, request: Request, host: HostHealth, writer: ArchiveWriter) -> Refusal:
        """Record a URL of a host that never answered; if the host is lost, leave the URL to the next crawl."""
        end = Refusal(Outcome.CONNECTION_ERROR, f"not asked: {host.name} does not answer ({host.last_failure})")
        if not host.has_answered:
            with self._writing(writer):
                writer.end(fetch_of(request, end.outcome, None, end.detail, was_tried=False))
        return end

    async def _probe(self, host: HostHealth, request: Request) -> None:
        """Find out whether a host is down, by its robots.txt, for which any response will do."""
        probe = Request(urljoin(request.url, "/robots.txt"), meta={"role": Role.ROBOTS, "dont_retry": True})
        if self._proxy:
            probe.meta["proxy"] = self._proxy
        with self.keep_crawl_open(probe):
            try:
                await self.through_middlewares(lambda probe: self._send(probe, first=True), probe)
                host.succeed()
            except Exception:
                host.is_down = True
            finally:
                host.is_probing = False

    @contextmanager
    def _writing(self, writer: ArchiveWriter) -> Iterator[None]:
        """Stop the crawl if the archive cannot be written."""
        writer.waiting = self.count_waiting() - 1
        try:
            yield
        except OSError as error:
            halt(f"{writer.folder}: cannot write: {error.strerror}")


def _resumed(request: Request, known: Fetch, writer: ArchiveWriter) -> Response:
    """Return the archived response to a request of an earlier run.

    Raises:
        Refusal: that run stored nothing.
    """
    if not known.stored:
        raise Refusal(known.outcome, known.detail, known.status)
    if known.role is Role.IMAGE:
        return Response(known.final_url)
    return response(*writer.place_of(known), request)


def _make_conditional(request: Request, previous: PreviousArchive | None) -> Fetch | None:
    """Add the conditions with which a server sends a body only if it changed; return the previous fetch.

    A request for headers gets none: it has no body to save, and a 304 lacks most headers (RFC 9110, 15.4.5).
    """
    for header in CONDITIONS:
        request.headers.pop(header, None)  # of the URL that redirected here
    if previous is None or is_headers_only(request):
        return None
    before = previous.find(request.meta["role"], first_url(request), urldefrag(request.url)[0])
    conditions = previous.conditions(before) if before else {}
    request.headers.update(conditions)
    return before if conditions else None


def _reason_not_to_store(role: Role, response: Response, is_unchanged: bool) -> Refusal | None:
    """Return why a response may not be stored: it is an error, or the headers of an image reserve it from AI use.

    A page is stored, as it shows why its images are refused; but not the page of before if only a 304 reserves it.
    """
    if not (is_unchanged or 200 <= response.status < 300):
        return Refusal(Outcome.HTTP_ERROR, f"HTTP {response.status}", response.status)
    if (role is Role.IMAGE or (role is Role.PAGE and is_unchanged)) and not _SIGNALS.isdisjoint(response.headers):
        place = Place.IMAGE if role is Role.IMAGE else Place.PAGE
        if found := reservation(of_headers(header_pairs(response.headers), place, response.url)):
            return Refusal(Outcome.OPT_OUT, f"reserved by {describe(found)}", response.status)
    return None
