"""MediaWiki's responses: the files, the categories, and their metadata."""

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError
from scrapy.http import TextResponse

from crawler.archive.fetches import Fetch
from crawler.archive.schemas import Outcome, Role
from crawler.archive.tables import write_tables
from crawler.archive.writer import ArchiveWriter, Exchange
from crawler.extract import extract
from crawler.spiders.commons.mediawiki import facade_image
from crawler.spiders.commons.spider import Commons, CommonsParams

FIXTURES = Path(__file__).parents[1] / "fixtures" / "commons"
INFO = {
    "url": "https://w.example.org/a.jpg",
    "descriptionurl": "https://w.example.org/File:A.jpg",
    "mediatype": "BITMAP",
}


def commons(**params):
    return Commons(params=CommonsParams(kind="commons", **params))


def parsed(spider, request, **answer):
    return list(request.callback(TextResponse(request.url, body=json.dumps(answer).encode()), **request.cb_kwargs))


def query(request):
    return {name: value for name, (value,) in parse_qs(urlsplit(request.url).query).items()}


def file_page(title="File:A b.jpg", said=None, **info):
    extmetadata = {name: {"value": value} for name, value in (said or {}).items()}
    return {"ns": 6, "title": title, "imageinfo": [{**INFO, "extmetadata": extmetadata or [], **info}]}


@pytest.mark.parametrize(
    ("params", "asked"),
    [
        ({"category": "Facades"}, {"gcmtitle": "Category:Facades", "gcmtype": "file"}),
        ({"category": "Category:Facades", "depth": 1}, {"gcmtitle": "Category:Facades", "gcmtype": "file|subcat"}),
        ({"search": "brick facade"}, {"generator": "search", "gsrsearch": "brick facade", "gsrnamespace": "6"}),
        ({"page": "Brick", "width": 500}, {"generator": "images", "titles": "Brick", "iiurlwidth": "500"}),
    ],
)
def test_requests_match_the_entry(params, asked):
    (request,) = commons(**params).starts()
    assert query(request).items() >= asked.items()
    assert query(request)["maxlag"] == "5"
    assert request.url.startswith(Commons.documented_apis)


@pytest.mark.parametrize("params", [{}, {"category": "A", "search": "b"}])
def test_an_entry_has_exactly_one_of_category_search_and_page(params):
    with pytest.raises(ValidationError, match="one of category, search and page"):
        CommonsParams(kind="commons", **params)


def test_other_widths_than_wikimedias_are_refused() -> None:
    with pytest.raises(ValidationError, match="120, 250, 330, 500"):
        CommonsParams(kind="commons", category="Facades", width=400)


def test_subcategories_are_followed_down_to_the_depth() -> None:
    spider = commons(category="Facades", depth=2)
    (request,) = spider.starts()
    for depth in (1, 0):
        pages = {"1": {"ns": 14, "title": "Category:Doors"}, "2": file_page()}
        request, image = parsed(spider, request, batchcomplete="", query={"pages": pages})
        assert (query(request)["gcmtitle"], request.cb_kwargs["depth"]) == ("Category:Doors", depth)
        assert image.title == "A b.jpg"
    assert [type(found).__name__ for found in parsed(spider, request, query={"pages": pages})] == ["FacadeImage"]


def test_files_are_yielded_only_when_their_metadata_is_complete() -> None:
    spider = commons(category="Facades")
    (request,) = spider.starts()
    first = {"query": {"pages": {"7": {"ns": 6, "title": "File:A.jpg"}, "8": file_page("File:B.jpg")}}}
    (request,) = parsed(spider, request, **first, **{"continue": {"iicontinue": "A.jpg|2026", "continue": "||"}})
    assert query(request)["iicontinue"] == "A.jpg|2026"
    assert request.priority == 1
    second = {"query": {"pages": {"7": file_page("File:A.jpg"), "8": {"ns": 6, "title": "File:B.jpg"}}}}
    a, b, request = parsed(
        spider,
        request,
        batchcomplete="",
        **second,
        **{"continue": {"gcmcontinue": "file|B", "continue": "gcmcontinue||"}},
    )
    assert (a.title, b.title) == ("A.jpg", "B.jpg")
    assert "iicontinue" not in query(request)
    assert (query(request)["gcmcontinue"], request.cb_kwargs["batch"]) == ("file|B", {})


def test_a_search_gives_the_best_first() -> None:
    spider = commons(search="facade")
    (request,) = spider.starts()
    pages = {str(index): file_page(f"File:{index}.jpg") | {"index": index} for index in (3, 1, 2)}
    found = parsed(spider, request, batchcomplete="", query={"pages": pages})
    assert [image.title for image in found] == ["1.jpg", "2.jpg", "3.jpg"]


def test_an_error_is_no_answer() -> None:
    spider = commons(category="Facades")
    (request,) = spider.starts()
    with pytest.raises(ValueError, match="badvalue: Unrecognized"):
        parsed(spider, request, error={"code": "badvalue", "info": "Unrecognized value"})


@pytest.mark.parametrize(("code", "status"), [(None, 200), (b"badvalue", 200), (b"maxlag", 503), (b"ratelimited", 503)])
def test_a_busy_api_is_recognised_by_its_header(code, status):
    headers = {} if code is None else {"MediaWiki-API-Error": code}
    assert commons(category="Facades").status(TextResponse("https://w.example.org/", headers=headers)) == status


@pytest.mark.parametrize("info", [{"mediatype": "DRAWING"}, {"mediatype": "VIDEO"}, {"mediatype": "OFFICE"}])
def test_only_photographs_and_scans_are_taken(info):
    assert facade_image(file_page(**info)) is None


@pytest.mark.parametrize(
    "page", [{"title": "File:Gone.jpg", "missing": ""}, {"title": "File:G.jpg", "imageinfo": [{"filemissing": ""}]}]
)
def test_a_file_that_is_gone_is_none(page):
    assert facade_image(page) is None


def test_the_thumbnail_is_taken_and_the_original_is_known_by_its_hash() -> None:
    image = facade_image(
        file_page(thumburl="https://w.example.org/330px-a.jpg", sha1="c0ffee", said={"Categories": "A|B c"})
    )
    assert image.image_url == "https://w.example.org/330px-a.jpg"
    assert image.page_url == INFO["descriptionurl"]
    assert image.tags == ("A", "B c", "sha1:c0ffee")


@pytest.mark.parametrize(
    ("said", "license"),
    [
        ({"LicenseShortName": "CC BY-SA 3.0 de", "UsageTerms": "Creative Commons"}, "CC BY-SA 3.0 de"),
        ({"UsageTerms": "Public domain"}, "Public domain"),
        ({"Copyrighted": "False"}, "public domain"),
        ({"Copyrighted": "True"}, ""),
        ({}, ""),
    ],
)
def test_the_licence_is_that_of_the_file_page(said, license):
    assert facade_image(file_page(said=said)).license == license


def test_authors_are_text() -> None:
    page = json.loads((FIXTURES / "first.json").read_text())["query"]["pages"]
    assert facade_image(page["44672185"]).author == "Eckhard Henkel"
    assert facade_image(page["44672212"]).author == "Edvard Munch"
    assert facade_image(page["18263872"]).author == "The original uploader was Elvezio at Italian Wikipedia."


CAMERA = {"lat": 48.8, "lon": 2.3, "primary": "", "globe": "earth"}
BUILDING = {"lat": 48.9, "lon": 2.4, "globe": "earth"}
MOON = {"lat": 1.0, "lon": 2.0, "primary": "", "globe": "moon"}
GPS = {"GPSLatitude": "48.7", "GPSLongitude": "2.2"}


@pytest.mark.parametrize(
    ("coordinates", "said", "place"),
    [
        ([BUILDING, CAMERA], GPS, ("48.8", "2.3")),
        ([BUILDING], GPS, ("48.9", "2.4")),
        ([MOON], GPS, ("48.7", "2.2")),
        ([], GPS, ("48.7", "2.2")),
        ([], {}, ("", "")),
    ],
)
def test_the_place_is_that_of_the_camera_else_of_the_object_else_of_the_file(coordinates, said, place):
    image = facade_image(file_page(said=said) | {"coordinates": coordinates})
    assert (image.latitude, image.longitude) == place


def test_the_date_is_text_without_what_is_hidden() -> None:
    html = '<time class="dtstart" datetime="1909">1909</time><div style="display: none;">date QS:P571,+1909</div>'
    assert facade_image(file_page(said={"DateTimeOriginal": html})).taken == "1909"


OLD = (
    "https://commons.wikimedia.org/w/api.php?action=query&format=json&maxlag=5&prop=imageinfo"
    "&iiprop=url%7Csha1%7Cmediatype%7Cextmetadata&iiextmetadatafilter=Artist%7CAttribution%7CCategories%7CCopyrighted"
    "%7CLicenseShortName%7CLicenseUrl%7CObjectName%7CUsageTerms&iiurlwidth=330&generator=categorymembers"
    "&gcmtitle=Category%3AFacades+in+Paris&gcmtype=file%7Csubcat&gcmlimit=50"
)


def test_an_archive_of_version_0_1_0_gives_its_images(tmp_path: Path) -> None:
    """It contains the answers to requests without places and dates, also those that continue a listing."""
    more = "&continue=gcmcontinue%7C%7C&gcmcontinue=file%7CB"
    first = {"batchcomplete": "", "query": {"pages": {"1": file_page("File:A.jpg")}}}
    answers = {
        OLD: {**first, "continue": {"continue": "gcmcontinue||", "gcmcontinue": "file|B"}},
        OLD + more: {"query": {"pages": {"2": file_page("File:B.jpg", url="https://w.example.org/b.jpg")}}},
    }
    bodies = {url: json.dumps(answer).encode() for url, answer in answers.items()}
    pictures = {f"https://w.example.org/{name}.jpg": b"\xff\xd8\xff" + name.encode() for name in "ab"}
    now = datetime(2026, 11, 1, tzinfo=UTC)
    (tmp_path / "archive").mkdir()
    writer = ArchiveWriter(tmp_path / "archive", {})
    for url, body in {**bodies, **pictures}.items():
        role, kind = (Role.PAGE, "application/json") if url in bodies else (Role.IMAGE, "image/jpeg")
        writer.end(
            Fetch(url, role, Outcome.STORED, first_at=now, last_at=now, status=200, final_url=url),
            Exchange(url, "GET", (), "200 OK", (("Content-Type", kind),), body),
        )
    writer.close()
    write_tables(tmp_path / "archive")
    entry = CommonsParams(kind="commons", category="Facades in Paris", depth=1)
    extract(entry, tmp_path / "archive", tmp_path / "images.parquet", lambda *_: None)
    assert sorted(pq.read_table(tmp_path / "images.parquet")["image_url"].to_pylist()) == sorted(pictures)
