"""Walking: one page after the other, whatever becomes of each."""

from collections.abc import Iterator

import pytest
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, TextResponse
from twisted.python.failure import Failure

from crawler.archive.schemas import FacadeImage
from crawler.sequential import SequentialParams, SequentialSpider
from tests.crawler.conftest import Crawls, Site

pytestmark = pytest.mark.integration

HOST = "https://walk.example.org/"


class Plan(SequentialSpider[SequentialParams]):
    """A page is lines of `page NAME [PRIORITY]` and `image NAME`; any other line cannot be read."""

    name = "plan"
    Params = SequentialParams

    def starts(self) -> Iterator[Request]:
        yield Request(HOST + "start", self.parse)

    def parse(self, response):
        for line in response.text.splitlines():
            what, name, *priority = line.split()
            if what == "image":
                yield FacadeImage(HOST + name, page_url=response.url)
            else:
                yield Request(HOST + name, self.parse, priority=int(*priority))


def walked(pages, limit=1000):
    """Names of the pages that were asked for and of the images that were found, in order."""
    spider = Plan(params=SequentialParams(kind="plan", limit=limit))
    asked, images = [], []
    waiting = list(spider.first_requests())
    while waiting:
        found = waiting.pop(0)
        if isinstance(found, FacadeImage):
            images.append(found.image_url.removeprefix(HOST))
            continue
        assert not any(isinstance(other, Request) for other in waiting), "two pages at a time"
        name = found.url.removeprefix(HOST)
        asked.append(name)
        if name in pages:
            response = TextResponse(found.url, body=pages[name].encode())
            assert found.callback is not None
            waiting += found.callback(response, **found.cb_kwargs)
        else:
            failure = Failure(IgnoreRequest("nothing there"))
            failure.request = found  # type: ignore[attr-defined]  # as Scrapy does
            assert found.errback is not None
            waiting += found.errback(failure)
    return asked, images


def test_visits_pages_in_the_order_in_which_they_were_found() -> None:
    pages = {"start": "page a\npage b", "a": "page c\nimage 1", "b": "image 2", "c": "image 3"}
    assert walked(pages) == (["start", "a", "b", "c"], ["1", "2", "3"])


def test_a_higher_priority_comes_first() -> None:
    pages = {"start": "page a\npage b 1\npage c 1", "a": "", "b": "page d 1", "c": "", "d": ""}
    assert walked(pages)[0] == ["start", "b", "c", "d", "a"]


def test_requests_no_page_twice() -> None:
    pages = {"start": "page a\npage start\npage a", "a": "page start\nimage 1\npage start#part"}
    assert walked(pages) == (["start", "a"], ["1"])


@pytest.mark.parametrize(
    ("limit", "asked"), [(1, ["start"]), (2, ["start"]), (3, ["start", "a"]), (4, ["start", "a", "b"])]
)
def test_ends_at_the_limit(limit, asked):
    pages = {"start": "page a\npage b\nimage 1\nimage 2", "a": "image 3", "b": "image 4\nimage 5"}
    assert walked(pages, limit) == (asked, [str(number + 1) for number in range(limit)])


def test_an_image_that_is_found_again_is_given_again_but_counts_once() -> None:
    pages = {"start": "image 1\npage a", "a": "image 1\nimage 2\nimage 1\nimage 3"}
    assert walked(pages, 2)[1] == ["1", "1", "2", "1"]


@pytest.mark.parametrize("page", [None, "what is this", "image 9\nwhat"], ids=["gone", "unreadable", "half readable"])
def test_a_missing_or_unreadable_page_does_not_end_a_crawl(page):
    pages = {"start": "page bad\npage good", "good": "image 1"} | ({} if page is None else {"bad": page})
    asked, images = walked(pages)
    assert asked == ["start", "bad", "good"]
    assert images == (["9", "1"] if page and page.startswith("image") else ["1"])


def test_a_crawl_goes_on_to_the_end_of_a_long_listing(site: Site, crawl: Crawls) -> None:
    """With a page at a time, there are moments when only Scrapy's own bookkeeping knows that there is more to come."""
    for number in range(60):
        body = f'<a rel="next" href="/{number + 1}">next</a><img src="/{number}.jpg">'
        site.pages[f"/{number}"] = site.answer(body.encode(), headers={"Content-Type": "text/html"})
        site.pages[f"/{number}.jpg"] = site.jpeg(number, 800)
    done = crawl({"kind": "site", "start": f"{site.url}/0", "allow_private": True})
    assert done.returncode == 0, done.errors
    assert len(done.images) == 60
