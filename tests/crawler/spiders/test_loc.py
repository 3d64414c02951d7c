"""The Library of Congress: which pictures, which rights."""

import json
from pathlib import Path

import pytest
from scrapy.http import TextResponse

from crawler.rights.licenses import normalise
from crawler.spiders.loc import Loc, LocParams, largest

FIXTURES = Path(__file__).parents[1] / "fixtures" / "loc"
PICTURES = "https://tile.loc.gov/storage-services/service/pnp/bbc/0500/0550/0550f"


def item(**changes):
    spider = Loc(params=LocParams(kind="loc", collection="baseball-cards"))
    answer = json.loads((FIXTURES / "item.json").read_text())
    answer["item"] |= changes
    url = "https://www.loc.gov/item/2007680728/?at=item&fo=json"
    return next(iter(spider.parse_item(TextResponse(url, body=json.dumps(answer).encode()))), None)


@pytest.mark.parametrize(
    ("width", "name"), [(2000, "v.jpg"), (554, "v.jpg"), (553, "r.jpg"), (100, "_150px.jpg"), (64, "_150px.jpg")]
)
def test_takes_the_largest_picture_up_to_a_width(width, name):
    urls = json.loads((FIXTURES / "item.json").read_text())["item"]["image_url"]
    assert largest(urls, width) == PICTURES + name


def test_an_image_has_the_metadata_of_its_item() -> None:
    image = item()
    assert image.image_url == PICTURES + "v.jpg"
    assert image.page_url == "https://www.loc.gov/item/2007680728/"
    assert image.title == "[John Morrill, Boston Beaneaters, baseball card portrait]"
    assert image.author == "Allen & Ginter, sponsor"
    assert image.license == "No known restrictions on publication."
    assert "baseball cards" in image.tags


def test_rights_may_be_a_list_with_markup() -> None:
    assert item(
        rights_advisory=["<p>Publication may be restricted.</p>", "See&nbsp;us"], rights_information=None
    ).license == ("Publication may be restricted.; See us")


@pytest.mark.parametrize(
    ("changes", "taken"),
    [
        ({}, "1888"),
        ({"date": "1905-05-01"}, "1905-05"),
        ({"created_published": ["2007 Nov. 3."]}, "2007 Nov. 3."),
        ({"created_published_date": "[between 1980 and 2006]", "date": "1980-01-01"}, "[between 1980 and 2006]"),
        ({"date": None}, ""),
    ],
)
def test_the_date_is_the_catalogued_one_else_the_year_of_the_sort_date(changes, taken):
    assert item(**changes).taken == taken


@pytest.mark.parametrize(
    ("advisory", "information", "license_id"),
    [
        ("No known restrictions on publication.", "No known restrictions on publication.", "NKC-1.0"),
        ("No known restrictions on publication.", "Publication may be restricted.", "unknown"),
        (None, "No known restrictions", "NKC-1.0"),
        (
            "No known restrictions. For information, see U.S. Farm Security Administration Photographs"
            "(https://www.loc.gov/rr/print/res/071_fsab.html)",
            None,
            "NKC-1.0",
        ),
        ("No known restrictions on publication in the U.S. Use elsewhere may be restricted.", None, "unknown"),
        ("No known restrictions on images made by the U.S. Government; images copied from other sources may be "
         "restricted. (https://www.loc.gov/rr/print/res/114_habs.html)", None, "unknown"),
        ("Rights status not evaluated. For general information, see https://www.loc.gov/rr/print/res/rights.html", None,
         "unknown"),
    ],
)  # fmt: skip
def test_all_that_an_item_states_of_its_rights_counts(advisory, information, license_id):
    image = item(rights_advisory=advisory, rights_information=information)
    assert normalise(image.license, image.license_url) == license_id


def test_a_picture_without_a_size_is_none() -> None:
    assert item(image_url=["https://www.loc.gov/static/images/original-format/group-of-images.svg"]) is None


def test_requests_only_the_photographs_of_a_collection() -> None:
    (collection,) = Loc(params=LocParams(kind="loc", collection="highsmith", search="brick facade")).starts()
    (everywhere,) = Loc(params=LocParams(kind="loc", search="facade")).starts()
    assert collection.url.startswith(
        "https://www.loc.gov/collections/highsmith/?q=brick+facade&fa=online-format%3Aimage&"
    )
    assert everywhere.url.startswith("https://www.loc.gov/photos/?q=facade&")
    assert all(request.url.startswith(Loc.documented_apis) for request in (collection, everywhere))
