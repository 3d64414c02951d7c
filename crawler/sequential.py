"""Spiders that request one page at a time, so that their result does not depend on the order of responses.

A limit counts images and a depth counts links from the start. With concurrent pages both would cut at a different
place each time. A polite crawl requests one page at a time from a host anyway; images are fetched concurrently.
"""

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


class SequentialParams(SourceParams):
    """Parameters of every sequential kind."""

    limit: int = Field(1000, ge=1, description="at most this many images")


class AnyHostParams(SequentialParams):
    """Parameters of every sequential kind whose entry names the hosts."""

    allow_private: bool = Field(False, description="whether its hosts may be on your own network")


class PageQueue:
    """The pages that wait to be requested, and the images found so far. Each page is requested once."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: list[tuple[int, int, Request]] = []  # a heap by (priority, order of discovery)
        self._pages: set[str] = set()  # URLs that were requested or are waiting
        self._images: set[str] = set()  # URLs that were found

    def take(self, found: Found) -> Iterator[FacadeImage]:
        """Yield the images up to the limit, and queue the requests of pages that were not found before."""
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
        """Return the next page to request, or None at the end."""
        if not self._waiting or len(self._images) >= self._limit:
            return None
        return heappop(self._waiting)[2]


P = TypeVar("P", bound=SequentialParams)


class SequentialSpider(FacadeSpider[P]):
    """A kind that requests one page at a time: it defines `starts` instead of `first_requests`.

    Its parse functions yield requests and images like those of any spider. Pages are requested by priority, then in
    the order in which they were found. A page that cannot be fetched or parsed is skipped.
    """

    @classmethod
    def expected(cls, params: P) -> int:
        return params.limit

    @abstractmethod
    def starts(self) -> Iterable[Request]:
        """Return the first pages to request."""

    def first_requests(self) -> Found:
        return self._continue(PageQueue(self.params.limit), self.starts())

    def step(self, response: Page, page_queue: PageQueue, parse: Callable[..., Found], **arguments: Any) -> Found:
        """Parse a page, then request the next one."""
        return self._continue(page_queue, self.parsed(response, parse, **arguments))

    def skip(self, failure: "Failure") -> Found:
        """Request the next page after one that could not be fetched."""
        return self._continue(failure.request.cb_kwargs["page_queue"], ())  # type: ignore[attr-defined]  # Scrapy sets it

    def _continue(self, page_queue: PageQueue, found: Found) -> Found:
        yield from page_queue.take(found)
        if upcoming := page_queue.upcoming():
            yield upcoming.replace(
                callback=self.step,
                errback=self.skip,
                cb_kwargs={**upcoming.cb_kwargs, "page_queue": page_queue, "parse": upcoming.callback},
                dont_filter=True,  # the queue contains no page twice; a redirect back to one must not end the crawl
            )
