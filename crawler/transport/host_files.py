"""robots.txt and tdmrep.json of each host, requested once: a Scrapy extension that middlewares share."""

import asyncio
import logging
from contextlib import suppress
from typing import Self

from scrapy.crawler import Crawler
from scrapy.http import Request
from scrapy.http.request import NO_CALLBACK

from crawler.archive.host_files import PATHS, has_none, origin
from crawler.archive.schemas import Role
from crawler.rights import robots_txt
from crawler.rights.finding import AGENT, Finding
from crawler.rights.reservation import reservation
from crawler.rights.signals import of_robots_txt, of_tdmrep, reserves_nothing
from crawler.transport.hosts import Hosts
from crawler.transport.refusal import Refusal, refusal

log = logging.getLogger(__name__)

LONG_DELAY = 60  # seconds between two requests from which on a person should know

_DISALLOW_ALL = b"User-agent: *\nDisallow: /"


class HostFiles:
    """The files of every host. Each is requested when it is first needed, and once."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._robots: dict[str, asyncio.Task[bytes]] = {}
        self._tdmrep: dict[str, asyncio.Task[bytes | None]] = {}
        self._silent: set[str] = set()  # hosts whose files reserve no URL at all

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    @classmethod
    def of(cls, crawler: Crawler) -> Self:
        """Return the instance that belongs to `crawler`."""
        files = crawler.get_extension(cls)
        assert files is not None, "scrapy_settings.EXTENSIONS enables it"
        return files

    async def robots_txt(self, host: str) -> bytes:
        """Return the robots.txt of a host (an `origin`): empty without one, all disallowed on a server error.

        Raises:
            Refusal: the host cannot be reached.
        """
        if host not in self._robots:
            self._robots[host] = asyncio.ensure_future(self._read_robots_txt(host))
        return await self._robots[host]

    def is_exempt(self, url: str) -> bool:
        """Return whether `url` belongs to a documented API of the spider, which is not held to robots.txt."""
        return url.startswith(tuple(getattr(self._crawler.spider, "documented_apis", ())))

    async def reservation(self, url: str) -> Finding | None:
        """Return what reserves an image or a page in the files of its host.

        None if nothing does, or if they cannot be read.
        """
        host = origin(url)
        if not host or host in self._silent:
            return None
        is_exempt = self.is_exempt(url)
        if host not in self._tdmrep:
            self._tdmrep[host] = asyncio.ensure_future(self._read_tdmrep(host, is_exempt=is_exempt))
        tdmrep = await self._tdmrep[host]
        found = of_tdmrep(tdmrep, url)
        if not is_exempt:
            with suppress(Refusal):
                robots = await self.robots_txt(host)
                found += of_robots_txt(robots, url)
                if reserves_nothing(robots, tdmrep):
                    self._silent.add(host)
        return reservation(found)

    async def _read_robots_txt(self, host: str) -> bytes:
        """Read a robots.txt (RFC 9309, 2.3.1), and apply its Crawl-delay to the host."""
        try:
            content = await self._fetch(host, Role.ROBOTS)
        except Exception as error:
            end = refusal(error)
            if end.status is None:
                raise Refusal(end.outcome, f"robots.txt: {end.detail}", unreachable=end.unreachable) from error
            return b"" if has_none(Role.ROBOTS, end.status) else _DISALLOW_ALL
        if delay := robots_txt.parse(content).crawl_delay(AGENT):
            queue = Hosts.of(self._crawler).queue(host)
            queue.delay = max(queue.delay, delay)
            if delay > LONG_DELAY:
                log.warning(
                    "%s%s: found Crawl-delay %g, which is obeyed: one request every %g seconds; "
                    "a smaller `limit`, or a source without this host, ends sooner",
                    host, PATHS[Role.ROBOTS], delay, delay,
                )  # fmt: skip
        return content

    async def _read_tdmrep(self, host: str, *, is_exempt: bool) -> bytes | None:
        """Read a tdmrep.json: empty if the host has none, None if that cannot be known."""
        try:
            return await self._fetch(host, Role.TDMREP, exempt=is_exempt)
        except Exception as error:
            return b"" if has_none(Role.TDMREP, refusal(error).status) else None

    async def _fetch(self, host: str, role: Role, **meta: object) -> bytes:
        request = Request(host + PATHS[role], callback=NO_CALLBACK, priority=1000, meta={"role": role, **meta})
        response = await self._crawler.engine.download_async(request)
        return bytes(response.body)
