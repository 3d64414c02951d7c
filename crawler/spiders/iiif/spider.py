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
from crawler.spiders.iiif.image_api import image_service, is_small_enough, service_url, shown, sized
from crawler.spiders.iiif.presentation import members, paintings, rights_of
from crawler.spiders.iiif.values import Object, mapping, number, web_address


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
        document = mapping(json.loads(response.text))
        for member in members(document):
            if url := web_address(member, response.url):
                yield Request(url, self.parse)
        for body, about in paintings(document, response.url):
            picture: str | None = web_address(body, response.url)
            service = image_service(body)
            if service and not (picture and is_small_enough(body, service, self.params.width)):
                picture = sized(service, self.params.width, number(body.get("width")), shown(body))
            if picture:
                yield replace(about, image_url=picture)
            elif service:
                info, arguments = f"{service_url(service)}/info.json", {"about": about, "body": body}
                yield Request(info, self.parse_info, cb_kwargs=arguments, priority=1)

    def parse_info(self, response: Page, about: FacadeImage, body: Object) -> Found:
        info, service = mapping(json.loads(response.text)), mapping(image_service(body))
        stated = web_address(info, "") or web_address(service, "")
        if picture := sized({**service, **info, "id": stated}, self.params.width, view=shown(body), is_info=True):
            # The service is nearer to the picture than the manifest.
            rights = nearest((rights_of(info), Statement(about.license, about.license_url)))
            yield replace(about, image_url=picture, license=rights.text, license_url=rights.url)
