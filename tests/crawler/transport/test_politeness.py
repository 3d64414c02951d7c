"""What a server sees of a crawl, by its log: which requests, how far apart, how many at a time."""

from itertools import pairwise

import pytest

from tests.crawler.conftest import Crawls, Site

pytestmark = pytest.mark.integration

PICTURES = tuple(f"/i/{number}.jpg" for number in range(12))  # /i/1 begins three of them


def serve(site: Site, robots: bytes = b"", links: tuple[str, ...] = ()) -> None:
    site.pages["/robots.txt"] = site.answer(robots)
    site.pages["/"] = site.html(*PICTURES, links=links)
    for number, picture in enumerate(PICTURES):
        answer = site.jpeg(number, 800)
        site.pages[picture] = site.answer(answer.body, headers=answer.headers, wait=0.1)


def gaps(times: list[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(times)]


def test_disallowed_paths_are_never_requested(site: Site, crawl: Crawls) -> None:
    serve(site, b"User-agent: *\nDisallow: /i/3\nDisallow: /secret/\n", links=("/secret/page", "/open"))
    site.pages["/open"] = site.html("/secret/picture.jpg")
    done = crawl(site.entry())
    assert done.returncode == 0, done.errors
    assert not site.times("/secret/")
    assert not site.times("/i/3")
    assert done.outcomes()["/i/3.jpg"] == done.outcomes()["/secret/picture.jpg"] == "robots"
    assert done.outcomes("page")["/secret/page"] == "robots"
    assert len(done.images) == len(PICTURES) - 1
    details = done.fetches[done.fetches.outcome == "robots"].detail
    assert set(details) == {f"disallowed by {site.url}/robots.txt"}


def test_rules_for_this_crawler_go_before_those_for_all(site: Site, crawl: Crawls) -> None:
    serve(site, b"User-agent: *\nDisallow: /\n\nUser-agent: facades\nDisallow: /i/1\n")
    done = crawl(site.entry())
    assert sorted(path for path, outcome in done.outcomes().items() if outcome == "robots") == [
        "/i/1.jpg",
        "/i/10.jpg",
        "/i/11.jpg",
    ]


def test_a_documented_api_is_exempt_and_the_table_records_it(site: Site, crawl: Crawls) -> None:
    serve(site, b"User-agent: *\nDisallow: /api/\nDisallow: /other/\n", links=("/api/list", "/other/list"))
    site.pages["/api/list"] = site.pages["/other/list"] = site.html("/i/0.jpg")
    done = crawl(site.entry(), EXEMPT=f"{site.url}/api/")
    assert done.outcomes("page")["/api/list"] == "stored"
    assert done.outcomes("page")["/other/list"] == "robots"
    row = done.fetches[done.fetches.url == f"{site.url}/api/list"].iloc[0]
    assert row.detail == "not held to robots.txt: documented API"


@pytest.mark.parametrize(("status", "outcome"), [(404, "stored"), (403, "stored"), (503, "robots"), (429, "robots")])
def test_no_robots_txt_opens_a_site_and_a_broken_one_closes_it(
    site: Site, crawl: Crawls, status: int, outcome: str
) -> None:
    serve(site)
    site.pages["/robots.txt"] = site.answer(status=status)
    done = crawl(site.entry(), {"limits": {"delay": 0, "retries": 0}})
    if outcome == "stored":
        assert set(done.outcomes().values()) == {"stored"}
    else:
        assert done.returncode == 1
        assert f"disallowed by {site.url}/robots.txt" in done.errors
        assert {path for _, path in site.log} == {"/robots.txt"}


def test_crawl_delay_is_kept(site: Site, crawl: Crawls) -> None:
    serve(site, b"User-agent: *\nCrawl-delay: 0.3\n")
    done = crawl(site.entry())
    assert set(done.outcomes().values()) == {"stored"}
    assert min(gaps(site.times("/i/"))) > 0.28


def test_a_delay_that_makes_a_crawl_wait_for_hours_is_named(site: Site, crawl: Crawls) -> None:
    serve(site, b"User-agent: *\nCrawl-delay: 3600\n")
    process = crawl.start(site.entry())
    try:
        assert process.stderr is not None
        named = next(line for line in process.stderr if "delay" in line)
    finally:
        process.kill()
        process.communicate()
    assert f"{site.url}/robots.txt: found Crawl-delay 3600, which is obeyed" in named


def test_requests_keep_to_the_concurrency_and_the_delay(site: Site, crawl: Crawls) -> None:
    serve(site)
    for picture in PICTURES:
        site.pages[picture] = site.answer(b"\xff\xd8\xff", wait=0.5)
    done = crawl(site.entry(), {"limits": {"delay": 0.2, "per_host": 2}})
    assert set(done.outcomes().values()) == {"stored"}
    assert site.busiest == 2
    between = gaps(site.times("/"))
    assert min(between) > 0.1, "the machine may be slow to answer, but not by half of it"
    assert sum(between) > 0.19 * len(between)


def test_retry_after_holds_the_whole_host(site: Site, crawl: Crawls) -> None:
    serve(site)
    busy = site.answer(status=429, headers={"Retry-After": "1"})
    site.pages["/i/2.jpg"] = lambda number: site.jpeg(99, 800) if number else busy
    done = crawl(site.entry(), {"limits": {"delay": 0, "per_host": 2}})
    assert set(done.outcomes().values()) == {"stored"}
    assert done.fetches[done.fetches.url == f"{site.url}/i/2.jpg"].attempts.item() == 2
    refused = site.times("/i/2.jpg")[0]
    after = [at for at in site.times("/i/") if at > refused + 0.05]
    assert min(after) - refused > 0.95, "requests that were not in transfer wait"


def test_a_url_that_asks_for_too_long_a_wait_is_given_up(site: Site, crawl: Crawls) -> None:
    serve(site)
    site.pages["/i/2.jpg"] = site.answer(status=429, headers={"Retry-After": "7200"})
    done = crawl(site.entry())
    assert done.outcomes()["/i/2.jpg"] == "http_error"
    assert site.count("/i/2.jpg") == 1
    assert len(done.images) == len(PICTURES) - 1


def test_a_busy_host_gets_fewer_requests_at_a_time(site: Site, crawl: Crawls) -> None:
    serve(site)
    first, *others = (f"/j/{number}.jpg" for number in range(24))
    site.pages["/"] = site.html(first, *others)
    for picture in others:
        site.pages[picture] = site.answer(b"\xff\xd8\xff", wait=0.6)
    busy = site.answer(status=503, headers={"Retry-After": "1"}, wait=0.3)
    site.pages[first] = lambda number: site.jpeg(0) if number else busy
    done = crawl(site.entry(), {"limits": {"delay": 0, "per_host": 8}})
    assert set(done.outcomes().values()) == {"stored"}
    refused = site.times(first)[0]
    before = [level for at, level in site.levels if at < refused + 0.3]
    after = [level for at, level in site.levels if at > refused + 1.2]
    assert max(before) == 8
    assert max(after[:8]) <= 6, "half of eight, plus what the seven in transfer won back"


def test_no_referer_is_sent_whatever_a_page_asks_for(site: Site, crawl: Crawls) -> None:
    serve(site)
    page = site.html(*PICTURES, links=("/next",))
    site.pages["/"] = site.answer(page.body, headers={**page.headers, "Referrer-Policy": "unsafe-url"})
    site.pages["/next"] = site.answer(status=302, headers={"Location": "/end", "Referrer-Policy": "unsafe-url"})
    site.pages["/end"] = site.html("/i/0.jpg")
    done = crawl(site.entry())
    assert done.outcomes("page")["/next"] == "stored"
    assert site.count("/end") == 1
    assert site.referers == {""}
