"""Per-host rate limiting and retries: obeys Retry-After and backs off on 429, 503 and refused connections."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Self

from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.exceptions import CannotResolveHostError, DownloadConnectionRefusedError, DownloadTimeoutError
from scrapy.http import Request, Response

from crawler.spider import FacadeSpider
from crawler.transport.host_queue import HostQueue
from crawler.transport.hosts import Hosts, host_of

MAX_BACK_OFF = 60.0  # seconds; the longest wait where the host names none
MAX_REFUSALS = 6  # consecutive refused connections (a minute of back-off) after which requests are no longer retried
RECOVERY = 10.0  # seconds without a refusal after which concurrency grows again, also if nothing is answered


class BackOff:
    """The back-off of one host: additive increase, multiplicative decrease (Chiu and Jain, 1989)."""

    def __init__(self, queue: HostQueue) -> None:
        self._queue = queue
        self._limit = queue.concurrency  # where nothing is wrong
        self._window = float(queue.concurrency)  # the concurrency now, with its fraction
        self._held_until = float("-inf")
        self.refusals = 0  # consecutive

    def refused(self, seconds: float | None) -> None:
        """Halve the host's concurrency, and hold the host.

        Args:
            seconds: how long; None for 1, 2, 4, … up to MAX_BACK_OFF.
        """
        now = self._queue.clock.time()
        if seconds is None:
            seconds = min(MAX_BACK_OFF, 2.0**self.refusals)
        if now >= self._held_until:  # not a request that was in transfer already when the host was held
            self.refusals += 1
            self._set_window(max(1.0, self._window / 2))
        if now + seconds > self._held_until:
            self._held_until = now + seconds
            self._queue.hold(seconds)

    def answered(self) -> None:
        self.refusals = 0
        self._set_window(self._window + 1 / self._window)

    def failed(self) -> None:
        """Let the concurrency grow if the last refusal is long past: the URL fails, and not the host."""
        if self._queue.clock.time() > self._held_until + RECOVERY:
            self._set_window(self._window + 1)

    def _set_window(self, window: float) -> None:
        self._window = min(self._limit, window)
        self._queue.concurrency = int(self._window)


class RetryAndThrottle(RetryMiddleware):
    """Scrapy's retries, with a pause of the whole host before each.

    Scrapy ignores Retry-After and retries at once (scrapy#3849).
    """

    def __init__(self, settings) -> None:  # type: ignore[no-untyped-def]  # as RetryMiddleware's
        super().__init__(settings)
        self._max_retry_after = settings.getfloat("RETRY_AFTER_MAX")
        self._back_offs: dict[str, BackOff] = {}  # by host; of those that refused once

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        middleware = super().from_crawler(crawler)
        middleware._hosts = Hosts.of(crawler)
        return middleware

    _hosts: Hosts

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        spider = self.crawler.spider
        if isinstance(spider, FacadeSpider) and (status := spider.status(response)) != response.status:
            response = response.replace(status=status)
        if response.status not in (429, 503):
            if back_off := self._back_offs.get(host_of(request.url)):
                back_off.answered()
        else:
            seconds = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
            if seconds is not None and seconds > self._max_retry_after:
                return response
            self._back_off(request).refused(seconds)
        return super().process_response(request, response)

    def process_exception(self, request: Request, exception: Exception) -> Request | Response | None:  # type: ignore[override]
        if isinstance(exception, (DownloadConnectionRefusedError, CannotResolveHostError)):
            unreachable = self._back_off(request)  # the host; other failures may concern the URL only
            unreachable.refused(None)
            if unreachable.refusals > MAX_REFUSALS:
                return None
        elif back_off := self._back_offs.get(host_of(request.url)):
            back_off.failed()
        if isinstance(exception, DownloadTimeoutError) and "retry_times" in request.meta:
            return None  # the second try was the patient one
        return super().process_exception(request, exception)

    def _back_off(self, request: Request) -> BackOff:
        host = host_of(request.url)
        if host not in self._back_offs:
            self._back_offs[host] = BackOff(self._hosts.queue(request.url))
        return self._back_offs[host]


def retry_after(value: bytes | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for; None if it is absent or malformed.

    RFC 9110, 10.2.3: seconds or a date.
    """
    text = (value or b"").decode("latin-1").strip()
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (TypeError, ValueError):
        return None
