"""URLs and hosts that never answer: they cost what they must, and keep nobody waiting."""

import time
from collections import Counter

from crawler.archive.schemas import Outcome
from crawler.transport.host_health import CONNECTION_FAILURES, FAILURES_BEFORE_PROBE, HostHealth
from crawler.transport.refusal import Refusal

DEAD = tuple(f"/dead/{number}.jpg" for number in range(24))
GOOD = tuple(f"/good/{number}.jpg" for number in range(24))

LATE = Refusal(Outcome.TIMEOUT, "late")
REFUSED = Refusal(Outcome.CONNECTION_ERROR, "refused", unreachable=True)


def show(site):
    mixed = [path for pair in zip(DEAD, GOOD, strict=True) for path in pair]
    site.pages["/robots.txt"] = site.answer()
    site.pages["/"] = site.html(*mixed)
    for number, path in enumerate(GOOD):
        site.pages[path] = site.jpeg(number)
    for path in DEAD:
        site.pages[path] = site.answer(wait=20)


def test_urls_that_never_answer_are_tried_twice_and_keep_the_others_waiting_once(site, crawl):
    show(site)
    started = time.monotonic()
    done = crawl(site.entry(), {"limits": {"delay": 0, "per_host": 4, "retries": 3, "answer": 1}})
    took = time.monotonic() - started
    assert done.returncode == 0, done.errors
    assert Counter(done.outcomes().values()) == {"stored": len(GOOD), "timeout": len(DEAD)}
    failed = done.fetches[done.fetches.outcome == "timeout"]
    assert set(failed.attempts) == {2}
    assert failed.detail.str.contains("no answer within 1 s").all()
    tries = {path: site.times(path) for path in DEAD}
    assert min(second for _, second in tries.values()) > max(site.times("/good/")), "second tries come last"
    assert took < len(DEAD) * 2 / 4 + 15, "and the arithmetic of the guide holds"
    assert site.count("/robots.txt") > 1, "so many failures one after the other: is anybody there?"


def test_the_first_wait_of_a_quick_host_is_shorter_than_the_second(site, crawl):
    show(site)
    site.pages["/"] = site.html(DEAD[0], GOOD[0])
    done = crawl(site.entry(), {"limits": {"delay": 0, "answer": 8}})
    first, second = site.times(DEAD[0])
    assert 4.5 < second - first < 8
    [row] = done.fetches[done.fetches.outcome == "timeout"].to_dict("records")
    assert "no answer within 8 s" in row["detail"]


def test_a_body_may_take_longer_than_the_answer_to_begin(site, crawl):
    site.pages["/"] = site.html("/slow.jpg")
    site.pages["/slow.jpg"] = site.answer(b"\xff\xd8\xff", promise=4)  # the rest never comes
    done = crawl(site.entry(), {"limits": {"delay": 0, "answer": 1, "timeout": 4, "retries": 0}})
    assert done.returncode == 0, done.errors
    assert done.outcomes()["/slow.jpg"] in ("incomplete", "timeout")
    [row] = done.fetches[done.fetches.role == "image"].to_dict("records")
    assert "no answer" not in row["detail"]


def test_a_host_that_is_gone_is_asked_no_more_and_the_others_go_on(site, crawl):
    """The same server by two names: one of them dies for all but its first picture."""
    other = site.url.replace("127.0.0.1", "localhost")
    show(site)
    site.pages["/"] = site.html(f"{other}/good/0.jpg", *(f"{other}{path}" for path in DEAD), *GOOD[1:])
    site.pages["/robots.txt"] = lambda number: site.answer(wait=20 if number > 1 else 0)
    limits = {"limits": {"delay": 0, "per_host": 4, "retries": 0, "answer": 0.5}}
    stopped = crawl(site.entry(), limits)
    assert stopped.returncode == 1
    assert "localhost no longer answers" in stopped.errors
    assert "the same command resumes" in stopped.errors
    assert FAILURES_BEFORE_PROBE <= sum(site.count(path) for path in DEAD) < len(DEAD)
    assert all(site.count(path) == 1 for path in GOOD)
    show(site)
    for number, path in enumerate(DEAD):
        site.pages[path] = site.jpeg(100 + number)
    site.pages["/"] = site.answer(status=404)
    done = crawl(site.entry(), limits)
    assert done.returncode == 0, done.errors
    assert Counter(done.outcomes().values()) == {"stored": len(DEAD) + len(GOOD)}


def test_when_it_is_time_to_ask_whether_anybody_is_there():
    host = HostHealth("http://example.org:80")
    assert not any(host.fail(LATE) for _ in range(FAILURES_BEFORE_PROBE - 1))
    assert host.fail(LATE)
    host.succeed()
    assert not host.fail(LATE)
    assert not host.is_down


def test_connections_refused_say_it_sooner():
    host = HostHealth("http://example.org:80")
    assert not any(host.fail(REFUSED) for _ in range(CONNECTION_FAILURES))
    assert (host.is_down, host.is_lost) == (True, False), "it never answered"
    host.has_answered = True
    assert host.is_lost
    assert host.message == "example.org no longer answers (refused)"
