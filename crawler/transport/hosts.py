"""What a crawl knows of its hosts: a Scrapy extension that the downloader and its middlewares share."""

import asyncio
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings

from crawler.transport.host_health import HostHealth
from crawler.transport.host_queue import HostQueue


class Hosts:
    """The request queue of every host, and the health of every origin (scheme, host and port)."""

    def __init__(self, settings: BaseSettings) -> None:
        self._concurrency = settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")
        self._delay = settings.getfloat("DOWNLOAD_DELAY")
        self._slots: dict[str, dict[str, Any]] = settings.getdict("DOWNLOAD_SLOTS")
        self._queues: dict[str, HostQueue] = {}
        self._health: dict[str, HostHealth] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.settings)

    @classmethod
    def of(cls, crawler: Crawler) -> Self:
        """Return the instance that belongs to `crawler`."""
        hosts = crawler.get_extension(cls)
        assert hosts is not None, "scrapy_settings.EXTENSIONS enables it"
        return hosts

    def queue(self, url: str) -> HostQueue:
        """Return the queue for the host of `url`.

        Raises:
            ValueError: `url` is malformed.
        """
        host = host_of(url)
        if host not in self._queues:
            slot = self._slots.get(host, {})
            concurrency = slot.get("concurrency", self._concurrency)
            delay = slot.get("delay", self._delay)
            self._queues[host] = HostQueue(concurrency, delay, asyncio.get_running_loop())
        return self._queues[host]

    def health(self, url: str) -> HostHealth:
        """Return the health of the origin of `url`."""
        origin = "/".join(url.split("/", 3)[:3])
        if origin not in self._health:
            self._health[origin] = HostHealth(origin)
        return self._health[origin]

    def lost(self) -> str:
        """Return a message that names a host that answered at first and is down now; empty if there is none."""
        return next((health.message for health in self._health.values() if health.is_lost), "")


def host_of(url: str) -> str:
    """Return the name of the host of `url`; empty if it has none.

    Raises:
        ValueError: `url` is malformed.
    """
    return urlsplit(url).hostname or ""
