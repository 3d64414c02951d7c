"""Spiders that ask for one page after the other, so that what they find cannot depend on which answer came first.

A limit counts images and a depth counts steps from the start: with pages under way side by side, both would cut at
another place each time. A polite crawl asks a host for a page at a time anyhow; images are fetched meanwhile.
"""

import logging
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urldefrag

from pydantic import Field
from scrapy.http import Request

from crawler.archive.schemas import FacadeImage
from crawler.kind import SourceParams
from crawler.spider import FacadeSpider, Found, Page

if TYPE_CHECKING:
    from twisted.python.failure import Failure

log = logging.getLogger(__name__)


class SequentialParams(SourceParams):
    """What every kind that walks has."""

    limit: int = Field(1000, ge=1, description="at most this many images")


class AnyHostParams(SequentialParams):
    """What every kind has whose hosts the entry names."""

    allow_private: bool = Field(False, description="whether its hosts may be on your own network")


class PageQueue:
    """How far a walk has come. It moves on with every page, and every page is parsed once."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: list[tuple[int, int, Request]] = []  # a heap: by priority, then as they were found
        self._pages: set[str] = set()  # URLs that were asked for, or wait
        self._images: set[str] = set()  # URLs that were found

    def take(self, found: Found) -> Iterator[FacadeImage]:
        """Give the images, up to the limit; let the requests wait, but those for pages that were found before."""
        for one in found:
            if isinstance(one, Request):
                url = urldefrag(one.url)[0]
                if url not in self._pages:
                    heappush(self._waiting, (-one.priority, len(self._pages), one))
                    self._pages.add(url)
            elif one.image_url in self._images or len(self._images) < self._limit:
                self._images.add(one.image_url)
                yield one

    def upcoming(self) -> Request | None:
        """The page to ask for now; None at the end."""
        if not self._waiting or len(self._images) >= self._limit:
            return None
        return heappop(self._waiting)[2]


P = TypeVar("P", bound=SequentialParams)


class SequentialSpider(FacadeSpider[P]):
    """A kind that walks: it has `starts` instead of first requests.

    Its parse functions give requests and images as any spider's do. A page waits for those of higher priority and for
    those that were found before it. One that brings nothing, or cannot be read, is passed over.
    """

    @classmethod
    def expected(cls, params: P) -> int:
        return params.limit

    @abstractmethod
    def starts(self) -> Iterable[Request]:
        """Where the walk begins."""

    def first_requests(self) -> Found:
        return self._on(PageQueue(self.params.limit), self.starts())

    def step(self, response: Page, walk: PageQueue, parse: Callable[..., Found], **arguments: Any) -> Found:
        """Parse a page, then go on to the next."""
        return self._on(walk, self._parsed(response, parse, **arguments))

    def skip(self, failure: "Failure") -> Found:
        """A page brought nothing: go on to the next."""
        return self._on(failure.request.cb_kwargs["walk"], ())  # type: ignore[attr-defined]  # Scrapy sets it

    def _parsed(self, response: Page, parse: Callable[..., Found], **arguments: Any) -> Found:
        try:
            yield from parse(response, **arguments)
        except Exception as error:
            log.warning("%s: %s cannot read this page: %r", response.url, self.name, error)

    def _on(self, walk: PageQueue, found: Found) -> Found:
        yield from walk.take(found)
        if upcoming := walk.upcoming():
            yield upcoming.replace(
                callback=self.step,
                errback=self.skip,
                cb_kwargs={**upcoming.cb_kwargs, "walk": walk, "parse": upcoming.callback},
                dont_filter=True,  # the walk itself goes nowhere twice; a redirect back must not end it
            )
