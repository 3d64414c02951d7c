"""The one contract of every kind that crawls: what its parse functions do with the pages in fixtures/KIND/.

`cases.json` holds the `entry`, and of each of the cases first, last, empty, unlicensed and malformed: `pages` (URL to
file; what is not there is not answered), the `images` that must be found (URL to normalised licence), and the pages
that are `asks`ed for and not answered. `busy` is the answer of a site that wants to be left alone for a while.
"""

import json
from collections import deque
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from scrapy.http import Headers, Request, Response
from scrapy.responsetypes import responsetypes

from crawler import licenses
from crawler.kinds import KINDS, Entry, kind
from crawler.records import FacadeImage
from crawler.replay import address, parsed
from crawler.spider import FacadeSpider

FIXTURES = Path(__file__).parent / "fixtures"
TYPES = {
    ".csv": "text/csv",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".xml": "application/xml",
    ".txt": "text/plain",
}
SPIDERS = [name for name in KINDS if issubclass(kind(name), FacadeSpider)]
CASES = ("first", "last", "empty", "unlicensed", "malformed")


def cases(name: str) -> dict[str, Any]:
    file = FIXTURES / name / "cases.json"
    if not file.is_file():
        pytest.fail(
            f"kind {name}: write {file.relative_to(FIXTURES.parents[2])} (see the top of {Path(__file__).name})"
        )
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def spider(name: str, case: dict[str, Any]) -> FacadeSpider[Any]:
    entry = TypeAdapter(Entry).validate_json(json.dumps(case.get("entry") or cases(name)["entry"]), strict=True)
    return kind(name)(params=entry)  # type: ignore[return-value,call-arg]


def answer(
    name: str, file: str, request: Request, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    body = (FIXTURES / name / file).read_bytes()
    fields = Headers({"Content-Type": TYPES[Path(file).suffix], **(headers or {})})
    answered = responsetypes.from_args(headers=fields, url=request.url, body=body)
    return answered(request.url, status=status, headers=fields, body=body, request=request)


def visit(name: str, case: dict[str, Any]) -> tuple[list[FacadeImage], list[str]]:
    """Follow the spider through the case's pages: the images that it finds, the pages that nobody answers."""
    crawling = spider(name, case)
    waiting: deque[Request | FacadeImage] = deque(crawling.first_requests())
    images: list[FacadeImage] = []
    asked: set[str] = set()
    unanswered: list[str] = []
    while waiting:
        found = waiting.popleft()
        if isinstance(found, FacadeImage):
            images.append(found)
        elif found.url not in asked:
            asked.add(found.url)
            if found.url in case["pages"]:
                waiting.extend(parsed(crawling, answer(name, case["pages"][found.url], found)))
            else:
                unanswered.append(found.url)
    assert asked >= set(case["pages"]), "there are pages that the spider never asks for"
    return images, unanswered


@pytest.mark.parametrize("name", SPIDERS)
@pytest.mark.parametrize("case_name", CASES)
def test_finds_what_the_pages_hold(name: str, case_name: str) -> None:
    case = cases(name)[case_name]
    images, unanswered = visit(name, case)
    assert {address(image.image_url): licenses.normalise(image.license, image.license_url) for image in images} == case[
        "images"
    ]
    assert unanswered == case["asks"]


@pytest.mark.parametrize("name", SPIDERS)
def test_the_cases_are_what_they_are_called(name: str) -> None:
    """Keeps a fixture from passing by being empty."""
    of = cases(name)
    assert of["first"]["images"]
    assert of["first"]["asks"] or of["first"] == of["last"], "the first page leads to another, unless it is the last"
    assert of["last"]["images"]
    assert not of["last"]["asks"]
    assert not of["empty"]["images"]
    assert "unknown" in of["unlicensed"]["images"].values()
    assert not of["malformed"]["images"]


@pytest.mark.parametrize("name", SPIDERS)
def test_every_image_says_where_it_comes_from(name: str) -> None:
    images, _ = visit(name, cases(name)["first"])
    for image in images:
        assert image.page_url.startswith(("http://", "https://"))
        assert image.title == image.title.strip()


@pytest.mark.parametrize("name", SPIDERS)
def test_parsing_twice_finds_the_same(name: str) -> None:
    case = cases(name)["first"]
    assert visit(name, case) == visit(name, case)


@pytest.mark.parametrize("name", SPIDERS)
def test_a_busy_site_is_waited_for(name: str) -> None:
    case = cases(name)["busy"]
    request = Request(next(iter(cases(name)["first"]["pages"])))
    response = answer(name, case["page"], request, case["status"], case["headers"])
    assert spider(name, case).status(response) in (429, 503)


@pytest.mark.parametrize("name", KINDS)
def test_every_parameter_is_described(name: str) -> None:
    for field, info in kind(name).Params.model_fields.items():
        assert info.description, f"{name}.{field}"
