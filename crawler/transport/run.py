"""Runs a spider in Scrapy, once per process: a Twisted reactor cannot be started twice."""

import asyncio
import gc
import logging
import signal
from typing import Any

from scrapy.crawler import AsyncCrawlerProcess

from crawler.archive.writer import ArchiveWriter
from crawler.settings import CrawlSettings, Limits
from crawler.spider import FacadeSpider
from crawler.transport.crawl_settings import scrapy_settings
from crawler.transport.halt import HostLost, halt
from crawler.transport.hosts import Hosts
from crawler.transport.scrapy_internals import ImageCrawler
from crawler.user_agent import user_agent

LOCAL_LIMITS = Limits(per_host=16, delay=0, timeout=300, answer=300)
"""For a site that this project serves itself: nobody else waits for it, and a slow answer means a busy machine."""


def run(
    spider: type[FacadeSpider[Any]], source: str, params: Any, settings: CrawlSettings, writer: ArchiveWriter
) -> None:
    """Crawl `source` into the archive of `writer`.

    Raises:
        UserError: the site is external and there is no contact.
        Halt: a signal arrived, or the archive cannot be written; what is archived stays.
        HostLost: a host went down; what is archived stays.
    """
    is_local = spider.is_local or getattr(params, "allow_private", False)
    agent = user_agent(source, settings.contact, is_local=is_local)
    limits = LOCAL_LIMITS if spider.is_local else settings.limits
    chosen = scrapy_settings(agent, limits, spider.slots)
    process = AsyncCrawlerProcess(chosen)
    crawler = ImageCrawler(spider, chosen)
    for name in ("scrapy.core.downloader.handlers", "scrapy.downloadermiddlewares"):
        logging.getLogger(name).setLevel(logging.ERROR)  # their warnings are in the fetches table
    crawling = process.crawl(crawler, source=source, params=params, writer=writer)
    loop = asyncio.get_event_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, halt, f"stopped by {number.name}")
    gc.freeze()  # otherwise each full collection traverses all imported modules: 0.1 s between two requests
    try:
        process.start(install_signal_handlers=False)
    finally:
        from twisted.internet import reactor  # installed by now

        reactor.getThreadPool().stop()  # after a Halt, its threads would keep the process alive
        if isinstance(crawler.spider, FacadeSpider):
            crawler.spider.resources.close()
    crawling.result()
    if message := Hosts.of(crawler).lost():
        raise HostLost(message)
