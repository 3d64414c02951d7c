"""The one place that every fetch goes through, from its first try to its end."""

import asyncio
import logging
from collections.abc import Coroutine, Generator, Sized
from datetime import UTC, datetime
from time import monotonic
from typing import Any
from urllib.parse import urldefrag, urljoin

from scrapy import signals
from scrapy.core.downloader import Downloader, Slot
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadTimeoutError
from scrapy.http import Request, Response
from scrapy.utils.defer import deferred_from_coro, maybe_deferred_to_future
from twisted.internet.defer import Deferred, inlineCallbacks

from crawler.archive.fetches import Fetch
from crawler.archive.previous import CONDITIONS
from crawler.archive.responses import response
from crawler.archive.schemas import Outcome, Role
from crawler.archive.writer import ArchiveWriter, Exchange
from crawler.rights.signals import robots_tag
from crawler.transport.exchange import exchange
from crawler.transport.host_health import HostHealth
from crawler.transport.refusal import Refusal, refusal

log = logging.getLogger(__name__)

QUICK = 5.0  # seconds that the first try of a URL waits for an answer at least
USUAL = 4  # times as long as the host took at most so far: what it waits where that is more


class _HostGoneError(Exception):
    """Nobody is there to be asked."""


class Halt(KeyboardInterrupt):
    """Leaves the event loop at once. Nothing needs tidying: what the archive holds is whole, the next crawl resumes."""


def halt(reason: str) -> None:
    """Stop the crawl as soon as the running callback returns."""

    def leave() -> None:
        raise Halt(reason)

    # asyncio lets a KeyboardInterrupt out of its loop; Twisted, if it were raised here, would swallow it.
    asyncio.get_running_loop().call_soon(leave)


class ArchivingDownloader(Downloader):
    """Answers from the archive what it holds already, and writes the end of every other fetch into it.

    Goes by what the spider carries: its `ledger` (without one it is Scrapy's downloader) and its `proxy`.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._ledger: ArchiveWriter | None = getattr(crawler.spider, "ledger", None)
        self._proxy: str | None = getattr(crawler.spider, "proxy", None)
        self._hosts: dict[str, HostHealth] = {}  # by origin
        self._asking: list[asyncio.Future[None]] = []  # kept, for the event loop does not
        self._slowest: dict[str, float] = {}  # by host: seconds until it began to answer, at most so far
        crawler.signals.connect(self._answers, signals.headers_received)

    @inlineCallbacks
    def fetch(self, request: Request, spider: Any = None) -> Generator[Deferred[Any], Any, Response | Request]:
        # Active until the engine has the result in its hands. In a turn of the event loop between the two nothing
        # would seem to be under way, and the engine would close a crawl that asks for one page after the other.
        self.active.add(request)
        try:
            result: Response | Request = yield deferred_from_coro(self._fetch(request))
            return result
        finally:
            self.active.remove(request)

    def _wait_for_download(
        self, slot: Slot, request: Request, queue_dfd: Deferred[Response]
    ) -> Coroutine[Any, Any, None]:
        # Scrapy 2.19 counts a request as under way only when its task first runs, so that a slot without a delay starts
        # its whole queue at once, whatever its concurrency.
        slot.transferring.add(request)
        return super()._wait_for_download(slot, request, queue_dfd)

    async def _first_in_queue(self, request: Request) -> Response:
        """As `_enqueue_request`, ahead of those that wait at the host already."""
        request.meta[self.DOWNLOAD_SLOT], slot = self._get_slot(request)
        downloaded: Deferred[Response] = Deferred()
        slot.active.add(request)
        slot.queue.appendleft((request, downloaded))
        self._process_queue(slot)
        try:
            return await maybe_deferred_to_future(downloaded)
        finally:
            slot.active.remove(request)

    async def _download(self, slot: Slot, request: Request) -> Response:
        if self._host(request).gone:  # since it was put into the queue
            slot.transferring.remove(request)
            self._process_queue(slot)
            raise _HostGoneError
        slot.lastseen = monotonic()  # the loop may have been busy since it was taken out of the queue
        patience = self._patience(request)
        try:
            async with asyncio.timeout(patience) as waiting:
                request.meta["answer"] = waiting, monotonic()
                return await super()._download(slot, request)
        except TimeoutError as late:
            raise DownloadTimeoutError(f"no answer within {patience:.0f} s") from late
        finally:
            request.meta.pop("answer", None)

    def _patience(self, request: Request) -> float:
        """Seconds until the answer must have begun: few at first, so that dead URLs do not keep the others waiting."""
        longest: float = self.settings.getfloat("ANSWER_TIMEOUT")
        slowest = self._slowest.get(self.get_slot_key(request))
        if slowest is None or "retry_times" in request.meta or request.meta.get("role") is Role.ROBOTS:
            return longest
        return min(longest, max(QUICK, USUAL * slowest))

    def _answers(self, request: Request) -> None:
        waiting, started = request.meta["answer"]
        if not waiting.expired():
            waiting.reschedule(None)
        host = self.get_slot_key(request)
        self._slowest[host] = max(monotonic() - started, self._slowest.get(host, 0))

    async def _fetch(self, request: Request) -> Response | Request:
        request.meta.setdefault("role", Role.PAGE)
        if self._proxy:
            request.meta["proxy"] = self._proxy
        if self._ledger is None:
            try:
                return await self.middleware.download_async(self._enqueue_request, request)
            except Refusal as refused:
                log.warning("%s: %s", request.url, refused.detail)  # Scrapy drops it without a word
                raise
        if "first_at" not in request.meta:
            request.meta["first_at"] = datetime.now(UTC)
            if known := self._ledger.find(request.meta["role"], urldefrag(request.url)[0]):
                return self._known(known, request)
        host = self._host(request)
        if host.gone:
            raise self._not_asked(request, host)
        before = self._only_if_changed(request)
        try:
            result = await self.middleware.download_async(self._enqueue_request, request)
        except _HostGoneError:
            raise self._not_asked(request, host) from None
        except Exception as error:
            end = refusal(error)
            self._end(request, end.outcome, end.status, end.detail)
            if end.outcome in (Outcome.CONNECTION_ERROR, Outcome.TIMEOUT) and host.fails(end):
                host.asking = True
                self._asking.append(asyncio.ensure_future(self._ask(host, request)))
            raise end from error
        if isinstance(result, Request):
            return result
        host.answers()
        unchanged = before is not None and result.status == 304
        if objection := _objection(result, unchanged):
            kept = None if objection.outcome is Outcome.OPT_OUT else exchange(request, result)
            self._end(request, objection.outcome, objection.status, objection.detail, kept)
            raise objection
        outcome = Outcome.UNCHANGED if unchanged else Outcome.STORED
        self._end(request, outcome, result.status, _exemption(request), exchange(request, result), before)
        if unchanged and before and self._ledger.previous:
            result = response(self._ledger.previous.folder, before, request)
        # The archive has an image's bytes; nobody else needs them.
        return Response(result.url) if request.meta["role"] is Role.IMAGE else result

    def _only_if_changed(self, request: Request) -> Fetch | None:
        """Ask for no more than what has changed since the previous archive; returns what that holds."""
        for header in CONDITIONS:
            request.headers.pop(header, None)  # of the URL that redirected here
        previous = self._ledger.previous if self._ledger else None
        if previous is None:
            return None
        before = previous.find(request.meta["role"], _first_url(request), urldefrag(request.url)[0])
        conditions = previous.conditions(before) if before else {}
        request.headers.update(conditions)
        return before if conditions else None

    def _known(self, known: Fetch, request: Request) -> Response:
        assert self._ledger is not None
        if not known.stored:
            raise Refusal(known.outcome, known.detail, known.status)
        if known.role is Role.IMAGE:
            return Response(known.final_url)
        return response(self._ledger.folder, known, request)

    def _end(
        self,
        request: Request,
        outcome: Outcome,
        status: int | None,
        detail: str,
        kept: Exchange | None = None,
        before: Fetch | None = None,
        *,
        asked: bool = True,
    ) -> None:
        assert self._ledger is not None
        meta = request.meta
        fetch = Fetch(
            url=_first_url(request),
            role=meta["role"],
            outcome=outcome,
            first_at=meta["first_at"],
            last_at=datetime.now(UTC),
            attempts=meta.get("retry_times", 0) + asked,
            status=status,
            final_url=urldefrag(request.url)[0],
            via=tuple(meta.get("redirect_urls", ())),
            detail=detail,
        )
        self._ledger.waiting = len(self._scheduled()) + len(self.active) - 1
        try:
            if outcome is Outcome.UNCHANGED and kept and before:
                self._ledger.unchanged(fetch, kept, before)
            else:
                self._ledger.end(fetch, kept)
        except OSError as error:
            halt(f"{self._ledger.folder}: cannot write: {error.strerror}")

    def _scheduled(self) -> Sized:
        """What the engine has not handed over yet."""
        slot = self.crawler.engine._slot if self.crawler.engine else None
        return slot.scheduler if slot else ()  # type: ignore[return-value]  # Scrapy's own scheduler has a length

    def gone(self) -> str:
        """What to say, at the end, of a host that answered once and does no longer; else empty."""
        return next(filter(None, (host.said for host in self._hosts.values())), "")

    def _host(self, request: Request) -> HostHealth:
        origin = "/".join(request.url.split("/", 3)[:3])
        return self._hosts.setdefault(origin, HostHealth(origin))

    def _not_asked(self, request: Request, host: HostHealth) -> Refusal:
        end = Refusal(Outcome.CONNECTION_ERROR, f"not asked: {host.name} does not answer ({host.last})")
        if not host.answered:
            self._end(request, end.outcome, None, end.detail, asked=False)
        return end  # of a host that was there a while ago nothing is noted: the next crawl asks for it

    async def _ask(self, host: HostHealth, request: Request) -> None:
        """Whether anybody is there, by the robots.txt that every host can say something of."""
        url = urljoin(request.url, "/robots.txt")
        asked = Request(url, meta={"role": Role.ROBOTS, "dont_retry": True})
        if self._proxy:
            asked.meta["proxy"] = self._proxy
        self.active.add(asked)
        try:
            await self.middleware.download_async(self._first_in_queue, asked)
            host.answers()
        except Exception:
            host.gone = True
        finally:
            host.asking = False
            self.active.remove(asked)


def _first_url(request: Request) -> str:
    """What was asked for before any redirect."""
    via: list[str] = request.meta.get("redirect_urls", [request.url])
    return urldefrag(via[0])[0]


def _objection(response: Response, unchanged: bool) -> Refusal | None:
    """Why a response may not be stored: it is an error, or asks not to be used for machine learning."""
    if not (unchanged or 200 <= response.status < 300):
        return Refusal(Outcome.HTTP_ERROR, f"HTTP {response.status}", response.status)
    tags = [value.decode("latin-1") for value in response.headers.getlist("X-Robots-Tag")]
    if tag := robots_tag(tags):
        return Refusal(Outcome.OPT_OUT, f"X-Robots-Tag: {tag}", response.status)
    return None


def _exemption(request: Request) -> str:
    return "not held to robots.txt: documented API" if request.meta.get("exempt") else ""
