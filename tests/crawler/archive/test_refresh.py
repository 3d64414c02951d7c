"""A new snapshot of a source: conditional requests, downloads of what changed, a complete archive, its changes."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import cast

import pytest
from warcio.archiveiterator import ArchiveIterator

from crawler.archive.fetches import latest, read
from crawler.archive.reader import ArchiveReader
from crawler.archive.schemas import Role
from tests.crawler.conftest import Answer, Crawls, Site

pytestmark = pytest.mark.integration

TDMREP = "/.well-known/tdmrep.json"
PICTURES = tuple(f"/i/{number}.jpg" for number in range(6))


def show(site, *pictures, links=()):
    """Pictures 0 to 3 have an ETag, 4 has only a date, 5 has neither."""
    page = site.html(*pictures, links=links, license="CC0")
    site.pages["/"] = site.answer(page.body, headers={**page.headers, "ETag": f'"{len(pictures)}-{len(links)}"'})
    site.pages["/robots.txt"] = site.answer(b"User-agent: *\nDisallow: /private/\n", headers={"ETag": '"r"'})
    site.pages[TDMREP] = site.answer(b"[]", headers={"ETag": '"t"'})
    for number, picture in enumerate(PICTURES):
        validators = {4: {"Last-Modified": "Mon, 02 Nov 2026 10:00:00 GMT"}, 5: {}}.get(number, {"ETag": f'"{number}"'})
        answer = site.jpeg(number)
        site.pages[picture] = site.answer(answer.body, headers={**answer.headers, **validators})


def refresh(site, crawl, **more):
    site.sent.clear()
    return crawl(site.entry(snapshot="2"), folder="second", PREVIOUS=str(crawl.root / "first" / "archive"), **more)


def types(archive):
    """(WARC type, target) of every record, as warcio reads them."""
    with (archive / "00000.warc").open("rb") as stream:
        return [(r.rec_type, r.rec_headers.get("WARC-Target-URI", "")) for r in ArchiveIterator(stream)]


def test_what_has_not_changed_is_not_downloaded(site: Site, crawl: Crawls) -> None:
    show(site, *PICTURES)
    first = crawl(site.entry(), folder="first")
    done = refresh(site, crawl)
    assert done.returncode == 0, done.errors
    pictures = {**dict.fromkeys(PICTURES, 304), PICTURES[5]: 200}
    assert dict(site.sent) == {"/": 304, "/robots.txt": 304, TDMREP: 304, **pictures}
    assert done.outcomes() == {**dict.fromkeys(PICTURES, "unchanged"), PICTURES[5]: "stored"}
    assert set(done.fetches[done.fetches.outcome == "unchanged"].status) == {304}
    assert (done.folder / "images.parquet").read_bytes() == (first.folder / "images.parquet").read_bytes()


def test_the_new_archive_is_whole_by_itself(site: Site, crawl: Crawls) -> None:
    show(site, *PICTURES)
    first = crawl(site.entry(), folder="first")
    before = {path.name: path.read_bytes() for path in (first.folder / "archive").iterdir()}
    done = refresh(site, crawl)
    assert {path.name: path.read_bytes() for path in (first.folder / "archive").iterdir()} == before
    shutil.rmtree(first.folder)
    archive = done.folder / "archive"
    reader = ArchiveReader(archive, verify=True)
    assert {reader.get(sha256) for sha256 in reader.digests()} == {site.jpeg(n).body for n in range(6)}
    checked = subprocess.run(
        [Path(sys.executable).parent / "warcio", "check", archive / "00000.warc"], capture_output=True, text=True
    )
    assert (checked.returncode, checked.stdout) == (0, "")


def test_a_revisit_points_to_the_answer_that_it_confirms(site: Site, crawl: Crawls) -> None:
    show(site, PICTURES[0])
    first = crawl(site.entry(), folder="first")
    archive = refresh(site, crawl).folder / "archive"
    url = site.url + PICTURES[0]
    assert [kind for kind, target in types(archive) if target == url] == ["response", "revisit", "request", "metadata"]
    with (archive / "00000.warc").open("rb") as stream:
        for record in ArchiveIterator(stream):
            if record.rec_headers.get("WARC-Target-URI") != url:
                continue
            if record.rec_type == "response":
                original = record.rec_headers
            elif record.rec_type == "revisit":
                revisit, answered = record.rec_headers, record.http_headers
            elif record.rec_type == "request":
                asked = record.http_headers
    assert revisit["WARC-Profile"] == "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
    assert revisit["WARC-Refers-To"] == original["WARC-Record-ID"]
    assert revisit["WARC-Refers-To-Date"] == original["WARC-Date"] < revisit["WARC-Date"]
    assert revisit["WARC-Refers-To-Target-URI"] == url
    assert answered.get_statuscode() == "304"
    assert asked["If-None-Match"] == '"0"'
    before, after = (latest(one)[Role.IMAGE, url] for one in (first.folder / "archive", archive))
    assert read(first.folder / "archive", before) == read(archive, after), "the answer is carried over to the byte"


def test_a_refresh_of_a_refresh_refers_to_the_same_answer(site: Site, crawl: Crawls) -> None:
    show(site, PICTURES[0])
    crawl(site.entry(), folder="first")
    second = refresh(site, crawl)
    third = crawl(site.entry(snapshot="3"), folder="third", PREVIOUS=str(second.folder / "archive"))
    assert third.outcomes() == {PICTURES[0]: "unchanged"}
    shutil.rmtree(second.folder)
    assert ArchiveReader(third.folder / "archive", verify=True).get(third.images.sha256[0]) == site.jpeg(0).body


def test_added_gone_and_changed_are_reported(site: Site, crawl: Crawls) -> None:
    show(site, *PICTURES[:5], "/i/old.jpg")
    site.pages["/i/old.jpg"] = site.jpeg(50)
    crawl(site.entry(), folder="first")
    show(site, *PICTURES[1:])
    site.pages[PICTURES[2]] = site.answer(site.jpeg(22).body, headers={"ETag": '"new"'})
    site.pages[PICTURES[3]] = site.answer(status=410)
    done = refresh(site, crawl)
    found = json.loads((done.folder / "archive" / "changes.json").read_text())
    assert found["since"]["snapshot"] == "1"
    assert found["added"] == [site.url + PICTURES[5]]
    assert found["gone"] == {
        site.url + PICTURES[0]: None,
        site.url + PICTURES[3]: "http_error",
        site.url + "/i/old.jpg": None,
    }
    assert found["changed"] == [site.url + PICTURES[2]]
    assert found["same"] == 2
    assert found["downloaded"] == sum(
        len(cast(Answer, site.pages[path]).body) for path in ("/", PICTURES[2], PICTURES[5])
    )


def test_a_first_crawl_reports_no_changes(site: Site, crawl: Crawls) -> None:
    show(site, PICTURES[0])
    assert not (crawl(site.entry()).folder / "archive" / "changes.json").exists()


def test_a_redirect_is_followed_and_its_target_requested_conditionally(site: Site, crawl: Crawls) -> None:
    show(site, "/old.jpg")
    site.pages["/old.jpg"] = site.answer(status=302, headers={"Location": PICTURES[0], "ETag": '"moved"'})
    first = crawl(site.entry(), folder="first")
    done = refresh(site, crawl)
    assert dict(site.sent)["/old.jpg"] == 302
    assert dict(site.sent)[PICTURES[0]] == 304
    assert done.outcomes() == {"/old.jpg": "unchanged"}
    assert (done.folder / "images.parquet").read_bytes() == (first.folder / "images.parquet").read_bytes()


def test_a_url_that_redirects_elsewhere_now_is_fetched(site: Site, crawl: Crawls) -> None:
    show(site, "/old.jpg")
    site.pages["/old.jpg"] = site.answer(status=302, headers={"Location": PICTURES[0]})
    crawl(site.entry(), folder="first")
    site.pages["/old.jpg"] = site.answer(status=302, headers={"Location": PICTURES[1]})
    done = refresh(site, crawl)
    assert dict(site.sent)[PICTURES[1]] == 200
    assert done.outcomes() == {"/old.jpg": "stored"}


def test_a_reservation_that_is_new_is_obeyed(site: Site, crawl: Crawls) -> None:
    show(site, *PICTURES[:2])
    crawl(site.entry(), folder="first")
    answer = site.pages[PICTURES[0]]
    site.pages[PICTURES[0]] = site.answer(answer.body, headers={**answer.headers, "X-Robots-Tag": "noai"})
    done = refresh(site, crawl)
    assert dict(site.sent)[PICTURES[0]] == 304
    assert done.outcomes() == {PICTURES[0]: "opt_out", PICTURES[1]: "unchanged"}
    assert len(done.images) == 1


def test_a_304_without_a_conditional_request_is_an_error(site: Site, crawl: Crawls) -> None:
    show(site, *PICTURES[:2])
    site.pages[PICTURES[0]] = site.answer(status=304)
    assert crawl(site.entry()).outcomes() == {PICTURES[0]: "http_error", PICTURES[1]: "stored"}


@pytest.mark.parametrize("kills", [2])
def test_a_refresh_that_was_killed_resumes(site, crawl, kills):
    show(site, *PICTURES)
    first = crawl(site.entry(), folder="first")
    for path in PICTURES:
        answer = site.pages[path]
        site.pages[path] = site.answer(answer.body, headers=answer.headers, wait=0.3)
    previous = str(first.folder / "archive")
    one_by_one = {"limits": {"delay": 0, "per_host": 1}}
    for _ in range(kills):
        site.sent.clear()
        process = crawl.start(site.entry(snapshot="2"), one_by_one, "second", PREVIOUS=previous)
        # When a second answer has gone out, the first is stored: they are asked for one by one.
        while process.poll() is None and sum(path in PICTURES for path, _ in list(site.sent)) < 2:
            time.sleep(0.01)
        process.kill()
        process.communicate()
    done = refresh(site, crawl)
    assert done.returncode == 0, done.errors
    assert len(site.sent) <= len(PICTURES) - kills
    assert (done.folder / "images.parquet").read_bytes() == (first.folder / "images.parquet").read_bytes()
    assert sorted(done.outcomes().values()) == ["stored", *["unchanged"] * 5]


def test_a_retry_requests_only_urls_that_failed(site: Site, crawl: Crawls) -> None:
    """As `facades source retry` does it: the finished archive becomes the beginning of a crawl that asks again."""
    show(site, *PICTURES, links=("/more",))
    site.pages[PICTURES[1]] = site.answer(status=404)
    first = crawl(site.entry())
    assert first.outcomes()[PICTURES[1]] == first.outcomes("page")["/more"] == "http_error"
    show(site, *PICTURES, links=("/more",))
    site.pages["/more"] = site.html("/i/more.jpg")
    site.pages["/i/more.jpg"] = site.jpeg(70)
    (first.folder / "archive").rename(first.folder / "work")
    (first.folder / "work" / "00001.warc").touch()
    old = (first.folder / "work" / "00000.warc").read_bytes()
    site.sent.clear()
    done = crawl(site.entry(), RETRY="1")
    assert done.returncode == 0, done.errors
    assert sorted(path for path, _ in site.sent) == sorted([PICTURES[1], "/i/more.jpg", "/more", "/robots.txt", TDMREP])
    assert set(done.fetches.outcome) == {"stored"}
    assert done.fetches[done.fetches.url == site.url + PICTURES[1]].attempts.item() == 2
    assert (done.folder / "archive" / "00000.warc").read_bytes() == old, "what was there is not written to"
    assert len(done.images) == 7
