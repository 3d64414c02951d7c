"""Any gallery on the web, without code: a start page, and CSS selectors if its HTML is not recognised."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated
from urllib.parse import urlsplit

from cssselect import SelectorError
from parsel.csstranslator import css2xpath
from pydantic import BeforeValidator, Field, StringConstraints, field_validator
from scrapy.http import Request

from crawler.sequential import AnyHostParams, SequentialSpider
from crawler.spider import Found, Page
from crawler.spiders.site.gallery_page import Selectors, following, images, links

_list = BeforeValidator(lambda value: [value] if isinstance(value, str) else value)
Url = Annotated[str, StringConstraints(pattern=r"^https?://")]


class SiteParams(AnyHostParams):
    """`{kind: site, start: "https://example.org/facades/", follow: "li.photo a", license: "p.rights a"}`"""

    start: Annotated[list[Url], _list] = Field(min_length=1, description="URL of the first page, or several")
    image: str = Field("", description="CSS selector of the pictures; default: the usual HTML (docs/sources.md)")
    follow: str = Field(
        "", description="CSS selector of links to albums and to pages of one picture; default: links of thumbnails"
    )
    next: str = Field("", description="CSS selector of the link to the next page of a listing")
    title: str = Field("", description="CSS selector of the title; default: the caption, else the heading")
    author: str = Field("", description="CSS selector of the author")
    license: str = Field("", description="CSS selector of the licence: a link to it, or its name")
    depth: int = Field(
        3,
        ge=0,
        le=20,
        description="how many links deep to follow from the first pages; links to the next page do not count",
    )
    hosts: Annotated[list[str], _list] = Field([], description="hosts that pages may be on, besides those of `start`")

    @field_validator("image", "follow", "next", "title", "author", "license")
    @classmethod
    def _is_css(cls, value: str) -> str:
        try:
            css2xpath(value or "*")
        except SelectorError as error:
            raise ValueError(f"a CSS selector ({error})") from None
        return value


class Site(SequentialSpider[SiteParams]):
    name = "site"
    Params = SiteParams

    def starts(self) -> Iterator[Request]:
        for url in self.params.start:
            yield Request(url, self.parse, cb_kwargs={"depth": self.params.depth})

    def parse(self, response: Page, depth: int) -> Found:
        css = Selectors(**{name: getattr(self.params, name) for name in Selectors.__slots__})
        for image in images(response.selector, css, thumbnails=self.params.depth == 0):
            yield replace(
                image,
                image_url=_absolute(response, image.image_url),
                page_url=response.url,
                license_url=image.license_url and _absolute(response, image.license_url),
            )
        if depth:
            yield from self._ask(response, links(response.selector, css), depth - 1)
        yield from self._ask(response, following(response.selector, css), depth)

    def _ask(self, response: Page, urls: list[str], depth: int) -> Iterator[Request]:
        hosts = {*self.params.hosts, *map(_host, self.params.start)} - {None}
        for url in urls:
            absolute = _absolute(response, url)
            if absolute.startswith(("http://", "https://")) and _host(absolute) in hosts:
                yield Request(absolute, self.parse, cb_kwargs={"depth": depth})


def _absolute(response: Page, url: str) -> str:
    """Return the absolute URL; an invalid one stays as written, so that the fetches table shows it."""
    try:
        return str(response.urljoin(url))
    except ValueError:
        return url


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
