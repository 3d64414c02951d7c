"""The one contract of every kind that crawls: what its parse functions do with the pages in fixtures/KIND/.

`cases.json` holds the `entry`, and of each of the cases first, last, empty, unlicensed and malformed: `pages` (URL to
file; other URLs have no response), the `images` that must be found (URL to normalised licence), and the pages
that must be requested without an answer (`asks`). `busy` is the response of a site that is overloaded.

If a kind is not finished, the test fails with a list of what is left to do.
"""

import json
from collections import deque
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from ruamel.yaml import YAML
from scrapy.http import Headers, Request, Response
from scrapy.responsetypes import responsetypes

from crawler import spiders
from crawler.archive.responses import address
from crawler.archive.schemas import FacadeImage
from crawler.registry import KINDS, Entry, kind
from crawler.replay import parsed
from crawler.rights import licenses
from crawler.spider import FacadeSpider

ROOT = Path(__file__).parents[2]
FIXTURES = Path(__file__).parent / "fixtures"
TYPES = {
    ".csv": "text/csv",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".xml": "application/xml",
    ".txt": "text/plain",
}
SPIDERS = [name for name in KINDS if issubclass(kind(name), FacadeSpider)]
MEANT = {
    "first": "a page that leads to another",
    "last": "one that leads nowhere",
    "empty": "one without a picture",
    "unlicensed": "one with a picture whose licence is not said",
    "malformed": "one that is truncated or invalid, and gives nothing",
}
CASES = tuple(MEANT)


def cases(name: str) -> dict[str, Any]:
    if left := to_do(name):
        pytest.fail(f"kind {name}, to do:\n" + "\n".join(f"- {one}" for one in left), pytrace=False)
    return read_cases(name)


def read_cases(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FIXTURES / name / "cases.json").read_text(encoding="utf-8"))
    return found


def to_do(name: str) -> list[str]:
    """What a kind still lacks, in the order in which it is best done."""
    kinds = Path(spiders.__path__[0])
    files = sorted((kinds / name).rglob("*.py")) or [kinds / f"{name}.py"]
    folder = FIXTURES / name
    listed = folder / "cases.json"
    left = [
        f"{spider.relative_to(ROOT)}:{number}: {line[line.index('TODO') :].strip()}"
        for spider in files
        for number, line in enumerate(spider.read_text(encoding="utf-8").splitlines(), 1)
        if "TODO" in line
    ]
    shown = listed.relative_to(ROOT)
    if not listed.is_file():
        return [*left, f"{shown}: write it (see the top of tests/crawler/test_contract.py)"]
    of = read_cases(name)
    if "TODO" in json.dumps(of["entry"]):
        left.append(f"{shown}: `entry`: the entry with which the saved pages are found")
    for case in CASES:
        if not of.get(case, {}).get("pages"):
            form = f'`pages` {{URL: "{case}.html"}}, `images` {{URL: licence}}, `asks` [URL]'
            left.append(f"{shown}: `{case}`: {MEANT[case]}; {form}")
    pages = {file for case in CASES for file in of.get(case, {}).get("pages", {}).values()} | {of["busy"]["page"]}
    left += [
        f"{(folder / file).relative_to(ROOT)}: save it (`scrapy fetch --nolog URL`)"
        for file in sorted(pages)
        if not (folder / file).is_file()
    ]
    section = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8").partition(f"\n### `{name}`")[2]
    if not section or "TODO" in section.partition("\n### ")[0]:
        left.append(f"docs/sources.md: the section on `{name}`")
    return left


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
    """Run the spider over the pages of a case; return the images it finds and the pages without an answer."""
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
def test_every_image_has_its_page(name: str) -> None:
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
def test_its_example_is_an_entry(name: str) -> None:
    example = YAML(typ="safe", pure=True).load((kind(name).Params.__doc__ or "").strip().strip("`"))
    entry = TypeAdapter(Entry).validate_json(json.dumps(example), strict=True)
    assert entry.kind == name
    assert entry.limited_to(3).snapshot == entry.snapshot


@pytest.mark.parametrize("name", KINDS)
def test_every_parameter_is_described(name: str) -> None:
    for field, info in kind(name).Params.model_fields.items():
        assert info.description, f"{name}.{field}"
