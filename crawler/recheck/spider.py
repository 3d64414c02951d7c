"""The spider of a recheck: the kind's own spider, with other requests."""

from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

from scrapy.http import Request, Response
from scrapy.http.request import NO_CALLBACK
from twisted.python.failure import Failure

from crawler.archive.schemas import FacadeImage, Role
from crawler.recheck.question import Question, url_of
from crawler.spider import FacadeSpider
from crawler.transport.host_files import HostFiles

PAGES_FIRST = 2
"""Priority of a page: pages are requested one by one, and images meanwhile."""


def recheck_spider(
    chosen: type[FacadeSpider[Any]], questions: Iterable[Question], images: Iterable[str]
) -> type[FacadeSpider[Any]]:
    """Return a spider with the hosts, limits and exemptions of the kind `chosen` that asks `questions`.

    Pages are requested one after the other, as most kinds crawl them. Of `images`, which are URLs, only the headers
    are requested.
    """
    waiting = deque((question, question.request) for question in questions)
    requested = {url_of(request) for _, request in waiting}

    class Recheck(chosen):  # type: ignore[valid-type,misc]  # chosen at run time
        sends_head = True

        async def start(self) -> AsyncIterator[Request | FacadeImage]:
            for page in self._next():
                yield page
            for url in images:
                yield Request(url, method="HEAD", callback=NO_CALLBACK, priority=1, meta={"role": Role.IMAGE})

        async def answered(self, response: Response, question: Question, request: Request) -> AsyncIterator[Request]:
            await HostFiles.of(self.crawler).reservation(response.url)  # requests the files of the page's host
            try:
                further = [found for found in question.read(request, response) if isinstance(found, Request)]
            except Exception:  # a parse function may raise anything; the verdict on its images names the error
                further = []
            for page in reversed(further):
                if url_of(page) not in requested:
                    requested.add(url_of(page))
                    waiting.appendleft((question, page))
            for page in self._next():
                yield page

        def failed(self, failure: Failure) -> Iterator[Request]:
            yield from self._next()

        def _next(self) -> Iterator[Request]:
            if waiting:
                question, request = waiting.popleft()
                yield request.replace(
                    callback=self.answered,
                    errback=self.failed,
                    cb_kwargs={"question": question, "request": request},
                    priority=PAGES_FIRST,
                    dont_filter=True,
                )

    return Recheck
