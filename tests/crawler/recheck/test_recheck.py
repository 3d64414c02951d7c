"""A recheck of a crawled source at a real server: what it requests, what it finds, and how it resumes."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.crawler.conftest import Answer, Crawls, Site
from tests.crawler.recheck.conftest import Rechecks, asked, copied, forget

pytestmark = pytest.mark.integration

PICTURES = tuple(f"/i/{number}.jpg" for number in range(30))
ROBOTS = b"User-agent: *\nDisallow: /private/\n"


def tagged(answer: Answer, tag: str, **headers: str) -> Answer:
    return Answer(answer.body, answer.status, {**answer.headers, "ETag": f'"{tag}"', **headers})


def gallery(site: Site, license: str = "CC0") -> None:
    """Three pages of ten pictures each, all with an ETag."""
    for page in range(3):
        here, following = f"/{page}" if page else "/", (f"/{page + 1}",) if page < 2 else ()
        shown = PICTURES[page * 10 : page * 10 + 10]
        site.pages[here] = tagged(site.html(*shown, links=following, license=license), f"page-{page}")
    for number, picture in enumerate(PICTURES):
        site.pages[picture] = tagged(site.jpeg(number), picture)
    site.pages["/robots.txt"] = tagged(Answer(ROBOTS), "robots")


@pytest.fixture(scope="module")
def first_crawl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Path]]:
    """A site and the folder of a crawl of it."""
    served = Site()
    served.start()
    gallery(served)
    done = Crawls(tmp_path_factory.mktemp("crawls"))(served.entry())
    assert done.returncode == 0, done.errors
    yield served, done.folder
    served.stop()


@pytest.fixture
def crawled(first_crawl: tuple[Site, Path], crawl: Crawls) -> Site:
    """The site as it was crawled, and a copy of the crawl."""
    served = copied(first_crawl, crawl)
    served.pages.clear()
    gallery(served)
    return served


def test_asks_each_page_once_and_each_image_for_its_headers(crawled: Site, recheck: Rechecks) -> None:
    done = recheck(crawled.entry())
    assert done.returncode == 0, done.errors
    assert done.states == dict.fromkeys(PICTURES, "unchanged")
    assert sorted(asked(crawled)) == sorted(
        [("GET", "/"), ("GET", "/1"), ("GET", "/2"), *(("HEAD", p) for p in PICTURES)]
    )
    assert {status for path, status in crawled.sent if path in ("/", "/1", "/2")} == {304}
    assert crawled.bodies == 0
    assert done.progress[-1].startswith("33 33 ")


def test_finds_what_has_happened_to_each_image(crawled: Site, recheck: Rechecks) -> None:
    one, two, three, four, five, six, seven = PICTURES[:7]
    crawled.pages[one] = Answer(status=404)
    crawled.pages[two] = Answer(status=302, headers={"Location": "/moved.jpg"})
    crawled.pages["/moved.jpg"] = crawled.jpeg(1)
    crawled.pages[three] = tagged(crawled.jpeg(300, 9_000), "other")
    crawled.pages[four] = tagged(crawled.jpeg(3), four, **{"X-Robots-Tag": "noai"})
    crawled.pages[five] = Answer(status=403)
    crawled.pages[six] = Answer(status=500)
    crawled.pages[seven] = crawled.html("/logo.png")  # an error page with status 200
    done = recheck(crawled.entry())
    assert {path: state for path, state in done.states.items() if state != "unchanged"} == {
        one: "gone",
        two: "moved",
        three: "changed",
        four: "reserved",
        five: "refused",
        six: "unreachable",
        seven: "changed",
    }
    assert done.found[one][0]["now"] == "HTTP 404"
    assert done.found[two][0]["now"] == f"{crawled.url}/moved.jpg"
    assert (done.found[three][0]["was"], done.found[three][0]["now"]) == ("20004 bytes", "9004 bytes")
    assert "noai" in done.found[four][0]["now"]
    assert (done.found[seven][0]["was"], done.found[seven][0]["now"]) == ("image/jpeg", "text/html")


def test_a_page_is_read_again_when_it_has_changed(crawled: Site, recheck: Rechecks) -> None:
    crawled.pages["/"] = crawled.html("/new.jpg", *PICTURES[1:9], links=("/1",), license="CC BY-NC 4.0")
    crawled.pages["/new.jpg"] = crawled.pages[PICTURES[0]]
    crawled.pages[PICTURES[0]] = Answer(status=301, headers={"Location": "/new.jpg"})
    crawled.pages["/1"] = Answer(status=410)
    crawled.pages["/2"] = Answer(b"<img>", headers={"Content-Type": "text/html"})  # the kind expects a src
    done = recheck(crawled.entry())
    assert {done.states[path] for path in PICTURES[:9]} == {"license_changed"}
    page = f"{crawled.url}/"
    assert done.found[PICTURES[0]] == [
        {"state": "license_changed", "was": "CC0-1.0", "now": "CC-BY-NC-4.0", "url": page},
        {"state": "moved", "was": crawled.url + PICTURES[0], "now": f"{page}new.jpg", "url": crawled.url + PICTURES[0]},
    ]
    assert done.states[PICTURES[9]] == "unlisted"
    assert {done.states[path] for path in PICTURES[10:20]} == {"gone"}
    assert {done.states[path] for path in PICTURES[20:]} == {"unreachable"}
    assert "cannot be parsed" in done.found[PICTURES[20]][0]["now"]


def test_a_host_that_refuses_head_is_asked_otherwise_and_sends_no_image(crawled: Site, recheck: Rechecks) -> None:
    large = 30_000_000  # more than fits into the buffers of a connection
    for path in PICTURES[:2]:
        crawled.pages[path] = tagged(crawled.jpeg(1, large), path)
    crawled.pages[PICTURES[2]] = Answer(status=404)
    crawled.refuses_head = True
    done = recheck(crawled.entry())
    crawled.refuses_head = False
    assert {done.states[path] for path in PICTURES[:2]} == {"changed"}
    assert done.found[PICTURES[0]][0]["now"] == f"{len(crawled.jpeg(1, large).body)} bytes"
    assert done.states[PICTURES[2]] == "gone"
    assert {done.states[path] for path in PICTURES[3:]} == {"unchanged"}
    assert crawled.bodies < large


def test_robots_txt_is_obeyed(crawled: Site, recheck: Rechecks) -> None:
    crawled.pages["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /i/1\n")
    done = recheck(crawled.entry())
    disallowed = {path for path in PICTURES if path.startswith("/i/1")}
    assert {path for path, state in done.states.items() if state == "refused"} == disallowed
    assert not disallowed & {path for _, path in crawled.asked}


def test_a_robots_txt_that_cannot_be_read_refuses_nothing_for_good(crawled: Site, recheck: Rechecks) -> None:
    crawled.pages["/robots.txt"] = Answer(status=503)
    done = recheck(crawled.entry(), {"limits": {"delay": 0, "retries": 0}})
    assert set(done.states.values()) == {"unreachable"}
    assert asked(crawled) == []


def test_a_host_that_is_down_gives_no_verdict(crawled: Site, recheck: Rechecks) -> None:
    crawled.stop()
    done = recheck(crawled.entry(), {"limits": {"delay": 0, "retries": 0}})
    crawled.start()
    assert done.returncode == 0, done.errors
    assert set(done.states.values()) == {"unreachable"}
    again = recheck(crawled.entry())
    assert set(again.states.values()) == {"unchanged"}


def test_a_host_that_goes_down_meanwhile_is_asked_for_the_rest_by_the_next_run(
    crawled: Site, recheck: Rechecks
) -> None:
    pictures = {path: tagged(crawled.jpeg(number), path, Connection="close") for number, path in enumerate(PICTURES)}

    def dying(number: int) -> Answer:
        if number == 0:
            crawled.stop()
        return pictures[PICTURES[15]]

    crawled.pages.update(pictures)
    crawled.pages[PICTURES[15]] = dying
    impatient = {"limits": {"delay": 0, "per_host": 1, "retries": 0}}
    done = recheck(crawled.entry(), impatient)
    crawled.start()
    assert done.returncode == 0, done.errors
    assert set(done.states.values()) == {"unchanged", "unreachable"}
    answered = {path for path, state in done.states.items() if state == "unchanged"}
    forget(crawled)
    assert set(recheck(crawled.entry()).states.values()) == {"unchanged"}
    assert not answered & {path for _, path in crawled.asked}


def test_retry_after_is_obeyed(crawled: Site, recheck: Rechecks) -> None:
    answer = tagged(crawled.jpeg(0), PICTURES[0])
    busy = Answer(status=429, headers={"Retry-After": "1"})
    crawled.pages[PICTURES[0]] = lambda number: busy if number == 0 else answer
    done = recheck(crawled.entry())
    assert done.states[PICTURES[0]] == "unchanged"
    first, second = crawled.times(PICTURES[0])[-2:]
    assert second - first >= 1


def test_a_later_round_asks_everything_again(crawled: Site, recheck: Rechecks) -> None:
    recheck(crawled.entry())
    forget(crawled)
    crawled.pages[PICTURES[0]] = Answer(status=404)
    done = recheck(crawled.entry())
    assert done.states[PICTURES[0]] == "gone"
    assert len(asked(crawled)) == 33


def test_killed_at_any_moment_it_resumes(crawled: Site, recheck: Rechecks) -> None:
    for path in PICTURES:
        answer: Any = crawled.pages[path]
        crawled.pages[path] = Answer(answer.body, headers=answer.headers, wait=0.1)
    one_by_one = {"limits": {"delay": 0, "per_host": 1}}
    for number in (5, 12):
        process = recheck.start(crawled.entry(), one_by_one)
        while process.poll() is None and len(crawled.sent) < number:
            time.sleep(0.01)
        process.kill()
        process.communicate()
    done = recheck(crawled.entry(), one_by_one)
    assert set(done.states.values()) == {"unchanged"}
    assert len(done.states) == len(PICTURES)
    answered = [path for path, _ in crawled.sent]
    twice = [path for path in {*answered} if answered.count(path) > 1]
    assert len(twice) <= 2, "a kill costs what was in flight"


def test_with_since_only_what_was_not_answered_since_is_asked(crawled: Site, recheck: Rechecks) -> None:
    done = recheck(crawled.entry(), SINCE="2000-01-01T00:00:00+00:00")
    assert set(done.states.values()) == {"unchanged"}
    assert crawled.asked == [], "the crawl itself is newer"
    after_the_crawl = datetime.now(UTC).isoformat()
    crawled.pages[PICTURES[2]] = Answer(status=404)
    crawled.pages[PICTURES[3]] = Answer(status=503)
    recheck(crawled.entry(), {"limits": {"delay": 0, "retries": 0}})
    crawled.pages[PICTURES[3]] = Answer(status=410)
    forget(crawled)
    done = recheck(crawled.entry(), SINCE=after_the_crawl)
    assert crawled.asked == [("HEAD", PICTURES[3])]
    assert (done.states[PICTURES[2]], done.states[PICTURES[3]]) == ("gone", "gone")


def test_a_signal_stops_it_and_the_message_says_how_to_resume(crawled: Site, recheck: Rechecks) -> None:
    for path in PICTURES:
        crawled.pages[path] = Answer(status=200, wait=0.3)
    process = recheck.start(crawled.entry())
    while len(crawled.asked) < 8:
        time.sleep(0.01)
    process.terminate()
    stopped = recheck.finish(process)
    assert stopped.returncode == 1
    assert stopped.errors == (
        "error: recheck test: stopped by SIGTERM; "
        "what was answered is kept; run the same command within a day to resume"
    )
