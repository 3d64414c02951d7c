"""The queue of each host and the health of each origin."""

import asyncio

from scrapy.settings import Settings

from crawler.archive.schemas import Outcome
from crawler.settings import Limits
from crawler.transport.crawl_settings import scrapy_settings
from crawler.transport.host_health import CONNECTION_FAILURES
from crawler.transport.host_queue import HostQueue
from crawler.transport.hosts import Hosts
from crawler.transport.refusal import Refusal

REFUSED = Refusal(Outcome.CONNECTION_ERROR, "refused", unreachable=True)


def settings() -> Settings:
    slots = {"images.example.org": {"delay": 2.0, "concurrency": 3}, "api.example.org": {"delay": 0.1}}
    return scrapy_settings("facades", Limits(per_host=5, delay=0.5), slots)


def queue(hosts: Hosts, url: str) -> HostQueue:
    async def get() -> HostQueue:
        return hosts.queue(url)

    return asyncio.run(get())


def test_urls_of_one_host_share_a_queue_whatever_their_scheme_and_port() -> None:
    hosts = Hosts(settings())
    first = queue(hosts, "http://example.org/a.jpg")
    assert queue(hosts, "https://example.org:8443/b.jpg") is first
    assert queue(hosts, "http://www.example.org/a.jpg") is not first


def test_the_stricter_of_the_user_s_and_the_kind_s_limits_applies() -> None:
    hosts = Hosts(settings())
    limits = {
        host: (queue(hosts, f"https://{host}/").concurrency, queue(hosts, f"https://{host}/").delay)
        for host in ("example.org", "images.example.org", "api.example.org")
    }
    assert limits == {"example.org": (5, 0.5), "images.example.org": (3, 2.0), "api.example.org": (5, 0.5)}


def test_health_is_that_of_scheme_host_and_port() -> None:
    hosts = Hosts(settings())
    assert hosts.health("http://example.org/a.jpg") is hosts.health("http://example.org/b.jpg?c")
    assert hosts.health("http://example.org/a.jpg") is not hosts.health("http://example.org:81/a.jpg")
    assert hosts.health("http://example.org/a.jpg") is not hosts.health("https://example.org/a.jpg")


def test_a_host_is_lost_if_it_answered_and_is_down() -> None:
    hosts = Hosts(settings())
    never, lost = hosts.health("http://never.example/"), hosts.health("http://lost.example/")
    lost.succeed()
    for _ in range(CONNECTION_FAILURES):
        never.fail(REFUSED)
    assert hosts.lost() == ""
    for _ in range(CONNECTION_FAILURES):
        lost.fail(REFUSED)
    assert hosts.lost() == "lost.example no longer answers (refused)"
