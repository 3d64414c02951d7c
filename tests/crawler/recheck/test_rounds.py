"""Rounds of questions, and the archive of their answers."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawler.recheck.archive import RESUMED_WITHIN, begin_round, end_round
from tests.crawler.conftest import Answer, Crawls, Site
from tests.crawler.recheck.conftest import Rechecks, asked, forget

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "is_resumed"), [(timedelta(minutes=1), True), (RESUMED_WITHIN, True), (timedelta(hours=25), False)]
)
def test_an_interrupted_round_is_resumed_for_a_day(tmp_path: Path, age: timedelta, is_resumed: bool) -> None:
    began = begin_round(tmp_path, NOW)
    assert began == NOW
    assert begin_round(tmp_path, NOW + age) == (began if is_resumed else NOW + age)


def test_a_round_that_ended_is_followed_by_a_new_one(tmp_path: Path) -> None:
    end_round(tmp_path, begin_round(tmp_path, NOW))
    later = NOW + timedelta(minutes=1)
    assert begin_round(tmp_path, later) == later
    assert begin_round(tmp_path, later + timedelta(minutes=1)) == later


def gallery(site: Site, license: str) -> None:
    page = site.html("/1.jpg", license=license)
    site.pages["/"] = Answer(page.body, headers={**page.headers, "ETag": f'"{license}"'})
    site.pages["/1.jpg"] = site.jpeg(1)


@pytest.mark.integration
def test_an_answer_about_another_archive_does_not_count(site: Site, crawl: Crawls, recheck: Rechecks) -> None:
    """A checkout of an older dataset version brings the archive of an older crawl back."""
    gallery(site, "CC0")
    crawl(site.entry())
    older = crawl.root / "older"
    shutil.move(crawl.root / "crawl" / "archive", older)
    gallery(site, "CC BY 4.0")
    crawl(site.entry())
    since = datetime.now(UTC).isoformat()
    assert recheck(site.entry()).states == {"/1.jpg": "unchanged"}
    shutil.rmtree(crawl.root / "crawl" / "archive")
    shutil.move(older, crawl.root / "crawl" / "archive")
    forget(site)
    done = recheck(site.entry(), SINCE=since)
    assert asked(site) == [("GET", "/")], "the image's headers are known"
    assert done.states == {"/1.jpg": "license_changed"}
    assert (done.found["/1.jpg"][0]["was"], done.found["/1.jpg"][0]["now"]) == ("CC0-1.0", "CC-BY-4.0")


@pytest.mark.integration
def test_credentials_are_sent_again_and_not_printed(site: Site, crawl: Crawls, recheck: Rechecks) -> None:
    page = site.html("/1.jpg?id=1&token=hidden", license="CC0")
    site.pages["/?token=hidden"] = page
    site.pages["/1.jpg?id=1&token=hidden"] = site.jpeg(1)
    entry = site.entry(url=f"{site.url}/?token=hidden")
    crawl(entry)
    site.pages["/?token=hidden"] = Answer(page.body.replace(b"CC0", b"CC BY-ND 4.0"), headers=page.headers)
    forget(site)
    done = recheck(entry)
    assert sorted(asked(site)) == [("GET", "/?token=hidden"), ("HEAD", "/1.jpg?id=1&token=hidden")]
    assert done.found == {
        "/1.jpg?id=1": [
            {"state": "license_changed", "was": "CC0-1.0", "now": "CC-BY-ND-4.0", "url": f"{site.url}/"},
        ]
    }
