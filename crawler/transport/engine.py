"""Scrapy's engine, less what an image does not need: nobody parses it, and the ledger counts it already."""

from typing import Any

from scrapy.core.engine import ExecutionEngine
from scrapy.crawler import Crawler
from scrapy.http import Request, Response
from scrapy.logformatter import LogFormatter
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from crawler.archive.schemas import Role

SETTINGS: dict[str, Any] = {
    "STATS_CLASS": "scrapy.statscollectors.DummyStatsCollector",
    "LOG_FORMATTER": "crawler.transport.engine.Silent",
    "EXTENSIONS": {
        "scrapy.extensions.corestats.CoreStats": None,
        "scrapy.extensions.logcount.LogCount": None,
        "scrapy.extensions.logstats.LogStats": None,
        "scrapy.extensions.memusage.MemoryUsage": None,
    },
    "DOWNLOADER_MIDDLEWARES": {
        "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
        "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
        "scrapy.downloadermiddlewares.stats.DownloaderStats": None,
    },
    "SPIDER_MIDDLEWARES": {
        "crawler.transport.image_requests.ImageRequests": 100,
        "scrapy.spidermiddlewares.start.StartSpiderMiddleware": None,
        "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,
        "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
        "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware": None,
    },
}
"""Off is what counts and logs for nobody, and what guards against what no spider of ours does."""


class Silent(LogFormatter):
    """Does not even put together the line of each response that would go to the debug log."""

    def crawled(self, *_: Any) -> None:  # type: ignore[override]
        return None


class ImageEngine(ExecutionEngine):
    """An image's response, or that there was none, does not go to the spider."""

    def _handle_downloader_output(  # type: ignore[override]
        self, result: Request | Response | Failure, request: Request
    ) -> Deferred[None] | None:
        if request.meta.get("role") is Role.IMAGE and not isinstance(result, Request):
            return None
        return super()._handle_downloader_output(result, request)


class ImageCrawler(Crawler):
    def _create_engine(self) -> ImageEngine:
        return ImageEngine(self, lambda _: self.stop_async())
