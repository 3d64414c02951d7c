"""robots.txt (RFC 9309). Scrapy's own middleware takes an unreachable file for permission."""

from typing import Self

from scrapy.crawler import Crawler
from scrapy.http import Request

from crawler.archive.host_files import PATHS, origin
from crawler.archive.schemas import Outcome, Role
from crawler.rights.finding import AGENT
from crawler.rights.robots_txt import parse
from crawler.transport.host_files import HostFiles
from crawler.transport.refusal import Refusal


class RobotsRule:
    """Downloader middleware that refuses URLs that robots.txt disallows.

    URLs that begin with one of the spider's `documented_apis` are exempt, and so is the tdmrep.json of their host.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._files = HostFiles.of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        role = request.meta.get("role")
        if role is Role.ROBOTS or (role is Role.TDMREP and request.meta["exempt"]):
            return
        host = origin(request.url)
        if not host:
            raise Refusal(Outcome.BAD_URL, f"found {request.url[:60]!r}, expected an http or https URL with a host")
        if self._files.is_exempt(request.url):
            request.meta["exempt"] = True
            return
        if not parse(await self._files.robots_txt(host)).can_fetch(request.url, AGENT):
            raise Refusal(Outcome.ROBOTS, f"disallowed by {host}{PATHS[Role.ROBOTS]}")
