"""The Library of Congress: the photographs of a collection or of a search, each with its item's rights."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urldefrag, urlencode, urlsplit

from pydantic import Field
from scrapy.http import Request

from crawler.archive.schemas import FacadeImage
from crawler.metadata.dates import coarse_date
from crawler.plaintext import plain_text
from crawler.sequential import SequentialParams, SequentialSpider
from crawler.spider import Found, Page

SITE = "https://www.loc.gov/"
# "For information, see U.S. Farm Security Administration (https://www.loc.gov/rr/print/res/071_fsab.html)"
_REFERENCE = re.compile(
    r"\s*For (?:\w+ )?information,? see [^;]{0,200}?\(?https?://(?:www\.)?loc\.gov/rr/print/res/[^\s);]+\)?\.?\s*$"
)


class LocParams(SequentialParams):
    """`{kind: loc, collection: carol-m-highsmith, search: facade, limit: 300}`"""

    collection: str = Field(
        "", pattern=r"^[a-z0-9-]*$", description="name of the collection in https://www.loc.gov/collections/…/"
    )
    search: str = Field("", description="search words; without a collection, searches all photographs")
    width: int = Field(1024, ge=64, description="width in pixels; the largest picture that is not wider is used")


class Loc(SequentialSpider[LocParams]):
    """https://www.loc.gov/apis/json-and-yaml/: 80 requests a minute; more are blocked for an hour."""

    name = "loc"
    Params = LocParams
    documented_apis = tuple(f"{SITE}{endpoint}/" for endpoint in ("collections", "item", "photos"))
    slots = {"www.loc.gov": {"delay": 1.0, "concurrency": 1}, "tile.loc.gov": {"delay": 0.5}}  # noqa: RUF012

    def starts(self) -> Iterator[Request]:
        where = f"collections/{self.params.collection}/" if self.params.collection else "photos/"
        query = {
            "q": self.params.search,
            "fa": "online-format:image",
            "at": "results,pagination",
            "c": 100,
            "fo": "json",
        }
        yield Request(f"{SITE}{where}?{urlencode(query)}", self.parse)

    def parse(self, response: Page) -> Found:
        answer = json.loads(response.text)
        for result in answer["results"]:
            path = urlsplit(result["id"]).path
            if path.startswith("/item/") and result.get("image_url"):
                yield Request(f"{SITE}{path[1:]}?at=item&fo=json", self.parse_item)
        if following := answer["pagination"]["next"]:
            yield Request(response.urljoin(following), self.parse)

    def parse_item(self, response: Page) -> Found:
        answer = json.loads(response.text)
        item = answer if "image_url" in answer else answer["item"]
        if picture := largest(item["image_url"], self.params.width):
            yield FacadeImage(
                image_url=response.urljoin(picture),
                page_url=response.url.partition("?")[0],
                title=_text(item.get("title")),
                author=_text(item.get("contributor_names")),
                license=_rights(item),
                tags=tuple(item.get("subject") or ()),
                taken=_taken(item),
            )


def largest(urls: Iterable[str], width: int) -> str:
    """Return the largest picture up to `width`, else the smallest. The fragments contain the sizes: `#h=640&w=346`."""
    photos = []
    for url, size in map(urldefrag, urls):
        if "w=" in size and not url.endswith(".gif"):
            photos.append((int(parse_qs(size)["w"][0]), url))
    fitting = [photo for photo in photos if photo[0] <= width]
    return max(fitting)[1] if fitting else min(photos, default=(0, ""))[1]


def _taken(item: Mapping[str, Any]) -> str:
    """Return the date of an item: as catalogued, else the sort date, in which January 1 stands for a year."""
    catalogued = _text(item.get("created_published_date") or item.get("created_published"))
    return catalogued or coarse_date(_text(item.get("date"))) or ""


def _rights(item: Mapping[str, Any]) -> str:
    """Return what the item states of its rights; the general notice of its collection only if it states nothing."""
    own = (_REFERENCE.sub("", _text(item.get(name))) for name in ("rights_advisory", "rights_information"))
    return "; ".join(dict.fromkeys(filter(None, own))) or _text(item.get("rights"))


def _text(value: Any) -> str:
    """Return plain text: the API returns a text or a list of texts, some with HTML."""
    return "; ".join(map(plain_text, [value] if isinstance(value, str) else value or ()))
