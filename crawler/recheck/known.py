"""Find images in the archived pages of a source, each with the pages that describe it."""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from scrapy.http import Request

from common.published import public_url
from crawler.archive.fetches import Fetch
from crawler.archive.responses import address, response
from crawler.archive.schemas import FacadeImage, Role
from crawler.recheck.question import Known, url_of
from crawler.replay import archived_page, parsed
from crawler.sequential import SequentialSpider
from crawler.spider import FacadeSpider


def known_images(
    spider: FacadeSpider[Any], archive: Path, fetches: Mapping[tuple[Role, str], Fetch], wanted: Mapping[str, str]
) -> dict[str, Known]:
    """Return the wanted images that the parse functions of `spider` find in an archive, by URL.

    Args:
        spider: of the kind that made the archive.
        archive: a finished archive.
        fetches: the last fetch of each URL in it.
        wanted: image URL to the URL of the page that is said to describe it, without credentials; it chooses one of
            several pages.
    """
    starts = spider.starts() if isinstance(spider, SequentialSpider) else spider.first_requests()
    waiting: deque[tuple[Request | FacadeImage, tuple[Request, ...]]] = deque((start, ()) for start in starts)
    seen: set[str] = set()
    known: dict[str, Known] = {}
    while waiting:
        found, pages = waiting.popleft()
        if isinstance(found, FacadeImage):
            _add(known, found, pages, wanted)
            continue
        url = url_of(found)
        page = archived_page(spider, fetches, url)
        if url in seen or page is None or not page.stored:
            continue
        seen.add(url)
        found = found.replace(callback=found.callback or spider.parse)
        pages = (*pages, found) if _has_details(found) else (found,)
        waiting.extend((one, pages) for one in parsed(spider, response(archive, page, found)))
    return known


def _add(known: dict[str, Known], image: FacadeImage, pages: tuple[Request, ...], wanted: Mapping[str, str]) -> None:
    try:
        url = address(image.image_url)
    except ValueError:
        return
    if url in wanted and (url not in known or _is_at(image, wanted[url]) > _is_at(known[url].image, wanted[url])):
        known[url] = Known(replace(image, image_url=url), pages)


def _is_at(image: FacadeImage, page_url: str) -> bool:
    return public_url(image.page_url) == page_url


def _has_details(request: Request) -> bool:
    """Return whether a request brings the details of an image from the page before: that page describes it."""
    return any(isinstance(value, FacadeImage) for value in request.cb_kwargs.values())
