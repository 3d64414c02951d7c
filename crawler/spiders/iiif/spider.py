"""Any IIIF library: the pictures of a manifest, or of all manifests of a collection."""

import json
from collections.abc import Iterator
from dataclasses import replace

from pydantic import Field
from scrapy.http import Request

from crawler.archive.schemas import FacadeImage
from crawler.rights.licenses import Statement, nearest
from crawler.sequential import AnyHostParams, SequentialSpider
from crawler.spider import Found, Page
from crawler.spiders.iiif.presentation import identity, image_service, members, paintings, rights_of, sized


class IiifParams(AnyHostParams):
    """`{kind: iiif, url: "https://www.loc.gov/item/2011633553/manifest.json", width: 512}`"""

    url: str = Field(pattern=r"^https?://", description="of a manifest or a collection, Presentation API 2 or 3")
    width: int = Field(512, ge=64, description="of the pictures in pixels; smaller ones come as they are")


class Iiif(SequentialSpider[IiifParams]):
    name = "iiif"
    Params = IiifParams

    def starts(self) -> Iterator[Request]:
        yield Request(self.params.url, self.parse)

    def parse(self, response: Page) -> Found:
        document = json.loads(response.text)
        for url in members(document):
            yield Request(response.urljoin(url), self.parse)
        for body, about in paintings(document, response.url):
            service = image_service(body)
            if service is None:
                yield replace(about, image_url=response.urljoin(identity(body)))
            elif picture := sized(service, self.params.width, body.get("width")):
                yield replace(about, image_url=picture)
            else:
                info = f"{identity(service).rstrip('/')}/info.json"
                yield Request(info, self.parse_info, cb_kwargs={"about": about}, priority=1)

    def parse_info(self, response: Page, about: FacadeImage) -> Found:
        service = json.loads(response.text)
        if picture := sized(service, self.params.width):
            # The service is nearer to the picture than the manifest.
            rights = nearest((rights_of(service), Statement(about.license, about.license_url)))
            yield replace(about, image_url=picture, license=rights.text, license_url=rights.url)
