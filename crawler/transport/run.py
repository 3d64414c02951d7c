"""Runs a spider in Scrapy, once a process: a Twisted reactor cannot be started twice."""

import asyncio
import signal
from collections.abc import Mapping
from typing import Any

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from crawler.errors import UserError
from crawler.ledger import Ledger
from crawler.settings import CrawlSettings, Limits
from crawler.spider import FacadeSpider
from crawler.transport.downloader import Halt, halt

OWN = Limits(per_host=16, delay=0)
"""Nobody else is kept waiting on a site of our own."""


def run(spider: type[FacadeSpider[Any]], source: str, params: Any, settings: CrawlSettings, ledger: Ledger) -> None:
    """Crawl to the end.

    Raises:
        UserError: stopped by a signal, or it cannot go on; what the ledger holds stays.
    """
    if not (settings.contact or spider.own_site or getattr(params, "allow_private", False)):
        raise UserError(
            f"crawl.contact: not set, but source {source} is a real site; "
            "expected an e-mail address or a URL by which its operator can reach you"
        )
    limits = OWN if spider.own_site else settings.limits
    process = AsyncCrawlerProcess(_settings(settings.contact, limits, spider.slots))
    crawler = process.create_crawler(spider)
    crawling = process.crawl(crawler, source=source, params=params, ledger=ledger)
    loop = asyncio.get_event_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, halt, f"stopped by {number.name}")
    try:
        process.start(install_signal_handlers=False)
    except Halt as reason:
        from twisted.internet import reactor  # installed by now

        reactor.getThreadPool().stop()  # its threads would keep the process alive
        raise UserError(f"source {source}: {reason}; what was fetched is kept, and the same command resumes") from None
    finally:
        if isinstance(crawler.spider, FacadeSpider):
            crawler.spider.resources.close()
    crawling.result()


def _settings(contact: str | None, limits: Limits, slots: Mapping[str, Mapping[str, float]]) -> Settings:
    chosen = Settings()
    chosen.setmodule("crawler.scrapy_settings", priority="default")
    chosen.setdict(
        {
            "USER_AGENT": f"{chosen['USER_AGENT']} (+{contact})" if contact else chosen["USER_AGENT"],
            "DOWNLOAD_MAXSIZE": limits.max_bytes,
            "DOWNLOAD_TIMEOUT": limits.timeout,
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
            "SPIDER_MIDDLEWARES": {"crawler.transport.image_requests.ImageRequests": 100},
        },
        priority="project",
    )
    return chosen
