"""The Scrapy settings of `facades crawl`, on top of those of the Scrapy project (crawler/scrapy_settings.py)."""

from collections.abc import Mapping
from typing import Any

from scrapy.logformatter import LogFormatter
from scrapy.settings import Settings

from crawler.settings import Limits

COMPONENTS: dict[str, Any] = {
    "STATS_CLASS": "scrapy.statscollectors.DummyStatsCollector",
    "LOG_FORMATTER": "crawler.transport.crawl_settings.NoCrawledLines",
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
"""Disabled: statistics and log extensions that nobody reads, and middlewares for what our spiders do not use."""


class NoCrawledLines(LogFormatter):
    """Does not format a line for the debug log for each response."""

    def crawled(self, *_: Any) -> None:  # type: ignore[override]
        return None


def scrapy_settings(user_agent: str, limits: Limits, slots: Mapping[str, Mapping[str, float]]) -> Settings:
    """Return the settings of one crawl; `slots` are the limits that a kind sets for its hosts."""
    chosen = Settings()
    chosen.setmodule("crawler.scrapy_settings", priority="default")
    chosen.setdict(
        {
            "USER_AGENT": user_agent,
            "DOWNLOAD_MAXSIZE": limits.max_bytes,
            "DOWNLOAD_TIMEOUT": limits.timeout,
            "FIRST_BYTE_TIMEOUT": limits.answer,
            "DOWNLOAD_DELAY": limits.delay,
            "CONCURRENT_REQUESTS_PER_DOMAIN": limits.per_host,
            "DOWNLOAD_SLOTS": {
                host: {
                    "delay": max(limits.delay, slot.get("delay", 0)),
                    "concurrency": min(limits.per_host, slot.get("concurrency", limits.per_host)),
                }
                for host, slot in slots.items()
            },
            "RETRY_TIMES": limits.retries,
            "RETRY_AFTER_MAX": limits.patience,
            "LOG_INSTALL_ROOT_HANDLER": False,  # Python's own handler does not disturb a progress bar
        },
        priority="project",
    )
    for name, value in COMPONENTS.items():
        chosen.set(name, {**chosen.getdict(name), **value} if isinstance(value, dict) else value, priority="project")
    return chosen
