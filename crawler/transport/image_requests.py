"""Spider middleware that makes requests of the images that a spider finds."""

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.http import Request, Response
from scrapy.http.request import NO_CALLBACK

from crawler.archive.fetches import Fetch
from crawler.archive.responses import address
from crawler.archive.schemas import FacadeImage, Outcome, Role
from crawler.archive.writer import ArchiveWriter
from crawler.transport.host_files import HostFiles
from crawler.transport.reservations import RESERVED, of_page

log = logging.getLogger(__name__)

LONGEST_URL = 2_000  # characters of a malformed URL that are recorded; a data: URL may contain a whole image


class ImageRequests:
    """Replaces each `FacadeImage` by a request. Images go before further pages, so that the queue stays short."""

    def __init__(self, writer: ArchiveWriter, files: HostFiles) -> None:
        self._writer = writer
        self._files = files
        self._bad: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.spider.writer, HostFiles.of(crawler))  # type: ignore[union-attr]

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        async for found in start:
            if (request := self._request(found)) is not None:
                yield request

    async def process_spider_output(self, response: Response, result: AsyncIterator[Any]) -> AsyncIterator[Any]:
        reserved: str | None = None  # by what; not known before the first image is found
        async for found in result:
            if (request := self._request(found)) is None:
                continue
            if isinstance(found, FacadeImage):
                reserved = await of_page(response, self._files) if reserved is None else reserved
                request.meta[RESERVED] = reserved
            yield request

    def process_spider_exception(self, response: Response, exception: Exception) -> list[Any]:
        log.warning("%s: cannot parse this page: %r", response.url, exception)
        return []  # keep what the page yielded before; extraction logs the same warning

    def _request(self, found: Any) -> Any:
        if not isinstance(found, FacadeImage):
            return found
        try:
            url = address(found.image_url)
            if not url.startswith(("http://", "https://")):
                raise ValueError(f"found {found.image_url[:40]!r}, expected an http or https URL")
        except ValueError as error:
            self._end(found.image_url[:LONGEST_URL], str(error))
            return None
        if self._writer.find(Role.IMAGE, url):
            return None
        return Request(url, callback=NO_CALLBACK, priority=1, meta={"role": Role.IMAGE})

    def _end(self, url: str, detail: str) -> None:
        now = datetime.now(UTC)
        if url not in self._bad and not self._writer.find(Role.IMAGE, url):
            self._bad.add(url)
            self._writer.end(Fetch(url, Role.IMAGE, Outcome.BAD_URL, first_at=now, last_at=now, detail=detail))
