"""Runs a spider in Scrapy, once a process: a Twisted reactor cannot be started twice."""

import asyncio
import gc
import logging
import signal
from collections.abc import Mapping
from typing import Any

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from crawler.archive.writer import ArchiveWriter
from crawler.settings import CrawlSettings, Limits
from crawler.spider import FacadeSpider
from crawler.transport import engine
from crawler.transport.downloader import Halt, halt
from crawler.transport.engine import ImageCrawler
from crawler.user_agent import user_agent

OWN = Limits(per_host=16, delay=0, timeout=300, answer=300)
"""Nobody else is kept waiting on a site of our own; where it is slow, the machine is."""


def run(
    spider: type[FacadeSpider[Any]], source: str, params: Any, settings: CrawlSettings, ledger: ArchiveWriter
) -> None:
    """Crawl to the end.

    Raises:
        UserError: there is no contact.
        Halt: a signal came, or it cannot go on; what the ledger holds stays.
    """
    private = getattr(params, "allow_private", False)
    agent = user_agent(source, settings.contact, own=spider.own_site or private)
    limits = OWN if spider.own_site else settings.limits
    chosen = _settings(agent, limits, spider.slots)
    process = AsyncCrawlerProcess(chosen)
    crawler = ImageCrawler(spider, chosen)
    for told in ("scrapy.core.downloader.handlers", "scrapy.downloadermiddlewares"):
        logging.getLogger(told).setLevel(logging.ERROR)  # the fetches table says it
    crawling = process.crawl(crawler, source=source, params=params, ledger=ledger)
    loop = asyncio.get_event_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, halt, f"stopped by {number.name}")
    gc.freeze()  # else the collector goes through all that was imported: a tenth of a second between two requests
    try:
        process.start(install_signal_handlers=False)
    finally:
        from twisted.internet import reactor  # installed by now

        reactor.getThreadPool().stop()  # after a Halt, its threads would keep the process alive
        if isinstance(crawler.spider, FacadeSpider):
            crawler.spider.resources.close()
    crawling.result()
    if said := crawler.engine.downloader.gone():  # type: ignore[attr-defined]  # ours
        raise Halt(said)


def _settings(agent: str, limits: Limits, slots: Mapping[str, Mapping[str, float]]) -> Settings:
    chosen = Settings()
    chosen.setmodule("crawler.scrapy_settings", priority="default")
    chosen.setdict(
        {
            "USER_AGENT": agent,
            "DOWNLOAD_MAXSIZE": limits.max_bytes,
            "DOWNLOAD_TIMEOUT": limits.timeout,
            "ANSWER_TIMEOUT": limits.answer,
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
            "LOG_INSTALL_ROOT_HANDLER": False,  # Python's own goes well with a progress bar
        },
        priority="project",
    )
    for name, value in engine.SETTINGS.items():
        chosen.set(name, {**chosen.getdict(name), **value} if isinstance(value, dict) else value, priority="project")
    return chosen
