"""A crawl from the first request to the archive: what it stores, and what remains of it when it is stopped."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from common.errors import UserError
from common.locks import locked
from crawler.archive.fetches import read_fetches
from crawler.archive.reader import ArchiveReader
from crawler.archive.warc import cut_torn_tail
from tests.crawler.conftest import Crawls, Site

pytestmark = pytest.mark.integration

IMAGES = 60


def gallery(site, pages=6, wait=0.0):
    """`pages` pages of ten pictures each, every page leading to the next."""
    for page in range(pages):
        here, following = f"/{page}" if page else "/", (f"/{page + 1}",) if page + 1 < pages else ()
        pictures = [f"/i/{page}-{number}.jpg" for number in range(10)]
        site.pages[here] = site.html(*pictures, links=following, license="CC0")
        for number, picture in enumerate(pictures):
            answer = site.jpeg(page * 10 + number)
            site.pages[picture] = site.answer(answer.body, headers=answer.headers, wait=wait)
    site.pages["/robots.txt"] = site.answer(b"User-agent: *\nDisallow: /private/\n")


def checked_by_warcio(archive: Path) -> bool:
    files = sorted(map(str, archive.glob("*.warc")))
    done = subprocess.run([Path(sys.executable).parent / "warcio", "check", *files], capture_output=True, text=True)
    return bool(files) and done.returncode == 0 and not done.stdout


def test_stores_every_image_and_the_pages_that_link_to_them(site: Site, crawl: Crawls) -> None:
    gallery(site)
    done = crawl(site.entry())
    assert done.returncode == 0, done.errors
    assert len(done.images) == IMAGES
    assert set(done.images.license) == {"CC0-1.0"}
    assert set(zip(done.fetches.role, done.fetches.outcome, strict=True)) == {
        ("image", "stored"),
        ("page", "stored"),
        ("robots", "stored"),
        ("tdmrep", "http_error"),
    }
    assert site.count("/robots.txt") == 1
    assert checked_by_warcio(done.folder / "archive")
    archive = ArchiveReader(done.folder / "archive", verify=True)
    assert {archive.get(sha256) for sha256 in done.images.sha256} == {site.jpeg(n).body for n in range(IMAGES)}
    assert site.agents == {next(iter(site.agents))}
    assert next(iter(site.agents)).startswith("facades/")


def test_the_run_record_contains_settings_versions_and_counts(site: Site, crawl: Crawls) -> None:
    gallery(site, pages=1)
    done = crawl(site.entry(), {"contact": "ops@example.org", "limits": {"delay": 0}})
    record = json.loads((done.folder / "archive" / "run.json").read_text())
    assert record["source"] == "test"
    assert record["entry"]["kind"] == "plain"
    assert record["settings"]["contact"] == "ops@example.org"
    assert record["counts"]["image"] == {"stored": 10}
    assert len(record["started"]) == 1
    assert record["started"][0] <= record["finished"]
    assert len(record["code"]) == 64
    assert site.agents == {f"facades/{record['versions']['facades']} (+ops@example.org)"}


def stored(work: Path, scratch: Path) -> set[str]:
    """The URLs that a crawl which was killed had stored."""
    shutil.rmtree(scratch, ignore_errors=True)
    if work.is_dir():
        shutil.copytree(work, scratch)
        cut_torn_tail(scratch)
    return {fetch.url for fetch in read_fetches(scratch) if fetch.stored}


@pytest.mark.parametrize("kills", [4, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_at_any_moment_it_resumes_where_it_was(site, crawl, tmp_path, kills):
    """Nothing that was stored is fetched again, and the table has the same bytes as that of an undisturbed crawl."""
    gallery(site, wait=0.05)
    undisturbed = crawl(site.entry(), folder="undisturbed")
    moments = random.Random(kills)
    had: set[str] = set()
    for _ in range(kills):
        site.log.clear()
        process = crawl.start(site.entry())
        after = moments.randrange(1, 120 // kills)
        while process.poll() is None and len(site.log) < after:
            time.sleep(0.001)
        time.sleep(moments.random() * 0.05)
        process.kill()
        process.communicate()
        assert not {site.url + path for _, path in site.log} & had
        had = stored(tmp_path / "crawl" / "work", tmp_path / "scratch")
    site.log.clear()
    done = crawl(site.entry())
    assert done.returncode == 0, done.errors
    assert 0 < len(had) < IMAGES
    assert not {site.url + path for _, path in site.log} & had
    assert checked_by_warcio(done.folder / "archive")
    assert (done.folder / "images.parquet").read_bytes() == (undisturbed.folder / "images.parquet").read_bytes()


def test_a_stored_url_is_never_requested_again(site: Site, crawl: Crawls) -> None:
    """The end of the crawl is undone, so that everything had been stored: the second run must ask for nothing."""
    gallery(site, pages=2)
    first = crawl(site.entry())
    before = (first.folder / "images.parquet").read_bytes()
    (first.folder / "archive").rename(first.folder / "work")
    site.log.clear()
    again = crawl(site.entry())
    assert again.returncode == 0, again.errors
    assert site.log == []
    assert (again.folder / "images.parquet").read_bytes() == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_crawl_at_once_and_the_message_says_how_to_resume(site, crawl, number):
    gallery(site, wait=0.3)
    process = crawl.start(site.entry())
    while len(site.log) < 12:
        time.sleep(0.01)
    process.send_signal(number)
    asked = time.monotonic()
    stopped = crawl.finish(process)
    assert time.monotonic() - asked < 5
    assert stopped.returncode == 1
    assert (
        stopped.errors
        == f"error: source test: stopped by {number.name}; what was fetched is kept; run the same command to resume"
    )
    assert crawl(site.entry()).returncode == 0


def test_a_second_crawl_of_the_same_folder_is_refused(tmp_path: Path, site: Site, crawl: Crawls) -> None:
    gallery(site, pages=1)
    with locked(tmp_path / "crawl" / "work"):
        refused = crawl(site.entry())
    assert refused.returncode == 1
    assert "found another crawl in this folder" in refused.errors
    assert site.log == []


def test_a_lock_ends_with_its_holder(tmp_path: Path) -> None:
    with locked(tmp_path / "work"), pytest.raises(UserError, match="another crawl"), locked(tmp_path / "work"):
        pass
    with locked(tmp_path / "work"):
        pass


def test_a_real_site_without_a_contact_is_refused(site: Site, crawl: Crawls) -> None:
    gallery(site, pages=1)
    refused = crawl(site.entry(allow_private=False))
    assert refused.returncode == 1
    assert refused.errors.startswith("error: crawl.contact: not set, but source test is a real site")
    assert site.log == []


def test_a_site_that_does_not_answer_is_an_error_and_no_archive(tmp_path: Path, site: Site, crawl: Crawls) -> None:
    site.pages["/robots.txt"] = site.answer()
    site.pages["/"] = site.answer(status=500)
    refused = crawl(site.entry(), {"limits": {"delay": 0, "retries": 0}})
    assert refused.returncode == 1
    assert refused.errors == f"error: source test: nothing could be fetched: {site.url}/: HTTP 500"
    assert not (tmp_path / "crawl" / "archive").exists()


def test_retryable_failures_are_tried_again_on_resume(site: Site, crawl: Crawls) -> None:
    gallery(site, pages=1)
    site.pages["/"] = lambda number: site.answer(status=500) if number == 0 else site.html("/i/0-1.jpg")
    once = {"limits": {"delay": 0, "retries": 0}}
    assert crawl(site.entry(), once).returncode == 1
    done = crawl(site.entry(), once)
    assert done.returncode == 0, done.errors
    page = done.fetches[done.fetches.url == f"{site.url}/"].iloc[0]
    assert (page.outcome, page.attempts) == ("stored", 2)


def test_a_full_disk_is_reported_in_a_line_and_loses_nothing(site: Site, crawl: Crawls) -> None:
    gallery(site)
    stopped = crawl(site.entry(), LARGEST_FILE="400000")
    assert stopped.returncode == 1
    assert "Traceback" not in stopped.errors
    assert "cannot write: File too large; what was fetched is kept; run the same command to resume" in stopped.errors
    site.log.clear()
    done = crawl(site.entry())
    assert done.returncode == 0, done.errors
    assert len(done.images) == IMAGES
    assert 0 < len(site.log) < IMAGES


def test_a_folder_that_cannot_be_written_is_reported_in_a_line(site: Site, crawl: Crawls, tmp_path: Path) -> None:
    """A file is in its place: it holds root off as well, whom permissions do not."""
    gallery(site, pages=1)
    (tmp_path / "crawl").mkdir()
    (tmp_path / "crawl" / "work").write_text("in the way")
    refused = crawl(site.entry())
    assert refused.returncode == 1
    assert refused.errors.startswith(f"error: source test: {tmp_path}/crawl/work: File exists")
    assert "Traceback" not in refused.errors
    assert site.log == []


def test_a_read_only_folder_is_reported_in_a_line(site: Site, crawl: Crawls, tmp_path: Path) -> None:
    gallery(site, pages=1)
    (tmp_path / "crawl").mkdir()
    with read_only(tmp_path / "crawl"):
        refused = crawl(site.entry())
    assert refused.returncode == 1
    assert "Read-only file system" in refused.errors or "Permission denied" in refused.errors
    assert "Traceback" not in refused.errors
    assert site.log == []


@contextmanager
def read_only(folder):
    """Not to be written to by anybody: by permissions, or for root by a mount."""
    if os.geteuid():
        folder.chmod(0o555)
        yield
        folder.chmod(0o755)
        return
    mounted = subprocess.run(["mount", "--bind", "-o", "ro", folder, folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("root, and no mounts")
    yield
    subprocess.run(["umount", folder], check=True)


def test_stops_when_the_server_dies_and_goes_on_when_it_is_back(site: Site, crawl: Crawls) -> None:
    gallery(site, pages=3)
    for path, answer in site.pages.items():
        site.pages[path] = site.answer(answer.body, headers={**answer.headers, "Connection": "close"})

    def dying(number):
        if number == 0:
            site.stop()
        return site.jpeg(5)

    site.pages["/i/0-5.jpg"] = dying
    once = {"limits": {"delay": 0, "retries": 0, "per_host": 1}}
    stopped = crawl(site.entry(), once)
    assert stopped.returncode == 1
    assert "127.0.0.1 no longer answers" in stopped.errors
    site.start()
    done = crawl(site.entry(), once)
    assert done.returncode == 0, done.errors
    assert len(done.images) == 30
