"""A list of image URLs with their details: a local file, or one on the web."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from urllib.parse import quote, urlsplit

from pydantic import Field
from scrapy.http import Request, Response

from common.errors import UserError
from crawler.archive.fetches import Fetch
from crawler.archive.schemas import FacadeImage, Outcome, Role
from crawler.archive.writer import ArchiveWriter
from crawler.kind import SourceParams
from crawler.spider import FacadeSpider, Page
from crawler.spiders.urls.url_list import Field as ListField
from crawler.spiders.urls.url_list import images


class UrlsParams(SourceParams):
    """`{kind: urls, file: facades.csv, columns: {title: caption}, license: CC0-1.0}`"""

    file: str = Field(min_length=1, description="a .txt, .csv, .tsv or .parquet: a path or an http(s) URL")
    columns: dict[ListField, str] = Field({}, description="columns of fields whose column has another name")
    license: str = Field("", description="of every image for which the list names none")
    license_url: str = Field("", description="the URL of that licence")
    author: str = Field("", description="of every image for which the list names none")
    limit: int | None = Field(None, ge=1, description="at most this many images, from the start of the list")
    allow_private: bool = Field(False, description="whether its hosts may be on your own network")


class Urls(FacadeSpider[UrlsParams]):
    name = "urls"
    Params = UrlsParams

    @classmethod
    def expected(cls, params: UrlsParams) -> int | None:
        return params.limit

    @classmethod
    def check(cls, source: str, params: UrlsParams, writer: ArchiveWriter) -> None:
        if _is_own_list(params) and not writer.find(Role.PAGE, _address(params)):
            try:
                next(images(_path(params).read_bytes(), params.file, params.columns), None)
            except (OSError, ValueError) as error:
                raise UserError(f"source {source}: file: {error}") from None

    def first_requests(self) -> Iterator[Request]:
        yield Request(_address(self.params), self.parse)

    async def start(self) -> AsyncIterator[Request | FacadeImage]:
        if _is_own_list(self.params):
            for image in self.parse(Response(_address(self.params), body=self._list())):
                yield image
        else:
            async for found in super().start():
                yield found

    def parse(self, response: Page) -> Iterator[FacadeImage]:
        params = self.params
        for image in islice(images(response.body, urlsplit(response.url).path, params.columns), params.limit):
            if not (image.license or image.license_url):
                image = replace(image, license=params.license, license_url=params.license_url)
            yield image if image.author else replace(image, author=params.author)

    def _list(self) -> bytes:
        """Return the local list, and archive it: extraction reads nothing but the archive."""
        url = _address(self.params)
        if self.writer and (known := self.writer.find(Role.PAGE, url)):
            return self.writer.body(known)
        body, now = _path(self.params).read_bytes(), datetime.now(UTC)
        if self.writer:
            self.writer.resource(Fetch(url, Role.PAGE, Outcome.STORED, now, now, final_url=url), body, "text/plain")
        return body


def _is_own_list(params: UrlsParams) -> bool:
    return not params.file.startswith(("http://", "https://"))


def _path(params: UrlsParams) -> Path:
    return Path(params.file).expanduser()


def _address(params: UrlsParams) -> str:
    """Return the URL of the list; a local one gets a URL that is the same on every machine."""
    return f"list://own/{quote(_path(params).name)}" if _is_own_list(params) else params.file
