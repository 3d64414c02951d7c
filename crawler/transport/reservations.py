"""Refuses images that their page or their host reserves from AI use, before they are downloaded."""

from typing import Self

from scrapy.crawler import Crawler
from scrapy.http import Request, Response

from crawler.archive.schemas import Outcome, Role
from crawler.rights.reservation import describe, of_page_response, reservation
from crawler.transport.exchange import header_pairs
from crawler.transport.host_files import HostFiles
from crawler.transport.refusal import Refusal

RESERVED = "reserved"
"""The key in a request's meta with the reservation of the page that shows the image."""


class ReservationRule:
    """Downloader middleware that refuses reserved images."""

    def __init__(self, crawler: Crawler) -> None:
        self._files = HostFiles.of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if request.meta.get("role") is not Role.IMAGE:
            return
        if by_page := request.meta.get(RESERVED):
            raise Refusal(Outcome.OPT_OUT, by_page)
        if found := await self._files.reservation(request.url):
            raise Refusal(Outcome.OPT_OUT, f"reserved by {describe(found)}")


async def of_page(response: Response, files: HostFiles) -> str:
    """Return what reserves the images of a page, in words: its headers, its HTML, or the files of its host."""
    found = reservation(of_page_response(header_pairs(response.headers), response.body, response.url))
    if found is None:
        found = await files.reservation(response.url)
    return f"reserved by {describe(found)} of {response.url}" if found else ""
