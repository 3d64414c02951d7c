"""Openverse, within its terms."""

from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError
from scrapy.http import TextResponse

from crawler.spiders.openverse import Openverse, OpenverseParams


def test_requests_photographs_with_the_licences_of_the_entry() -> None:
    (request,) = Openverse(params=OpenverseParams(kind="openverse", search="baroque facade", license="cc0,by")).starts()
    query = parse_qs(urlsplit(request.url).query)
    assert query["q"] == ["baroque facade"]
    assert query["license"] == ["cc0,by"]
    assert query["category"] == ["photograph"]
    assert int(query["page_size"][0]) <= 20
    assert request.url.startswith(Openverse.documented_apis)


def test_shows_no_more_than_240_of_a_query() -> None:
    assert OpenverseParams(kind="openverse", search="facade").limit == 240
    with pytest.raises(ValidationError, match="less than or equal to 240"):
        OpenverseParams(kind="openverse", search="facade", limit=241)


def test_an_answer_without_a_title_or_an_author_is_still_an_image() -> None:
    spider = Openverse(params=OpenverseParams(kind="openverse", search="facade"))
    body = b"""{"page_count": 1, "results": [{"url": "https://img.example.org/1.jpg", "title": null, "creator": null,
      "foreign_landing_url": "https://example.org/1", "license": "pdm", "license_version": "1.0", "tags": null,
      "license_url": "https://creativecommons.org/publicdomain/mark/1.0/"}]}"""
    (image,) = spider.parse(TextResponse("https://api.openverse.org/v1/images/", body=body), page=1)
    assert (image.title, image.author, image.tags) == ("", "", ())
    assert image.license == "CC pdm 1.0"
