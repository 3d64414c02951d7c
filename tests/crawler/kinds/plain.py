"""A kind for tests that follows every link and takes every picture. It is added as a user adds a kind."""

import os

from pydantic import Field
from scrapy.http import Request

from crawler.archive.schemas import FacadeImage
from crawler.kind import SourceParams
from crawler.spider import FacadeSpider, Found, Page


class PlainParams(SourceParams):
    url: str = Field(description="the first page")
    allow_private: bool = Field(False, description="whether it may be on loopback")


class Plain(FacadeSpider[PlainParams]):
    name = "plain"
    Params = PlainParams
    documented_apis = tuple(filter(None, (os.environ.get("EXEMPT"),)))

    def first_requests(self) -> Found:
        yield Request(self.params.url, self.parse)

    def parse(self, response: Page) -> Found:
        for image in response.css("img"):
            yield FacadeImage(
                image_url=source if "://" in (source := image.attrib["src"]) else response.urljoin(source),
                page_url=response.url,
                title=image.attrib.get("title", ""),
                license=image.attrib.get("license", ""),
            )
        yield from response.follow_all(css="a", callback=self.parse)
