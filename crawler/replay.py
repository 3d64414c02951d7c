"""Run the parse functions of a spider over an archive, offline."""

import logging
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag

from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response
from twisted.python.failure import Failure

from crawler.archive.fetches import Fetch, Key
from crawler.archive.responses import address, response
from crawler.archive.schemas import FacadeImage, Role
from crawler.kind import StoredImage
from crawler.spider import FacadeSpider

log = logging.getLogger(__name__)


def replay(spider: FacadeSpider[Any], archive: Path, fetches: Mapping[Key, Fetch]) -> Iterator[StoredImage]:
    """Yield every image that the parse functions of `spider` find in an archive and whose bytes are stored.

    `fetches` has the last fetch of each role and URL in the archive. Uses no reactor and no network. Pages that are
    missing are counted and logged once; a page that cannot be parsed is logged.
    """
    waiting: deque[tuple[Request | FacadeImage, Fetch | None]] = deque((one, None) for one in spider.first_requests())
    seen: set[str] = set()
    absent = 0
    while waiting:
        found, shown_on = waiting.popleft()
        if isinstance(found, FacadeImage):
            fetch = _image(fetches, found)
            if fetch is not None and fetch.stored:
                yield StoredImage(replace(found, image_url=fetch.url), fetch, shown_on)
            continue
        url = urldefrag(found.url)[0]
        if url in seen:
            continue
        seen.add(url)
        page = archived_page(spider, fetches, url)
        absent += page is None
        if page is not None and page.stored:
            waiting.extend((one, page) for one in parsed(spider, response(archive, page, found)))
        elif found.errback is not None:
            waiting.extend((one, None) for one in found.errback(_failure(found)))
    if absent:
        log.warning(
            "%s: the archive lacks %d pages that the parser requests now; a new snapshot would contain them",
            archive,
            absent,
        )


def archived_page(spider: FacadeSpider[Any], fetches: Mapping[Key, Fetch], url: str) -> Fetch | None:
    """Return the fetch of a page, at its URL or at one by which an earlier version requested it."""
    requested = (fetches.get((Role.PAGE, one)) for one in (url, *spider.older_urls(url)))
    return next(filter(None, requested), None)


def parsed(spider: FacadeSpider[Any], page: Response) -> Iterable[Request | FacadeImage]:
    """Yield what the parse function of a page finds; see `FacadeSpider.parsed`."""
    assert page.request is not None
    return spider.parsed(page, page.request.callback or spider.parse, **page.request.cb_kwargs)


def _failure(request: Request) -> Failure:
    """Return the failure that Scrapy passes to the errback of a request without a response."""
    failure = Failure(IgnoreRequest("nothing was stored"))  # type: ignore[no-untyped-call]
    failure.request = request  # type: ignore[attr-defined]  # as Scrapy does
    return failure


def _image(fetches: Mapping[Key, Fetch], found: FacadeImage) -> Fetch | None:
    try:
        return fetches.get((Role.IMAGE, address(found.image_url)))
    except ValueError:
        return None
