"""Images that an owner reserves are not downloaded, and every host is asked once for its tdmrep.json."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from crawler.archive.failures import failed_downloads
from tests.crawler.conftest import FAST, Answer, Crawls, Site

pytestmark = pytest.mark.integration

TDMREP = "/.well-known/tdmrep.json"


def gallery(site: Site, head: str = "", **headers: str) -> None:
    """A page with one picture."""
    page = f'<html><head>{head}</head><body><img src="/i/1.jpg" license="CC0"></body></html>'
    site.pages["/"] = Answer(page.encode(), headers={"Content-Type": "text/html; charset=utf-8", **headers})
    site.pages["/i/1.jpg"] = site.jpeg(site.port)


def nothing(site: Site) -> None:
    gallery(site)


def header_of_the_picture(site: Site) -> None:
    gallery(site)
    site.pages["/i/1.jpg"] = site.answer(b"\xff\xd8SECRET", headers={"X-Robots-Tag": "noai, max-snippet:-1"})


def usage_header_of_the_picture(site: Site) -> None:
    gallery(site)
    site.pages["/i/1.jpg"] = site.answer(b"\xff\xd8SECRET", headers={"Content-Usage": "train-ai=n"})


def header_of_the_page(site: Site) -> None:
    gallery(site, **{"TDM-Reservation": "1"})


def meta_of_the_page(site: Site) -> None:
    gallery(site, '<meta name="robots" content="noai, noimageai">')


def tdmrep_of_the_host(site: Site) -> None:
    gallery(site)
    site.pages[TDMREP] = site.answer(b'[{"location": "/i/*", "tdm-reservation": 1}]')


def tdmrep_for_the_page_only(site: Site) -> None:
    gallery(site)
    site.pages[TDMREP] = site.answer(b'[{"location": "/$", "tdm-reservation": 1}]')


def tdmrep_for_other_paths(site: Site) -> None:
    gallery(site)
    site.pages[TDMREP] = site.answer(b'[{"location": "/articles/*", "tdm-reservation": 1}]')


def robots_txt_of_the_host(site: Site) -> None:
    gallery(site)
    site.pages["/robots.txt"] = site.answer(b"User-agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /\n")


def robots_txt_with_a_byte_order_mark(site: Site) -> None:
    gallery(site)
    site.pages["/robots.txt"] = site.answer(b"\xef\xbb\xbfUser-agent: *\nDisallow: /i/\n")


def robots_txt_that_names_a_version(site: Site) -> None:
    gallery(site)
    site.pages["/robots.txt"] = site.answer(b"User-agent: facades/0.1\nDisallow: /i/\n")


# host to the outcome of its picture, the signal that the table of fetches names, and whether the picture was requested
HOSTS = {
    nothing: ("stored", "", True),
    header_of_the_picture: ("opt_out", "x_robots_tag", True),
    usage_header_of_the_picture: ("opt_out", "content_usage_header", True),
    header_of_the_page: ("opt_out", "tdm_header", False),
    meta_of_the_page: ("opt_out", "meta_robots", False),
    tdmrep_of_the_host: ("opt_out", "tdmrep_json", False),
    tdmrep_for_the_page_only: ("opt_out", "tdmrep_json", False),
    tdmrep_for_other_paths: ("stored", "", True),
    robots_txt_of_the_host: ("opt_out", "content_signal", False),
    robots_txt_with_a_byte_order_mark: ("robots", "disallowed", False),
    robots_txt_that_names_a_version: ("robots", "disallowed", False),
}


@pytest.fixture
def sites() -> Iterator[list[Site]]:
    started = [Site() for _ in HOSTS]
    for site in started:
        site.start()
    yield started
    for site in started:
        site.stop()


def test_what_an_owner_reserves_is_not_stored(site: Site, sites: list[Site], crawl: Crawls) -> None:
    for serve, one in zip(HOSTS, sites, strict=True):
        serve(one)
    site.pages["/"] = site.html(links=tuple(f"{one.url}/" for one in sites))
    done = crawl(site.entry())
    assert done.returncode == 0, done.errors
    fetches = {row["url"]: row for row in done.fetches.to_dict("records") if row["role"] == "image"}
    for (serve, (outcome, detail, requested)), one in zip(HOSTS.items(), sites, strict=True):
        row = fetches[f"{one.url}/i/1.jpg"]
        assert (row["outcome"], one.count("/i/1.jpg")) == (outcome, requested), serve.__name__
        assert detail in row["detail"], serve.__name__
        assert one.count(TDMREP) <= 1, serve.__name__
    kept = [
        f"{one.url}/i/1.jpg" for (outcome, *_), one in zip(HOSTS.values(), sites, strict=True) if outcome == "stored"
    ]
    assert list(done.images.image_url) == sorted(kept) == sorted(done.images[done.images.opt_out == ""].image_url)
    assert b"SECRET" not in next((done.folder / "archive").glob("*.warc")).read_bytes()


def test_a_host_without_tdmrep_json_is_asked_once_and_has_not_failed(site: Site, crawl: Crawls) -> None:
    pictures = tuple(f"/i/{number}.jpg" for number in range(30))
    site.pages |= {"/": site.html(*pictures, links=("/b",)), "/b": site.html(*pictures)}
    site.pages |= {picture: site.jpeg(number) for number, picture in enumerate(pictures)}
    done = crawl(site.entry())
    assert (done.returncode, done.errors) == (0, "")
    assert (site.count(TDMREP), site.count("/robots.txt")) == (1, 1)
    assert done.outcomes("tdmrep") == {TDMREP: "http_error"}
    assert failed_downloads(done.folder / "archive").num_rows == 0
    assert done.images.signals_missing.explode().dropna().empty


def test_robots_txt_may_close_tdmrep_json(site: Site, crawl: Crawls) -> None:
    gallery(site)
    site.pages["/robots.txt"] = site.answer(b"User-agent: *\nDisallow: /.well-known/\n")
    done = crawl(site.entry())
    assert site.count(TDMREP) == 0
    assert done.outcomes("tdmrep") == {TDMREP: "robots"}
    assert list(done.images.signals_missing.explode()) == ["host tdmrep_json"]


@pytest.mark.parametrize("status", [403, 500, 503])
def test_a_tdmrep_json_that_cannot_be_read_is_missing(site: Site, crawl: Crawls, status: int) -> None:
    gallery(site)
    site.pages[TDMREP] = site.answer(status=status)
    done = crawl(site.entry(), {"limits": {"delay": 0, "retries": 0}})
    assert done.returncode == 0, done.errors
    assert list(done.images.signals_missing.explode()) == ["host tdmrep_json"]


def test_the_host_of_a_documented_api_is_asked_too(site: Site, crawl: Crawls) -> None:
    site.pages["/"] = site.html(links=("/api/list",))
    site.pages["/api/list"] = site.html("/api/1.jpg")
    site.pages["/api/1.jpg"] = site.jpeg(1)
    site.pages["/robots.txt"] = site.answer(b"User-agent: *\nDisallow: /api/\nDisallow: /.well-known/\n")
    site.pages[TDMREP] = site.answer(b'[{"location": "/", "tdm-reservation": 1}]')
    done = crawl(site.entry(), EXEMPT=f"{site.url}/api/")
    assert done.outcomes() == {"/api/1.jpg": "opt_out"}
    row = done.fetches[done.fetches.role == "tdmrep"].iloc[0]
    assert (row.outcome, row.detail) == ("stored", "not held to robots.txt: documented API")


def test_a_redirect_does_not_lead_past_the_host_that_it_leads_to(site: Site, sites: list[Site], crawl: Crawls) -> None:
    there = sites[0]
    gallery(site)
    site.pages["/i/1.jpg"] = site.answer(status=302, headers={"Location": f"{there.url}/there.jpg"})
    there.pages["/there.jpg"] = there.jpeg(1)
    there.pages[TDMREP] = there.answer(b'[{"location": "/", "tdm-reservation": 1}]')
    done = crawl(site.entry())
    assert done.outcomes() == {"/i/1.jpg": "opt_out"}
    assert there.count("/there.jpg") == 0


def test_a_reserved_image_stays_refused_when_a_crawl_is_resumed(site: Site, crawl: Crawls) -> None:
    """The first run loses the host after the page; the second has the page from the archive."""
    meta_of_the_page(site)
    site.pages["/more"] = site.html("/i/2.jpg", license="CC0")
    page = site.pages["/"]
    assert isinstance(page, Answer)
    site.pages["/"] = Answer(page.body.replace(b"</body>", b'<a href="/more">more</a></body>'), headers=page.headers)
    site.pages["/i/2.jpg"] = site.answer(b"", promise=100)  # fails, and is tried again by the next run
    crawl(site.entry(), {"limits": {"delay": 0, "retries": 0}})
    site.pages["/i/2.jpg"] = site.jpeg(2)
    archive = crawl.root / "crawl" / "archive"
    archive.rename(crawl.root / "crawl" / "work")
    done = crawl(site.entry())
    assert done.outcomes() == {"/i/1.jpg": "opt_out", "/i/2.jpg": "stored"}
    assert (site.count("/i/1.jpg"), site.count(TDMREP), site.count("/")) == (0, 1, 1)


def test_a_response_that_reserves_a_page_at_its_refresh_counts(site: Site, crawl: Crawls) -> None:
    gallery(site, ETag='"1"')
    crawl(site.entry(), folder="first")
    page = site.pages["/"]
    assert isinstance(page, Answer)
    site.pages["/"] = Answer(page.body, headers={**page.headers, "X-Robots-Tag": "noai"})
    previous = str(crawl.root / "first" / "archive")
    done = crawl(site.entry(snapshot="2"), folder="second", PREVIOUS=previous)
    assert done.returncode == 1
    assert "nothing could be fetched" in done.errors


def test_the_tables_do_not_depend_on_the_order_of_arrival(site: Site, crawl: Crawls) -> None:
    pictures = tuple(f"/i/{number}.jpg" for number in range(24))
    for number, picture in enumerate(pictures):
        wait = 0.05 * (number % 5)
        site.pages[picture] = Answer(site.jpeg(number % 20).body, wait=wait, headers={"Content-Type": "image/jpeg"})
    site.pages["/"] = site.html(*pictures[:12], links=("/b",), license="CC0")
    site.pages["/b"] = site.html(*pictures[12:], license="CC0")
    site.pages[TDMREP] = site.answer(b'[{"location": "/i/1*", "tdm-reservation": 1}]')

    def tables(folder: str, per_host: int) -> tuple[bytes, list[object]]:
        done = crawl(site.entry(), {"limits": {**FAST["limits"], "per_host": per_host}}, folder)
        assert done.returncode == 0, done.errors
        signals = pq.read_table(done.folder / "signals.parquet").drop_columns(["file", "offset"])
        return Path(done.folder, "images.parquet").read_bytes(), signals.to_pylist()

    assert tables("one", 1) == tables("eight", 8)
