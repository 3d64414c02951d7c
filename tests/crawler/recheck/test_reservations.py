"""Reservations that are new since the crawl, in every place where an owner may state them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.crawler.conftest import Answer, Crawls, Site
from tests.crawler.recheck.conftest import HOST_FILES, Rechecks, asked, copied, forget

pytestmark = pytest.mark.integration

ROBOTS, TDMREP = HOST_FILES
HTML = {"Content-Type": "text/html; charset=utf-8"}
PICTURES = ("/i/1.jpg", "/i/2.jpg", "/j/3.jpg")


def other_name(site: Site) -> str:
    """The URL of the site under another host name."""
    return f"http://localhost:{site.port}"


def gallery(site: Site, head: str = "") -> Answer:
    """A page at one host whose pictures are at another."""
    pictures = "".join(f'<img src="{site.url}{picture}" license="CC0">' for picture in PICTURES)
    return Answer(f"<html><head>{head}</head><body>{pictures}</body></html>".encode(), headers={**HTML, "ETag": '"1"'})


@pytest.fixture(scope="module")
def first_crawl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Path]]:
    served = Site()
    served.start()
    show(served)
    done = Crawls(tmp_path_factory.mktemp("crawls"))(entry(served))
    assert done.returncode == 0, done.errors
    assert len(done.images) == len(PICTURES)
    yield served, done.folder
    served.stop()


@pytest.fixture
def crawled(first_crawl: tuple[Site, Path], crawl: Crawls) -> Site:
    served = copied(first_crawl, crawl)
    show(served)
    return served


def show(site: Site) -> None:
    site.pages.clear()
    site.pages["/gallery"] = gallery(site)
    site.pages.update({path: site.jpeg(number) for number, path in enumerate(PICTURES)})


def entry(site: Site) -> dict[str, object]:
    return site.entry(url=f"{other_name(site)}/gallery")


def test_the_files_of_each_host_are_requested_once(crawled: Site, recheck: Rechecks) -> None:
    assert set(recheck(entry(crawled)).states.values()) == {"unchanged"}
    assert sorted(asked(crawled)) == sorted([("GET", "/gallery"), *(("HEAD", path) for path in PICTURES)])
    for path in HOST_FILES:
        assert crawled.count(path) == 2, "one host by two names"


def tdm(location: str) -> bytes:
    return json.dumps([{"location": location, "tdm-reservation": 1}]).encode()


CASES: dict[str, tuple[str, dict[str, Any], str, tuple[str, ...]]] = {
    "a header of an image": ("/i/1.jpg", {"headers": {"TDM-Reservation": "1"}}, "tdm_header", PICTURES[:1]),
    "a preference in robots.txt": (
        ROBOTS,
        {"body": b"User-agent: *\nContent-Usage: /i/ train-ai=n\nAllow: /\n"},
        "content_usage_robots",
        PICTURES[:2],
    ),
    "a signal in robots.txt": (
        ROBOTS,
        {"body": b"User-agent: *\nContent-Signal: ai-train=no\nAllow: /\n"},
        "content_signal",
        PICTURES,
    ),
    "a rule of tdmrep.json": (TDMREP, {"body": tdm("/j/")}, "tdmrep_json", PICTURES[2:]),
    "a rule for the page in tdmrep.json": (TDMREP, {"body": tdm("/gallery")}, "tdmrep_json", PICTURES),
    "a header of the page": ("/gallery", {"headers": {"X-Robots-Tag": "noai"}}, "x_robots_tag", PICTURES),
    "a header of the page that is unchanged": (
        "/gallery",
        {"headers": {"X-Robots-Tag": "noai", "ETag": '"1"'}},
        "x_robots_tag",
        PICTURES,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_new_reservation_is_found(crawled, recheck, case):
    path, change, signal, reserved = CASES[case]
    before = crawled.pages.get(path) or Answer()
    headers = {key: value for key, value in before.headers.items() if key != "ETag"} | change.get("headers", {})
    crawled.pages[path] = Answer(change.get("body", before.body), headers=headers)
    done = recheck(entry(crawled))
    assert {path for path, state in done.states.items() if state == "reserved"} == set(reserved)
    assert all(f"reserved by {signal}" in done.found[path][0]["now"] for path in reserved)
    assert set(done.states.values()) <= {"reserved", "unchanged"}


def test_a_meta_element_of_the_page_reserves_its_images(crawled: Site, recheck: Rechecks) -> None:
    page = gallery(crawled, '<meta name="robots" content="noimageai">')
    crawled.pages["/gallery"] = Answer(page.body, headers=HTML)
    done = recheck(entry(crawled))
    assert set(done.states.values()) == {"reserved"}
    assert "meta_robots" in done.found[PICTURES[0]][0]["now"]


def test_a_tdmrep_json_that_does_not_answer_gives_no_verdict(crawled: Site, recheck: Rechecks) -> None:
    crawled.pages[TDMREP] = Answer(status=503)
    done = recheck(entry(crawled), {"limits": {"delay": 0, "retries": 0}})
    assert set(done.states.values()) == {"unreachable"}
    assert "tdmrep.json: HTTP 503" in done.found[PICTURES[0]][0]["now"]


def test_an_archive_without_tdmrep_json_gets_it_from_a_recheck(crawled: Site, recheck: Rechecks) -> None:
    """Archives of version 0.1.0 never contain one."""
    crawled.pages[TDMREP] = Answer(tdm("/"))
    forget(crawled)
    assert set(recheck(entry(crawled)).states.values()) == {"reserved"}
    assert ("GET", TDMREP) in crawled.asked
