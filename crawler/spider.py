"""The base of every kind that crawls a site."""

from abc import abstractmethod
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any, ClassVar, Generic, Self, TypeAlias, TypeVar

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Request, Response

from crawler.archive.schemas import FacadeImage
from crawler.archive.writer import ArchiveWriter
from crawler.kind import SourceParams

P = TypeVar("P", bound=SourceParams)

Page: TypeAlias = Any
"""What a parse function gets: a `scrapy.http.TextResponse`. Scrapy's types only know callbacks of `Response`."""

Found: TypeAlias = Iterable[Request | FacadeImage]
"""What a parse function gives: images that it found, and further pages to ask for."""


class FacadeSpider(Spider, Generic[P]):
    """A kind that crawls: a `name`, its `Params`, the first requests, and functions from a response to what it holds.

    The parse functions are pure: they read the response and nothing else, for they run again over the archive, without
    the network, at every extraction. Everything else is done here and in `crawler.transport`: the images themselves,
    the archive, resuming, robots.txt, pace, retries, redirects, limits.

    """

    Params: ClassVar[type[SourceParams]]
    documented_apis: ClassVar[tuple[str, ...]] = ()
    """URL prefixes that an API policy governs and not robots.txt. docs/sources.md says which and why."""
    slots: ClassVar[Mapping[str, Mapping[str, float]]] = {}
    """Host to {"delay": seconds, "concurrency": n}, as a site's rules ask. The user's limits win where gentler."""
    is_local: ClassVar[bool] = False
    """Whether the site is ours: it needs no contact and no delay, and its address may be private."""

    def __init__(
        self, *, source: str = "", params: P | None = None, writer: ArchiveWriter | None = None, **arguments: Any
    ) -> None:
        """Without `params`, they are made of `arguments`: `scrapy crawl KIND -a name=value`."""
        super().__init__(self.name)
        self.source = source or self.name
        self.params: P = params or self.Params(kind=self.name, **arguments)  # type: ignore[assignment]
        self.writer = writer
        self.allow_private = self.is_local or getattr(self.params, "allow_private", False)
        self.proxy: str | None = None
        self.resources = ExitStack()

    @abstractmethod
    def first_requests(self) -> Found:
        """Where the crawl begins."""

    def serving(self) -> AbstractContextManager[str | None]:
        """Held while the spider runs; gives the HTTP proxy through which it reaches its site, None for none."""
        return nullcontext()

    def status(self, response: Response) -> int:
        """The HTTP status that a response amounts to: there are APIs that say in a 200 that they are busy."""
        return response.status

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
