"""Any gallery on the web, without code: a start page, and CSS selectors if its HTML is not recognised."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Annotated
from urllib.parse import urldefrag, urlsplit

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

        def follows(url: str) -> bool:
            absolute = _absolute(response, url)
            return self._is_inside(absolute) and urldefrag(absolute)[0] != urldefrag(response.url)[0]

        for image in images(response.selector, css, self.params.depth == 0, follows):
            yield replace(
                image,
                image_url=_absolute(response, image.image_url),
                page_url=response.url,
                license_url=image.license_url and _absolute(response, image.license_url),
            )
        onward = following(response.selector, css)
        if depth:  # an arrow to the next page is a picture in a link, too
            albums = (url for url in links(response.selector, css) if url not in onward)
            yield from self._ask(response, albums, depth - 1)
        yield from self._ask(response, onward, depth)

    def _ask(self, response: Page, urls: Iterable[str], depth: int) -> Iterator[Request]:
        for url in urls:
            if self._is_inside(absolute := _absolute(response, url)):
                yield Request(absolute, self.parse, cb_kwargs={"depth": depth})

    @cached_property
    def _hosts(self) -> set[str | None]:
        return {*self.params.hosts, *map(_host, self.params.start)} - {None}

    def _is_inside(self, url: str) -> bool:
        """Return whether pages at this URL are requested."""
        return url.startswith(("http://", "https://")) and _host(url) in self._hosts


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
