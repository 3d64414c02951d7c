"""A new snapshot and a retry with the real DVC and a real web server."""

import json
import re

import pyarrow.parquet as pq
import pytest

from tests.crawler.conftest import Site, site
from tests.e2e.clones import Clone, fresh

__all__ = ["site"]  # a fixture

TDMREP = "/.well-known/tdmrep.json"
PICTURES = tuple(f"/i/{number}.jpg" for number in range(4))

pytestmark = [pytest.mark.integration, pytest.mark.slow]


@pytest.fixture
def clone(site: Site, tmp_path) -> Clone:
    """A clone with one crawled source, one of whose images failed."""
    made = fresh(tmp_path)
    (made.folder / "list.txt").write_text("".join(f"{site.url}{path}\n" for path in PICTURES))
    entry = {"kind": "urls", "file": "list.txt", "allow_private": True, "snapshot": "1"}

    def change(params):
        params["sources"] = {"listed": entry}
        params["crawl"]["limits"] = {"delay": 0, "retries": 0}

    made.params(change)
    for number, path in enumerate(PICTURES):
        answer = site.jpeg(number)
        site.pages[path] = site.answer(answer.body, headers={**answer.headers, "ETag": f'"{number}"'})
    site.pages[PICTURES[3]] = site.answer(status=404)
    assert made.repro("extract@listed") == ["check", "crawl@listed", "extract@listed"]
    site.sent.clear()
    return made


def images(clone: Clone) -> int:
    return pq.read_metadata(clone.folder / "data/images/listed.parquet").num_rows


def test_a_retry_is_committed_and_does_not_crawl_again(site, clone):
    assert images(clone) == 3
    site.pages[PICTURES[3]] = site.jpeg(3)
    done = clone.run("facades", "source", "retry", "listed", "-q")
    assert "of 1 failed URLs, 0 failed again" in done.stdout
    assert sorted(site.sent) == [(TDMREP, 404), (PICTURES[3], 200), ("/robots.txt", 404)]
    assert clone.repro("extract@listed") == ["extract@listed"]
    assert images(clone) == 4
    assert clone.repro("extract@listed") == []
    site.sent.clear()
    assert "no URL has failed" in clone.run("facades", "source", "retry", "listed").stdout
    assert site.sent == []


def test_the_counts_of_a_crawl_are_a_metric(site, clone):
    shown = json.loads(clone.run("dvc", "metrics", "show", "--json", "data/counts/listed.json").stdout)
    assert shown[""]["data"]["data/counts/listed.json"]["data"] == {
        "images": 3,
        "nbytes": sum(len(site.jpeg(number).body) for number in range(3)),
        "fetches": {
            "image": {"http_error": 1, "stored": 3},
            "page": {"stored": 1},
            "robots": {"http_error": 1},
            "tdmrep": {"http_error": 1},
        },
    }


def test_list_prints_the_counts_of_a_source(clone):
    listed = clone.run("facades", "source", "list").stdout.splitlines()[-1].split()
    assert listed == ["listed", "urls", "1", "3", "0.1", "1"], "source, kind, snapshot, images, MB, failed"


def test_a_retry_with_a_changed_entry_is_refused(site, clone):
    clone.params(lambda params: params["sources"]["listed"].update(limit=2))
    done = clone.run("facades", "source", "retry", "listed", check=False)
    assert done.returncode == 1
    assert "found an entry that has changed since the crawl" in done.stdout
    assert site.sent == []


def test_a_new_snapshot_downloads_what_changed(site, clone):
    """DVC removes the archive before the stage runs; the crawl reads it from the cache."""
    site.pages[PICTURES[0]] = site.answer(site.jpeg(9).body, headers={"ETag": '"9"'})
    clone.params(lambda params: params["sources"]["listed"].update(snapshot="2"))
    output = clone.run("dvc", "repro", "extract@listed").stdout
    assert re.search(r"since snapshot 1 \(.*\): 0 added, 0 gone, 1 changed, 2 the same", " ".join(output.split()))
    assert sorted(site.sent) == [
        (TDMREP, 404),
        (PICTURES[0], 200),
        (PICTURES[1], 304),
        (PICTURES[2], 304),
        (PICTURES[3], 404),
        ("/robots.txt", 404),
    ]
    changes = json.loads((clone.folder / "data/archive/listed/changes.json").read_text())
    assert changes["changed"] == [site.url + PICTURES[0]]


def test_without_the_previous_archive_everything_is_fetched(site, clone):
    clone.run("rm", "-rf", ".dvc/cache")
    clone.params(lambda params: params["sources"]["listed"].update(snapshot="2"))
    output = clone.run("dvc", "repro", "extract@listed").stdout
    assert "crawl listed: everything is fetched again: the previous archive:" in output
    assert [status for _, status in sorted(site.sent)] == [404, 200, 200, 200, 404, 404]
    assert images(clone) == 3
