"""Every URL that is tried ends in one outcome, against servers that do everything wrong."""

import base64
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from crawler.spiders.demo.town.dirt import Kind
from crawler.spiders.demo.town.items import Town
from tests.crawler.conftest import FAST, Crawls, Site
from tests.crawler.spiders.demo.truth import truth_of

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
SERVERS = Path(os.environ.get("FACADES_SERVERS", ROOT.parent / "shared" / "servers"))

EXPECTED = {
    "/ok.jpg": "stored",
    "/truncated.jpg": "stored",
    "/bomb.png": "stored",
    "/html.jpg": "stored",
    "/empty.jpg": "stored",
    "/nolen.jpg": "stored",
    "/429.jpg?n=1&ra=1": "stored",
    "/503.jpg?n=1&ra=1": "stored",
    "/short.jpg": "incomplete",
    "/reset.jpg": "connection_error",
    "/slow.jpg?s=30": "timeout",
    "/drip.jpg?s=1": "timeout",
    "/gzbomb.jpg": "too_large",
    "/big.jpg?mb=40": "too_large",
    "/endless.jpg": "too_large",
    "/loop.jpg": "redirect_loop",
    "/file.jpg": "bad_url",
    "/nothing.jpg": "http_error",
    "/secret/picture.jpg": "robots",
}


@pytest.fixture(scope="module")
def misbehaving(tmp_path_factory):
    script = SERVERS / "misbehaving.py"
    if not script.is_file():
        pytest.skip(f"no {script}; FACADES_SERVERS says where the test servers are")
    port = 20_000 + os.getpid() % 10_000
    with subprocess.Popen([sys.executable, script, str(port)]) as server:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/robots.txt", timeout=1).read()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
        server.kill()


def test_every_misbehaviour_of_a_server_has_its_outcome(misbehaving, site, crawl):
    odd = ("javascript:alert(1)", "data:image/png;base64,iVBORw0KGgo=", "ftp://127.0.0.1/a.jpg", "http://[::1/a.jpg")
    site.pages["/"] = site.html(*(misbehaving + path for path in EXPECTED), *odd)
    done = crawl(site.entry(), {"limits": {"delay": 0, "per_host": 8, "timeout": 5, "retries": 1}})
    assert done.returncode == 0, done.errors
    assert done.errors == ""
    outcomes = dict(zip(done.fetches.url, done.fetches.outcome, strict=True))
    assert {path: outcomes[misbehaving + path] for path in EXPECTED} == EXPECTED
    assert [outcomes[url] for url in odd] == ["bad_url"] * len(odd)
    formats = dict(zip(done.images.image_url.str.removeprefix(misbehaving), done.images.format, strict=True))
    assert formats["/html.jpg"] == "html"
    assert formats["/empty.jpg"] == "empty"
    assert formats["/bomb.png"] == "png"
    assert done.fetches.detail[done.fetches.outcome != "stored"].str.len().min() > 0, "each has a detail"
    assert not done.fetches.detail.str.contains("\n").any()


def test_the_demo_town_is_what_its_manifest_says(crawl: Crawls) -> None:
    done = crawl({"kind": "demo", "buildings": 40, "seed": 3})
    assert done.returncode == 0, done.errors
    outcomes = dict(zip(done.fetches.url, done.fetches.outcome, strict=True))
    licenses = dict(zip(done.images.image_url, done.images.license, strict=True))
    for copies in done.images.others:
        licenses |= {copy["image_url"]: None for copy in copies}
    for truth in truth_of(Town(3, 40)):
        assert outcomes[truth.url] == truth.outcome, truth
        if truth.outcome == "stored":
            said = "InC-1.0" if truth.kind is Kind.RESERVED else truth.license
            assert licenses[truth.url] in (said, None), truth


def test_redirects_are_followed_and_every_hop_is_kept(site: Site, crawl: Crawls) -> None:
    site.pages["/"] = site.html("/old.jpg", "/loop.jpg")
    site.pages["/old.jpg"] = site.answer(status=301, headers={"Location": "/newer.jpg"})
    site.pages["/newer.jpg"] = site.answer(status=302, headers={"Location": f"{site.url}/new.jpg"})
    site.pages["/new.jpg"] = site.jpeg(1)
    site.pages["/loop.jpg"] = site.answer(status=302, headers={"Location": "/loop.jpg"})
    done = crawl(site.entry())
    row = done.fetches[done.fetches.url == f"{site.url}/old.jpg"].iloc[0]
    assert (row.outcome, row.final_url, row.status) == ("stored", f"{site.url}/new.jpg", 200)
    assert list(done.images.image_url) == [f"{site.url}/old.jpg"]
    assert done.outcomes()["/loop.jpg"] == "redirect_loop"
    archive = next((done.folder / "archive").glob("*.warc")).read_bytes()
    assert f"WARC-Target-URI: {site.url}/newer.jpg".encode() in archive
    assert b"HTTP/1.1 302 Found" in archive


def test_reservations_against_machine_learning_are_obeyed(site: Site, crawl: Crawls) -> None:
    picture = site.jpeg(1)
    site.pages["/"] = site.html("/noai.jpg", "/other.jpg", "/reserved.jpg", "/xmp.jpg", "/free.jpg")
    site.pages["/noai.jpg"] = site.answer(b"SECRET" * 100, headers={"X-Robots-Tag": "noindex, noimageai"})
    site.pages["/other.jpg"] = site.answer(picture.body, headers={"X-Robots-Tag": "otherbot: noai"})
    site.pages["/reserved.jpg"] = site.answer(b"SECRET" * 50, headers={"TDM-Reservation": "1"})
    prohibited = b'<x plus:DataMining="http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED-AIMLTRAINING"/>'
    site.pages["/xmp.jpg"] = site.answer(picture.body + prohibited)
    site.pages["/free.jpg"] = site.answer(
        picture.body + b'<x plus:DataMining="http://ns.useplus.org/ldf/vocab/DMI-ALLOWED"/>'
    )
    done = crawl(site.entry())
    outcomes = done.outcomes()
    assert (outcomes["/noai.jpg"], outcomes["/reserved.jpg"]) == ("opt_out", "opt_out")
    assert b"SECRET" not in next((done.folder / "archive").glob("*.warc")).read_bytes()
    said = dict(zip(done.images.image_url.str.removeprefix(site.url), done.images.opt_out, strict=True))
    assert said == {
        "/other.jpg": "",
        "/xmp.jpg": "xmp_data_mining: plus:DataMining DMI-PROHIBITED-AIMLTRAINING",
        "/free.jpg": "",
    }


def test_a_proxy_s_password_reaches_neither_archive_nor_log(site: Site, crawl: Crawls) -> None:
    """The proxy is named by the environment; the site in these tests answers as one."""
    at = "http://gallery.example"
    site.pages[f"{at}/"] = site.html(f"{at}/a.jpg", f"{at}/gone.jpg")
    site.pages[f"{at}/a.jpg"] = site.jpeg(1)
    proxy = site.url.replace("http://", "http://me:HUSH@")
    done = crawl(site.entry(url=f"{at}/", allow_private=False), {**FAST, "contact": "a@example.org"}, http_proxy=proxy)
    assert done.returncode == 0, done.errors
    assert done.outcomes() == {"/a.jpg": "stored", "/gone.jpg": "http_error"}
    texts = [done.errors.encode(), *(file.read_bytes() for file in done.folder.rglob("*") if file.is_file())]
    for secret in (b"HUSH", base64.b64encode(b"me:HUSH")):
        assert not [text for text in texts if secret in text]


def test_no_secret_reaches_the_archive(site: Site, crawl: Crawls) -> None:
    site.pages["/"] = site.answer(
        site.html("/a.jpg").body, headers={"Content-Type": "text/html", "Set-Cookie": "session=HUSH"}
    )
    site.pages["/a.jpg"] = site.jpeg(1)
    done = crawl(site.entry())
    for file in (done.folder / "archive").iterdir():
        assert b"HUSH" not in file.read_bytes()
