"""The base class of every kind that crawls a site."""

import logging
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any, ClassVar, Generic, Self, TypeAlias, TypeVar

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Request, Response

from crawler.archive.schemas import FacadeImage
from crawler.archive.writer import ArchiveWriter
from crawler.kind import SourceParams
from crawler.recheck.question import Known, Question, page_questions

log = logging.getLogger(__name__)

P = TypeVar("P", bound=SourceParams)

Page: TypeAlias = Any
"""The argument of a parse function: a `scrapy.http.TextResponse`. Scrapy types callbacks with `Response` only."""

Found: TypeAlias = Iterable[Request | FacadeImage]
"""The result of a parse function: the images that it found, and further pages to request."""


class FacadeSpider(Spider, Generic[P]):
    """A kind that crawls: a `name`, its `Params`, the first requests, and parse functions.

    The parse functions are pure: they read the response and nothing else, because every extraction runs them again
    over the archive, offline. This class and `crawler.transport` do everything else: fetching images, the archive,
    resuming, robots.txt, delays, retries, redirects and limits.

    """

    Params: ClassVar[type[SourceParams]]
    documented_apis: ClassVar[tuple[str, ...]] = ()
    """URL prefixes of documented APIs, which are exempt from robots.txt. docs/sources.md names the policy of each."""
    slots: ClassVar[Mapping[str, Mapping[str, float]]] = {}
    """Host to {"delay": seconds, "concurrency": n}, from the rules of a site. Stricter limits of the user win."""
    answers_for_files: ClassVar[bool] = False
    """Whether the answers to `questions` name every file that still exists, with its SHA-1 as a tag."""
    is_local: ClassVar[bool] = False
    """Whether this project serves the site: it needs no contact and no delay, and its address may be private."""

    def __init__(
        self, *, source: str = "", params: P | None = None, writer: ArchiveWriter | None = None, **arguments: Any
    ) -> None:
        """Without `params`, make them from `arguments`: `scrapy crawl KIND -a name=value`."""
        super().__init__(self.name)
        self.source = source or self.name
        self.params: P = params or self.Params(kind=self.name, **arguments)  # type: ignore[assignment]
        self.writer = writer
        self.allow_private = self.is_local or getattr(self.params, "allow_private", False)
        self.proxy: str | None = None
        self.resources = ExitStack()

    @abstractmethod
    def first_requests(self) -> Found:
        """Return the first requests of the crawl."""

    def serving(self) -> AbstractContextManager[str | None]:
        """Return a context that is active while the spider runs. Its value is the HTTP proxy of the site, or None."""
        return nullcontext()

    def parsed(self, page: Page, parse: Callable[..., Found], /, **arguments: Any) -> Found:
        """Yield what a parse function finds on a page. If it fails, log the page and keep what it found before."""
        try:
            yield from parse(page, **arguments)
        except Exception as error:
            log.warning("%s: %s cannot parse this page: %r", page.url, self.name, error)

    def status(self, response: Response) -> int:
        """Return the effective HTTP status: some APIs report an overload in a response with status 200."""
        return response.status

    def questions(self, images: Iterable[Known]) -> Iterator[Question]:
        """Return what a recheck asks about images of this source: each page that shows some of them, once."""
        return page_questions(iter(images))

    def older_urls(self, url: str) -> Iterable[str]:
        """Return the URLs at which earlier versions of this kind requested the same page, for archives of that time."""
        return ()

    @classmethod
    def expected(cls, params: P) -> int | None:
        return None

    @classmethod
    def check(cls, source: str, params: P, writer: ArchiveWriter) -> None:
        """Check what the entry names on this machine, before the crawl starts.

        Raises:
            UserError: A file that `params` names cannot be read. The message names `source`.
        """

    async def start(self) -> AsyncIterator[Request | FacadeImage]:
        for found in self.first_requests():
            yield found

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.proxy = spider.resources.enter_context(spider.serving())
        crawler.signals.connect(spider.resources.close, signals.spider_closed)
        return spider
