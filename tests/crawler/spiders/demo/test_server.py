"""The site over real HTTP, the way the spider reaches it: as a proxy on loopback."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urljoin

import psutil
import pytest
import requests
from parsel import Selector

from crawler.spiders.demo.town.dirt import Kind
from crawler.spiders.demo.town.districts import DISTRICTS
from crawler.spiders.demo.town.items import SITE, Town
from crawler.spiders.demo.town.server import ENDLESS_BYTES, SLOWNESS, serve
from crawler.spiders.demo.town.spoil import BOMB_SIDE
from tests.crawler.spiders.demo.truth import truth_of

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def town() -> Town:
    return Town(seed=7, buildings=60)


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    return tmp_path_factory.mktemp("site") / "access.log"


@pytest.fixture(scope="module")
def proxy(town, log):
    with serve(town, log) as url:
        yield url


@pytest.fixture(scope="module")
def session(proxy):
    with requests.Session() as session:
        session.trust_env = False
        session.proxies = {"http": proxy}
        yield session


@pytest.fixture(scope="module")
def get(session):
    return lambda path, **options: session.get(urljoin(SITE, path), timeout=60, **options)


def first(town, kind):
    return next(item for item in town.items if item.kind is kind)


def pages_of(get, name):
    """The listing pages of a district, as a crawler finds them."""
    path: str | None = f"/district/{name}"
    while path:
        page = Selector(get(path).text)
        yield page
        path = page.css("a[rel=next]::attr(href)").get()


def test_the_index_leads_to_every_item(get, town):
    index = Selector(get("/").text)
    districts = index.css("ul.districts a::attr(href)").getall()
    assert districts == [f"/district/{district.name}" for district in DISTRICTS]
    assert "/private/" in index.css("a::attr(href)").getall()
    found = [
        href
        for district in districts
        for page in pages_of(get, district.rpartition("/")[2])
        for href in page.css("ul.buildings li a::attr(href)").getall()
    ]
    assert sorted(found) == sorted(item.page for item in town.items)


def test_pages_hold_24_and_one_district_ends_in_an_empty_page() -> None:
    town = Town(7, 400)
    with serve(town) as proxy, requests.Session() as session:
        session.trust_env = False
        session.proxies = {"http": proxy}
        for district in DISTRICTS:
            lengths = [
                len(page.css("ul.buildings li"))
                for page in pages_of(lambda path: session.get(urljoin(SITE, path), timeout=60), district.name)
            ]
            whole, rest = divmod(len(town.districts[district.name]), 24)
            expected = [24] * whole + ([rest] if rest else [])
            assert lengths == expected + ([0] if district.name == "harbour" else [])


def test_a_detail_page_agrees_with_the_truth(get, town):
    truth = truth_of(town)
    for entry, item in zip(truth, town.items, strict=True):
        page = Selector(get(item.page).text)
        assert page.css("h1.title::text").get() == item.title
        assert page.css(".author::text").get("") == item.author
        assert page.css("ul.tags li::text").getall() == list(item.tags)
        assert page.css("a[rel=license]::attr(href)").get() == (item.credit.url if item.credit else None)
        assert page.css("a[rel=license]::text").get() == (item.credit.name if item.credit else None)
        assert page.css(".rights::text").get("") == item.rights
        source = page.css("figure img.photo::attr(src)").get()
        if item.kind is not Kind.PRIVATE:
            assert urljoin(entry.page_url, source) == entry.url
        assert not page.css("script")


def test_robots_disallows_the_private_corner(get, town):
    assert get("/robots.txt").text == "User-agent: *\nDisallow: /private/\n"
    assert first(town, Kind.PRIVATE).page.startswith("/private/")


def test_pictures_are_served_unchanged(get, town):
    for kind, media in [(Kind.BUILDING, "image/jpeg"), (Kind.WEBP, "image/webp"), (Kind.HTML_AS_JPEG, "image/jpeg")]:
        item = first(town, kind)
        answer = get(item.image)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, media)
        assert answer.content == town.picture(item)
    assert get(first(town, Kind.HTML_PAGE).image).headers["Content-Type"].startswith("text/html")
    assert get(first(town, Kind.NOAI).image).headers["X-Robots-Tag"] == "noai, noimageai"
    assert get(first(town, Kind.BOMB).image).content[16:20] == BOMB_SIDE.to_bytes(4)


def test_a_picture_that_has_not_changed_is_not_sent_again(get, town):
    item = first(town, Kind.BUILDING)
    answer = get(item.image)
    again = get(item.image, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Last-Modified"] == answer.headers["Last-Modified"] == "Thu, 01 Jan 2026 00:00:00 GMT"
    assert get(item.image, headers={"If-None-Match": '"something else"'}).content == answer.content


@pytest.mark.parametrize(("kind", "status"), [(Kind.NOT_FOUND, 404), (Kind.GONE, 410)])
def test_the_lost_are_lost(get, town, kind, status):
    assert get(first(town, kind).image).status_code == status


def test_what_is_not_there_is_not_found(get):
    for path in ("/nothing", "/district/nowhere", "/building/x", "/images/../../etc/passwd"):
        assert get(path).status_code == 404


def test_500_heals_at_the_second_request(get, town):
    path = first(town, Kind.HEALING).image
    assert [get(path).status_code for _ in range(3)] == [500, 200, 200]


def test_429_lasts_as_long_as_retry_after_says(get, town):
    path = first(town, Kind.RATE_LIMITED).image
    refused = get(path)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    assert get(path).status_code == 429
    time.sleep(1)
    assert get(path).status_code == 200


def test_a_redirect_leads_to_the_picture_and_a_loop_nowhere(get, town):
    item = first(town, Kind.REDIRECT)
    answer = get(item.image)
    assert [step.status_code for step in answer.history] == [302]
    assert answer.url != urljoin(SITE, item.image)
    assert answer.content == town.picture(item)
    with pytest.raises(requests.TooManyRedirects):
        get(first(town, Kind.REDIRECT_LOOP).image)


def test_the_slow_response_arrives(get, town):
    start = time.monotonic()
    assert get(first(town, Kind.SLOW).image).status_code == 200
    assert time.monotonic() - start >= SLOWNESS


def test_the_endless_body_announces_no_length_and_passes_any_sane_limit(get, town):
    with get(first(town, Kind.ENDLESS).image, stream=True) as answer:
        assert "Content-Length" not in answer.headers
        assert sum(len(block) for block in answer.iter_content(2**20)) == ENDLESS_BYTES
    with get(first(town, Kind.ENDLESS).image, stream=True) as answer:
        assert next(answer.iter_content(1000)).startswith(b"\xff\xd8")
    assert get("/").status_code == 200  # a client that disconnects does not harm the server


def test_the_cut_off_body_is_shorter_than_announced(get, town):
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        get(first(town, Kind.CUT_OFF).image)


def test_it_is_no_open_proxy(session):
    assert session.get("http://example.invalid/", timeout=60).status_code == 502


def test_origin_form_works_too_and_the_connection_is_kept(proxy):
    host, port = proxy.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.settimeout(30)
        file = connection.makefile("rb")
        for _ in range(2):
            connection.sendall(b"GET /robots.txt HTTP/1.1\r\nHost: demo-town.invalid\r\n\r\n")
            assert file.readline() == b"HTTP/1.1 200 OK\r\n"
            headers = dict(line.rstrip().split(b": ", 1) for line in iter(file.readline, b"\r\n"))
            assert file.read(int(headers[b"Content-Length"])) == b"User-agent: *\nDisallow: /private/\n"


def test_head_has_headers_and_no_body(session, town):
    answer = session.head(urljoin(SITE, first(town, Kind.BUILDING).image), timeout=60)
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 1000


def test_many_clients_at_once_all_get_the_right_bytes(proxy, town):
    items = [item for item in town.items if item.kind is Kind.BUILDING][:16]

    def fetch(item):
        return requests.get(urljoin(SITE, item.image), proxies={"http": proxy}, timeout=60).content

    with ThreadPoolExecutor(16) as pool:
        # Each twice, so that some wait for the same picture at the same time.
        bodies = list(pool.map(fetch, [*items, *items]))
    assert bodies == [town.picture(item) for item in items] * 2


def test_the_access_log_has_a_line_a_request(get, log):
    time.sleep(0.01)  # the log's times are rounded to a thousandth
    start = time.time()
    get("/robots.txt")
    get("/nothing?x=1")
    lines = [line.split(" ") for line in log.read_text().splitlines()]
    # An earlier request's line may come late, where its client did not wait for the answer.
    since = [line for line in lines if float(line[0]) >= start - 0.001]
    assert [line[1:] for line in since] == [["GET", "/robots.txt", "200"], ["GET", "/nothing?x=1", "404"]]
    assert float(since[-1][0]) <= time.time() + 0.001


SERVER = """
import sys, time
from crawler.spiders.demo.town.server import serve
from crawler.spiders.demo.town.items import Town
with serve(Town(7, 20)) as proxy:
    print(proxy, flush=True)
    sys.stdin.readline()
"""


@contextlib.contextmanager
def serving_process():
    """A process that serves a town until it is stopped; with its proxy URL and its child processes."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        proxy = process.stdout.readline().strip()
        # A picture, so that a painter is known to be at work.
        path = next(item.image for item in Town(7, 20).items)
        assert requests.get(urljoin(SITE, path), proxies={"http": proxy}, timeout=60).ok
        children = psutil.Process(process.pid).children(recursive=True)
        assert len(children) == 2
        yield process, proxy, children
    finally:
        process.kill()
        process.communicate()


def test_a_clean_end_leaves_no_process_and_no_port() -> None:
    with serving_process() as (process, proxy, children):
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.wait(timeout=20) == 0
        assert psutil.wait_procs(children, timeout=20)[1] == []
        with pytest.raises(requests.ConnectionError):
            requests.get(proxy, timeout=5)


def test_kill_9_leaves_no_process() -> None:
    with serving_process() as (process, _, children):
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=20)
        assert psutil.wait_procs(children, timeout=20)[1] == []
