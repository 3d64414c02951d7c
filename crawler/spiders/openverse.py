"""Openverse: an index of openly licensed images. A seed source: its terms of service forbid bulk copying."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from urllib.parse import urlencode

from pydantic import Field
from scrapy.http import Request

from crawler.archive.schemas import FacadeImage
from crawler.recheck.question import Known, Question
from crawler.recheck.schemas import State
from crawler.sequential import SequentialParams, SequentialSpider
from crawler.spider import Found, Page

API = "https://api.openverse.org/v1/"
PAGE = 20  # results in a response: the maximum for anonymous clients


class OpenverseParams(SequentialParams):
    """`{kind: openverse, search: baroque facade, license: "cc0,by", limit: 100}`"""

    search: str = Field(min_length=1, max_length=200, description="search words")
    license: str = Field(
        "cc0,pdm,by,by-sa",
        pattern=r"^[a-z0-9]+(-[a-z]+)*(,[a-z0-9]+(-[a-z]+)*)*$",
        description="only images under one of these licences",
    )
    limit: int = Field(
        240, ge=1, le=240, description="at most this many images; Openverse returns no more for one query"
    )


class Openverse(SequentialSpider[OpenverseParams]):
    """https://api.openverse.org/v1/#tag/images/operation/images_search"""

    name = "openverse"
    Params = OpenverseParams
    documented_apis = (API,)
    slots = {"api.openverse.org": {"delay": 3.0, "concurrency": 1}}  # noqa: RUF012  # the anonymous may ask 20 a minute

    def questions(self, images: Iterable[Known]) -> Iterator[Question]:
        """Search again. A search that no longer finds an image says nothing about it."""
        return (replace(question, absent=State.UNREACHABLE) for question in super().questions(images))

    def starts(self) -> Iterator[Request]:
        yield self._ask(1)

    def parse(self, response: Page, page: int) -> Found:
        answer = json.loads(response.text)
        for result in answer["results"]:
            yield FacadeImage(
                image_url=result["url"],
                page_url=result["foreign_landing_url"],
                title=result["title"] or "",
                author=result["creator"] or "",
                license=f"CC {result['license']} {result['license_version'] or ''}",
                license_url=result["license_url"] or "",
                tags=tuple(tag["name"] for tag in result["tags"] or ()),
            )
        if page < answer["page_count"]:
            yield self._ask(page + 1)

    def _ask(self, page: int) -> Request:
        query = {
            "q": self.params.search,
            "license": self.params.license,
            "category": "photograph",
            # The kind `commons` gets these from Wikimedia itself, as small thumbnails.
            "excluded_source": "wikimedia",
            "page_size": PAGE,
            "page": page,
        }
        return Request(f"{API}images/?{urlencode(query)}", self.parse, cb_kwargs={"page": page})
