"""How fast one host is asked: as fast as it is asked to be, and slower as soon as it says so."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic

from scrapy.core.downloader import Downloader, Slot
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.exceptions import CannotResolveHostError, DownloadConnectionRefusedError, DownloadTimeoutError
from scrapy.http import Request, Response
from scrapy.utils.asyncio import call_later

from crawler.spider import FacadeSpider

LONGEST = 60.0  # seconds that are waited where the host does not say how long
ENOUGH = 6  # connections refused, one after the other: after them, and a minute's waiting, nothing is tried twice
CALM = 10.0  # seconds without a refusal after which a host is asked a little more again, though it may not answer


@dataclass(slots=True)
class _Host:
    limit: int  # its concurrency where nothing is wrong
    window: float  # its concurrency now
    refusals: int = 0  # one after the other
    until: float = 0.0  # held until then, monotonic


class RetryAndThrottle(RetryMiddleware):
    """Scrapy's retries, and between them the whole host waits.

    429 and 503 halve the host's concurrency, every answer wins back a little (additive increase, multiplicative
    decrease: Chiu and Jain, 1989). The host is held for as long as Retry-After says, else for 1, 2, 4, … seconds.
    Scrapy ignores Retry-After and retries at once (scrapy#3849).
    """

    def __init__(self, settings) -> None:  # type: ignore[no-untyped-def]  # as RetryMiddleware's
        super().__init__(settings)
        self._patience = settings.getfloat("RETRY_AFTER_MAX")
        self._hosts: dict[str, _Host] = {}

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        spider = self.crawler.spider
        if isinstance(spider, FacadeSpider) and (status := spider.status(response)) != response.status:
            response = response.replace(status=status)
        if response.status not in (429, 503):
            self._answered(request)
        else:
            asked = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
            if asked is not None and asked > self._patience:
                return response
            self._refused(request, asked)
        return super().process_response(request, response)

    def process_exception(self, request: Request, exception: Exception) -> Request | Response | None:  # type: ignore[override]
        if isinstance(exception, (DownloadConnectionRefusedError, CannotResolveHostError)):
            self._refused(request, None)  # it is the host that is gone; other failures may be the URL's own
            if (host := self._hosts.get(request.meta.get("download_slot", ""))) and host.refusals > ENOUGH:
                return None
        else:
            self._calmed(request)
        if isinstance(exception, DownloadTimeoutError) and "retry_times" in request.meta:
            return None  # the second try was the patient one
        return super().process_exception(request, exception)

    def _answered(self, request: Request) -> None:
        if host := self._hosts.get(request.meta.get("download_slot", "")):
            host.refusals = 0
            self._widen(request, host, 1 / host.window)

    def _calmed(self, request: Request) -> None:
        """Else a host whose last URLs never answer would be asked one at a time to the end, for refusals long ago."""
        host = self._hosts.get(request.meta.get("download_slot", ""))
        if host and monotonic() > host.until + CALM:
            self._widen(request, host, 1)

    def _widen(self, request: Request, host: _Host, by: float) -> None:
        if slot := self._slot(request):
            host.window = min(host.limit, host.window + by)
            slot.concurrency = int(host.window)

    def _refused(self, request: Request, seconds: float | None) -> None:
        slot = self._slot(request)
        if slot is None:
            return
        host = self._hosts.setdefault(request.meta["download_slot"], _Host(slot.concurrency, slot.concurrency))
        now = monotonic()
        if seconds is None:
            seconds = min(LONGEST, 2.0**host.refusals)
        if now >= host.until:  # what was under way when the host was held says nothing new
            host.refusals += 1
            host.window = max(1.0, host.window / 2)
            slot.concurrency = int(host.window)
        if now + seconds > host.until:
            host.until = now + seconds
            _hold(self._downloader, slot, seconds)

    @property
    def _downloader(self) -> Downloader:
        return self.crawler.engine.downloader

    def _slot(self, request: Request) -> Slot | None:
        return self._downloader.slots.get(request.meta.get("download_slot", ""))


def set_delay(crawler: Crawler, request: Request, seconds: float) -> None:
    """Ask the host of `request` at most once in `seconds` from now on, if it is not asked more rarely already."""
    downloader = crawler.engine.downloader
    key = downloader.get_slot_key(request)
    slot = downloader.slots[key]
    slot.delay = max(slot.delay, seconds)
    downloader.per_slot_settings.setdefault(key, {})["delay"] = slot.delay  # idle slots are dropped and made again


def retry_after(value: bytes | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110, 10.2.3: seconds or a date); None where it says nothing."""
    text = (value or b"").decode("latin-1").strip()
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (TypeError, ValueError):
        return None


def _hold(downloader: Downloader, slot: Slot, seconds: float) -> None:
    # A slot starts nothing while it has a later call: this is how Scrapy itself keeps DOWNLOAD_DELAY.
    if slot.latercall:
        slot.latercall.cancel()
    slot.latercall = call_later(seconds, downloader._latercall, slot)
