"""The undocumented part of Scrapy that this project uses; no other module imports `scrapy.core`.

pyproject.toml pins Scrapy to a minor version, and tests/crawler/transport/test_scrapy_internals.py has a test for each
member that is named here.
"""

from abc import abstractmethod
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from scrapy.core.downloader import Downloader
from scrapy.core.engine import ExecutionEngine
from scrapy.crawler import Crawler
from scrapy.http import Request, Response
from scrapy.utils.defer import deferred_from_coro
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from crawler.archive.schemas import Role


class UnqueuedDownloader(Downloader):
    """Scrapy's downloader without its queues of requests for each host; a subclass brings its own.

    Scrapy 2.19's queue counts a request as in transfer only when its task first runs, so a host without a delay starts
    all its waiting requests at once, whatever its concurrency. The signals request_reached_downloader,
    response_downloaded and request_left_downloader are not sent.
    """

    def fetch(self, request: Request, spider: Any = None) -> "Deferred[Response | Request]":
        # The request stays active until the engine has its result: in a turn of the event loop between the two, the
        # engine would see nothing in progress and close a crawl that requests one page after the other.
        self.active.add(request)
        fetched: Deferred[Response | Request] = deferred_from_coro(self.fetch_async(request))
        fetched.addBoth(self._remove, request)
        return fetched

    @abstractmethod
    async def fetch_async(self, request: Request) -> Response | Request:
        """Return the response to `request`, or the request that replaces it (a redirect, a retry)."""

    async def through_middlewares(
        self, send: Callable[[Request], Coroutine[Any, Any, Response]], request: Request
    ) -> Response | Request:
        """Pass `request` through the downloader middlewares to `send`, and its response back through them."""
        return await self.middleware.download_async(send, request)

    async def transfer(self, request: Request) -> Response:
        """Download with Scrapy's download handler for the scheme of the URL."""
        return await self.handlers.download_request_async(request)

    @contextmanager
    def keep_crawl_open(self, request: Request) -> Iterator[None]:
        """Keep the engine from closing the crawl while a request is in progress that the engine did not start."""
        self.active.add(request)
        try:
            yield
        finally:
            self.active.remove(request)

    def count_waiting(self) -> int:
        """Return the number of requests that are scheduled or in progress."""
        scheduler = self.crawler.engine.scheduler if self.crawler.engine else None
        return len(self.active) + (len(scheduler) if scheduler else 0)  # type: ignore[arg-type]  # Scrapy's has a length

    def _remove(self, result: Response | Request | Failure, request: Request) -> Response | Request | Failure:
        self.active.remove(request)
        return result


class ImageEngine(ExecutionEngine):
    """Scrapy's engine, but it passes no image to the spider: no spider parses one, and the archive counts them."""

    def _handle_downloader_output(  # type: ignore[override]
        self, result: Request | Response | Failure, request: Request
    ) -> "Deferred[None] | None":
        if request.meta.get("role") is Role.IMAGE and not isinstance(result, Request):
            return None
        return super()._handle_downloader_output(result, request)


class ImageCrawler(Crawler):
    """Scrapy's crawler with an `ImageEngine`."""

    def _create_engine(self) -> ImageEngine:
        return ImageEngine(self, lambda _: self.stop_async())
