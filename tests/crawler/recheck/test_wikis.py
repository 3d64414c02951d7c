"""A recheck of a wiki's files: few requests, each for many titles, and what the answers amount to."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from crawler.spiders.commons.mediawiki import BATCH, batches, title_of
from tests.crawler.conftest import Answer, Crawls, Site
from tests.crawler.recheck.conftest import Rechecks, asked, forget

COUNT = 120


@dataclass
class Wiki:
    """The part of MediaWiki's Action API that lists the files of a category, and files by title."""

    url: str
    files: dict[str, dict[str, str]] = field(default_factory=dict)  # title to its licence and the seed of its bytes
    redirects: dict[str, str] = field(default_factory=dict)
    is_broken: bool = False

    def answer(self, path: str) -> Answer:
        parts = urlsplit(path)
        if parts.path != "/w/api.php":
            return Answer(b"\xff\xd8\xff\xe0" + parts.path.encode() * 50, headers={"Content-Type": "image/jpeg"})
        if self.is_broken:
            error = {"error": {"code": "internal_api_error", "info": "Something is wrong."}}
            return Answer(json.dumps(error).encode(), headers={"Content-Type": "application/json"})
        query = {name: value for name, (value,) in parse_qs(parts.query).items()}
        found: dict[str, Any] = self._by_title(query) if "titles" in query else self._category(query)
        return Answer(json.dumps(found).encode(), headers={"Content-Type": "application/json"})

    def _category(self, query: dict[str, str]) -> dict[str, Any]:
        titles, start = sorted(self.files), int(query.get("gcmcontinue", 0))
        batch = titles[start : start + 50]
        more = {"continue": {"gcmcontinue": str(start + 50), "continue": "-"}} if start + 50 < len(titles) else {}
        return {"batchcomplete": "", "query": {"pages": self._pages(batch)}, **more}

    def _by_title(self, query: dict[str, str]) -> dict[str, Any]:
        titles = query["titles"].split("|")
        assert len(titles) <= BATCH
        return {"batchcomplete": "", "query": {"pages": self._pages([self.redirects.get(one, one) for one in titles])}}

    def _pages(self, titles: list[str]) -> dict[str, Any]:
        return {str(-number - 1): self._page(title) for number, title in enumerate(titles)}

    def _page(self, title: str) -> dict[str, Any]:
        if title not in self.files:
            return {"ns": 6, "title": title, "missing": ""}
        name = quote(title.removeprefix("File:").replace(" ", "_"))
        about = self.files[title]
        info = {
            "url": f"{self.url}/images/{name}",
            "thumburl": f"{self.url}/thumb/{name}/330px-{name}",
            "descriptionurl": f"{self.url}/wiki/File:{name}",
            "mediatype": "BITMAP",
            "sha1": hashlib.sha1(about["bytes"].encode(), usedforsecurity=False).hexdigest(),
            "extmetadata": {"LicenseShortName": {"value": about["license"]}, "Artist": {"value": "Ada"}},
        }
        return {"ns": 6, "title": title, "imageinfo": [info]}


def title(number: int) -> str:
    return f"File:Façade {number:03d} & co.jpg"


@pytest.fixture
def wiki(site: Site, crawl: Crawls) -> Wiki:
    made = Wiki(site.url, {title(number): {"license": "CC BY-SA 4.0", "bytes": str(number)} for number in range(COUNT)})
    site.others = made.answer
    site.pages["/robots.txt"] = Answer(b"User-agent: *\nDisallow:\n")
    done = crawl(entry(site))
    assert done.returncode == 0, done.errors
    assert len(done.images) == COUNT
    forget(site)
    return made


def entry(site: Site) -> dict[str, Any]:
    return {"kind": "commons", "api": f"{site.url}/w/api.php", "category": "Facades", "allow_private": True}


@pytest.mark.integration
def test_files_are_asked_for_by_title_fifty_in_a_request(wiki: Wiki, site: Site, recheck: Rechecks) -> None:
    done = recheck(entry(site))
    assert done.returncode == 0, done.errors
    assert set(done.states.values()) == {"unchanged"}
    assert len(done.states) == COUNT
    methods = [method for method, path in asked(site) if path.startswith("/w/api.php")]
    assert methods == ["GET"] * 3
    (other,) = [(method, path) for method, path in asked(site) if not path.startswith("/w/api.php")]
    assert other[0] == "HEAD", "one picture stands for the host of all"


@pytest.mark.integration
def test_deleted_moved_replaced_and_relicensed_files_are_found(wiki: Wiki, site: Site, recheck: Rechecks) -> None:
    deleted, moved, replaced, relicensed = map(title, range(4))
    del wiki.files[deleted]
    wiki.redirects[moved] = "File:Town hall.jpg"
    wiki.files["File:Town hall.jpg"] = wiki.files.pop(moved)
    wiki.files[replaced]["bytes"] = "other"
    wiki.files[relicensed]["license"] = "Fair use"
    done = recheck(entry(site))
    found = {seen[0]["state"]: seen[0] for seen in done.found.values() if seen}
    assert set(found) == {"gone", "moved", "changed", "license_changed"}
    assert sum(map(bool, done.found.values())) == 4
    assert found["gone"]["now"] == "the wiki has no such file"
    assert found["moved"]["now"] == f"{site.url}/wiki/File:Town_hall.jpg"
    assert (found["license_changed"]["was"], found["license_changed"]["now"]) == ("CC-BY-SA-4.0", "unknown")


@pytest.mark.integration
def test_an_api_that_fails_deletes_nothing(wiki: Wiki, site: Site, recheck: Rechecks) -> None:
    wiki.is_broken = True
    assert set(recheck(entry(site)).states.values()) == {"unreachable"}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://commons.wikimedia.org/wiki/File:Old_house.jpg", "File:Old house.jpg"),
        ("https://w.example.org/w/index.php?title=Datei:A%26B.jpg&uselang=de", "Datei:A&B.jpg"),
        ("https://w.example.org/index.php/File:100%25_%E2%82%AC.jpg", "File:100% €.jpg"),
    ],
)
def test_the_title_of_a_file_is_read_from_the_url_of_its_page(url: str, expected: str) -> None:
    assert title_of(url) == expected


def test_titles_are_batched_so_that_no_url_is_too_long() -> None:
    latin = [f"File:House {number}.jpg" for number in range(120)]
    assert [len(batch) for batch in batches(latin)] == [50, 50, 20]
    greek = [f"File:{'Αθήνα' * 20} {number}.jpg" for number in range(60)]
    divided = list(batches(greek))
    assert [one for batch in divided for one in batch] == greek
    assert max(len(quote("|".join(batch))) for batch in divided) <= 5_000
    assert list(batches([])) == []
