"""Spiders that ask for one page after the other, so that what they find cannot depend on which answer came first.

A limit counts images and a depth counts steps from the start: with pages under way side by side, both would cut at
another place each time. A polite crawl asks a host for a page at a time anyhow; images are fetched meanwhile.
"""

import logging
from abc import abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urldefrag

from pydantic import Field
from scrapy.http import Request
from twisted.python.failure import Failure

from crawler.source import SourceParams
from crawler.spider import FacadeSpider, Found, Page

log = logging.getLogger(__name__)


class WalkParams(SourceParams):
    """What every kind that walks has."""

    limit: int = Field(1000, ge=1, description="at most this many images")


class AnyHostParams(WalkParams):
    """What every kind has whose hosts the entry names."""

    allow_private: bool = Field(False, description="whether its hosts may be on your own network")


@dataclass(frozen=True, slots=True)
class Walk:
    """How far a walk has come."""

    waiting: tuple[Request, ...] = ()  # in the order in which they will be asked for
    pages: frozenset[str] = frozenset()  # URLs that were asked for, or wait
    images: frozenset[str] = frozenset()  # URLs that were found


P = TypeVar("P", bound=WalkParams)


class WalkingSpider(FacadeSpider[P]):
    """A kind that walks: it has `starts` instead of the first requests.

    Its parse functions give requests and images as any spider's do. A page waits until those that were found before it
    are done, or those of lower `priority`; one that was found already, fails or cannot be read is passed over.
    """

    @classmethod
    def expected(cls, params: P) -> int:
        return params.limit

    @abstractmethod
    def starts(self) -> Iterable[Request]:
        """Where the walk begins."""

    def first_requests(self) -> Found:
        return self._on(Walk(), self.starts())

    def step(self, response: Page, walk: Walk, parse: Callable[..., Found], **arguments: Any) -> Found:
        """Parse a page, then go on to the next."""
        return self._on(walk, self._parsed(response, parse, **arguments))

    def skip(self, failure: Failure) -> Found:
        """A page brought nothing: go on to the next."""
        return self._on(failure.request.cb_kwargs["walk"], ())  # type: ignore[attr-defined]  # Scrapy sets it

    def _parsed(self, response: Page, parse: Callable[..., Found], **arguments: Any) -> Found:
        try:
            yield from parse(response, **arguments)
        except Exception as error:
            log.warning("%s: %s cannot read this page: %r", response.url, self.name, error)

    def _on(self, walk: Walk, found: Found) -> Found:
        waiting, pages, images = list(walk.waiting), set(walk.pages), set(walk.images)
        for one in found:
            if isinstance(one, Request):
                url = urldefrag(one.url)[0]
                if url not in pages:
                    pages.add(url)
                    waiting.append(one)
            elif one.image_url in images or len(images) < self.params.limit:
                images.add(one.image_url)
                yield one
        if waiting and len(images) < self.params.limit:
            upcoming, *others = sorted(waiting, key=lambda request: -request.priority)
            so_far = Walk(tuple(others), frozenset(pages), frozenset(images))
            yield upcoming.replace(
                callback=self.step,
                errback=self.skip,
                cb_kwargs={**upcoming.cb_kwargs, "walk": so_far, "parse": upcoming.callback},
                dont_filter=True,  # the walk itself goes nowhere twice; a redirect that led back would end it
            )
