"""robots.txt (RFC 9309) and its Crawl-delay. Scrapy's own middleware takes an unreachable file for permission."""

import asyncio
from typing import Self
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.http import Request
from scrapy.http.request import NO_CALLBACK

from crawler.archive.schemas import Outcome, Role
from crawler.rights.finding import AGENT
from crawler.rights.robots_txt import RobotsTxt as Rules
from crawler.rights.robots_txt import parse
from crawler.transport.hosts import Hosts
from crawler.transport.refusal import Refusal, refusal

_ALLOW_ALL = parse(b"")
_DISALLOW_ALL = parse(b"User-agent: *\nDisallow: /")


class RobotsTxt:
    """Refuses URLs that robots.txt disallows, and applies its Crawl-delay to the host.

    URLs that begin with one of the spider's `documented_apis` are exempt.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._hosts = Hosts.of(crawler)
        self._exempt: tuple[str, ...] = tuple(getattr(crawler.spider, "documented_apis", ()))
        self._rules: dict[str, asyncio.Task[Rules]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        scheme, host = urlsplit(request.url)[:2]
        if request.meta.get("role") is Role.ROBOTS:
            return
        if scheme not in ("http", "https"):
            raise Refusal(Outcome.BAD_URL, f"found a {scheme} URL, expected http or https")
        if request.url.startswith(self._exempt):
            request.meta["exempt"] = True
            return
        origin = f"{scheme}://{host}"
        if origin not in self._rules:
            self._rules[origin] = asyncio.ensure_future(self._read(origin))
        if not (await self._rules[origin]).can_fetch(request.url, AGENT):
            raise Refusal(Outcome.ROBOTS, f"disallowed by {origin}/robots.txt")

    async def _read(self, origin: str) -> Rules:
        """Return the rules of an origin: allow all without a robots.txt, disallow all on a server error (2.3.1)."""
        request = Request(f"{origin}/robots.txt", callback=NO_CALLBACK, priority=1000, meta={"role": Role.ROBOTS})
        try:
            response = await self._crawler.engine.download_async(request)
        except Exception as error:
            end = refusal(error)
            if end.status is None:
                raise Refusal(end.outcome, f"robots.txt: {end.detail}", unreachable=end.unreachable) from error
            return _ALLOW_ALL if 400 <= end.status < 500 and end.status != 429 else _DISALLOW_ALL
        rules = parse(response.body)
        if delay := rules.crawl_delay(AGENT):
            queue = self._hosts.queue(origin)
            queue.delay = max(queue.delay, delay)
        return rules
