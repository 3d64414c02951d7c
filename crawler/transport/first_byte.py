"""The time limit until a response begins, learnt from how quickly each host has answered."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadTimeoutError
from scrapy.http import Request

from crawler.archive.schemas import HOST_FILES
from crawler.transport.hosts import host_of

SHORTEST = 5.0  # seconds; the least that the first try of a URL waits
MARGIN = 4  # the first try waits this many times the longest time to first byte of the host so far


class FirstByteTimeout:
    """Limits the time to first byte: little on the first try at a quick host, `longest` seconds otherwise.

    So URLs that never answer do not keep the others waiting, and every URL gets one patient try.
    """

    def __init__(self, longest: float, clock: Callable[[], float] = monotonic) -> None:
        self._longest = longest
        self._clock = clock
        self._slowest: dict[str, float] = {}  # by host: the longest time to first byte so far, in seconds

    def connect(self, crawler: Crawler) -> None:
        """Learn when responses begin, by Scrapy's signal headers_received."""
        crawler.signals.connect(self.on_headers, signals.headers_received)

    def seconds(self, host: str, *, is_patient: bool) -> float:
        """Return the limit for a request to `host`."""
        slowest = self._slowest.get(host)
        if slowest is None or is_patient:
            return self._longest
        return min(self._longest, max(SHORTEST, MARGIN * slowest))

    def record(self, host: str, seconds: float) -> None:
        """Record a time to first byte."""
        self._slowest[host] = max(seconds, self._slowest.get(host, 0))

    @asynccontextmanager
    async def limit(self, request: Request) -> AsyncIterator[None]:
        """Apply the limit to the transfer of `request` inside the `with` block.

        Raises:
            DownloadTimeoutError: the response did not begin in time.
        """
        is_patient = "retry_times" in request.meta or request.meta.get("role") in HOST_FILES
        seconds = self.seconds(host_of(request.url), is_patient=is_patient)
        try:
            async with asyncio.timeout(seconds) as timeout:
                request.meta["first_byte"] = timeout, self._clock()
                yield
        except TimeoutError as late:
            raise DownloadTimeoutError(f"no answer within {seconds:.0f} s") from late
        finally:
            request.meta.pop("first_byte", None)

    def on_headers(self, request: Request) -> None:
        """Lift the limit of a request whose response has begun."""
        timeout, started = request.meta["first_byte"]
        if not timeout.expired():
            timeout.reschedule(None)
        self.record(host_of(request.url), self._clock() - started)
