"""The demo town: a small site of drawn facades, served on loopback while it is crawled."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Self

from pydantic import Field
from scrapy.http import Request

from crawler.archive.schemas import FacadeImage
from crawler.kind import SourceParams
from crawler.spider import FacadeSpider, Found, Page


class DemoParams(SourceParams):
    """`{kind: demo, buildings: 200, seed: 7}`"""

    seed: int = Field(7, ge=0, description="number of the town: the same seed draws the same facades")
    buildings: int = Field(
        1200,
        ge=20,
        le=100_000,
        description="number of buildings; about a fifth more images are dirt, as in a real crawl",
    )

    def limited_to(self, images: int) -> Self:
        return self.model_copy(update={"buildings": max(20, images)})


class Demo(FacadeSpider[DemoParams]):
    name = "demo"
    Params = DemoParams
    is_local = True

    @classmethod
    def expected(cls, params: DemoParams) -> int:
        return round(params.buildings * 1.18)

    def serving(self) -> AbstractContextManager[str]:
        from crawler.spiders.demo.town.items import Town
        from crawler.spiders.demo.town.server import serve

        return serve(Town(self.params.seed, self.params.buildings))

    def first_requests(self) -> Iterator[Request]:
        yield Request("http://demo-town.invalid/", self.parse)

    def parse(self, response: Page) -> Found:
        yield from response.follow_all(css="ul.districts a", callback=self.parse_district)

    def parse_district(self, response: Page) -> Found:
        yield from response.follow_all(css="ul.buildings li a", callback=self.parse_building)
        yield from response.follow_all(css="a[rel=next]", callback=self.parse_district)

    def parse_building(self, response: Page) -> Found:
        license_link = response.css("a[rel=license]")
        for source in response.css("figure img.photo::attr(src)").getall():
            yield FacadeImage(
                image_url=response.urljoin(source),
                page_url=response.url,
                title=response.css("h1.title::text").get("").strip(),
                author=response.css(".author::text").get("").strip(),
                license=(license_link.css("::text").get() or response.css(".rights::text").get("")).strip(),
                license_url=license_link.css("::attr(href)").get(""),
                tags=tuple(response.css("ul.tags li::text").getall()),
            )
