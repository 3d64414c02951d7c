"""URLs and hosts that never answer: what they cost, and that other URLs do not wait for them."""

import time
from collections import Counter
from itertools import zip_longest

import pytest

from crawler.archive.schemas import Outcome
from crawler.transport.host_health import CONNECTION_FAILURES, FAILURES_BEFORE_PROBE, HostHealth
from crawler.transport.refusal import Refusal
from tests.crawler.conftest import Crawls, Site

pytestmark = pytest.mark.integration

DEAD = tuple(f"/dead/{number}.jpg" for number in range(24))
GOOD = tuple(f"/good/{number}.jpg" for number in range(24))

LATE = Refusal(Outcome.TIMEOUT, "late")
REFUSED = Refusal(Outcome.CONNECTION_ERROR, "refused", unreachable=True)


def serve(site: Site, dead: tuple[str, ...] = DEAD) -> None:
    """Serve a page of good pictures, mixed with dead ones, which take 20 seconds to answer."""
    mixed = [path for pair in zip_longest(dead, GOOD) for path in pair if path]
    site.pages["/robots.txt"] = site.answer()
    site.pages["/"] = site.html(*mixed)
    for number, path in enumerate(GOOD):
        site.pages[path] = site.jpeg(number)
    for path in dead:
        site.pages[path] = site.answer(wait=20)


def test_urls_that_never_answer_are_tried_twice_and_keep_the_others_waiting_once(site: Site, crawl: Crawls) -> None:
    dead = DEAD[:12]
    serve(site, dead)
    started = time.monotonic()
    done = crawl(site.entry(), {"limits": {"delay": 0, "per_host": 4, "retries": 3, "answer": 1}})
    took = time.monotonic() - started
    assert done.returncode == 0, done.errors
    assert Counter(done.outcomes().values()) == {"stored": len(GOOD), "timeout": len(dead)}
    failed = done.fetches[done.fetches.outcome == "timeout"]
    assert set(failed.attempts) == {2}
    assert failed.detail.str.contains("no answer within 1 s").all()
    tries = {path: site.times(path) for path in dead}
    assert min(second for _, second in tries.values()) > max(site.times("/good/")), "second tries come last"
    assert took < len(dead) * 2 / 4 + 15, "two tries of a second each, four at a time"
    assert site.count("/robots.txt") > 1, "after ten failures in a row the host is probed"


def test_the_first_wait_of_a_quick_host_is_shorter_than_the_second(site: Site, crawl: Crawls) -> None:
    serve(site)
    site.pages["/"] = site.html(DEAD[0], GOOD[0])
    done = crawl(site.entry(), {"limits": {"delay": 0, "answer": 6}})
    first, second = site.times(DEAD[0])
    assert 4.5 < second - first < 6
    [row] = done.fetches[done.fetches.outcome == "timeout"].to_dict("records")
    assert "no answer within 6 s" in row["detail"]


def test_a_body_may_take_longer_than_the_answer_to_begin(site: Site, crawl: Crawls) -> None:
    site.pages["/"] = site.html("/slow.jpg")
    site.pages["/slow.jpg"] = site.answer(b"\xff\xd8\xff", promise=4)  # the rest never comes
    done = crawl(site.entry(), {"limits": {"delay": 0, "answer": 1, "timeout": 4, "retries": 0}})
    assert done.returncode == 0, done.errors
    assert done.outcomes()["/slow.jpg"] in ("incomplete", "timeout")
    [row] = done.fetches[done.fetches.role == "image"].to_dict("records")
    assert "no answer" not in row["detail"]


def test_a_host_that_is_down_gets_no_more_requests_and_the_others_go_on(site: Site, crawl: Crawls) -> None:
    """The same server by two names: one of them dies for all but its first picture."""
    other = site.url.replace("127.0.0.1", "localhost")
    serve(site)
    site.pages["/"] = site.html(f"{other}/good/0.jpg", *(f"{other}{path}" for path in DEAD), *GOOD[1:])
    site.pages["/robots.txt"] = lambda number: site.answer(wait=20 if number > 1 else 0)
    limits = {"limits": {"delay": 0, "per_host": 4, "retries": 0, "answer": 0.5}}
    stopped = crawl(site.entry(), limits)
    assert stopped.returncode == 1
    assert "localhost no longer answers" in stopped.errors
    assert "run the same command to resume" in stopped.errors
    assert FAILURES_BEFORE_PROBE <= sum(site.count(path) for path in DEAD) < len(DEAD)
    assert all(site.count(path) == 1 for path in GOOD)
    serve(site)
    for number, path in enumerate(DEAD):
        site.pages[path] = site.jpeg(100 + number)
    site.pages["/"] = site.answer(status=404)
    done = crawl(site.entry(), limits)
    assert done.returncode == 0, done.errors
    assert Counter(done.outcomes().values()) == {"stored": len(DEAD) + len(GOOD)}


def test_a_probe_is_due_after_so_many_failures_in_a_row() -> None:
    host = HostHealth("http://example.org:80")
    assert not any(host.fail(LATE) for _ in range(FAILURES_BEFORE_PROBE - 1))
    assert host.fail(LATE)
    host.succeed()
    assert not host.fail(LATE)
    assert not host.is_down


def test_refused_connections_need_fewer_failures() -> None:
    host = HostHealth("http://example.org:80")
    assert not any(host.fail(REFUSED) for _ in range(CONNECTION_FAILURES))
    assert (host.is_down, host.is_lost) == (True, False), "it never answered"
    host.has_answered = True
    assert host.is_lost
    assert host.message == "example.org no longer answers (refused)"
