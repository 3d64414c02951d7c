"""No page can lead the crawler into a private network: by name, number, redirect, or by rebinding a name."""

from typing import Any

import pytest

from crawler.public_addresses import is_public
from tests.crawler.conftest import Crawls, Site

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1",
        "169.254.169.254", "192.0.0.8", "192.0.2.1", "198.18.0.1", "203.0.113.5", "224.0.0.1", "240.0.0.1",
        "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1",
        "fec0::1", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
        "2002:c0a8:1::",
    ],
)  # fmt: skip
def test_refused(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "208.80.154.224", "2620:0:861:ed1a::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]
)
def test_allowed(address):
    assert is_public(address)


def test_every_form_of_a_private_address_is_refused_before_a_byte_is_sent(site: Site, crawl: Crawls) -> None:
    """`localhost` is exempt as the host of a proxy that is never used, so that there is a page to start from."""
    port = site.port
    forms = ("127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::1]", "[::ffff:127.0.0.1]")
    direct = tuple(f"http://{form}:{port}/direct/{number}.jpg" for number, form in enumerate(forms))
    redirects = tuple(f"/to/{number}.jpg" for number in range(len(forms)))
    site.pages["/"] = site.html(*direct, *redirects, "/meta.jpg", "/picture.jpg")
    site.pages["/picture.jpg"] = site.jpeg(1)
    for number, form in enumerate(forms):
        location = f"http://{form}:{port}/redirected/{number}.jpg"
        site.pages[f"/to/{number}.jpg"] = site.answer(status=302, headers={"Location": location})
    site.pages["/meta.jpg"] = site.answer(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data/"})
    entry = site.entry(url=f"http://localhost:{port}/", allow_private=False)
    settings = {"contact": "ops@example.org", "limits": {"delay": 0}}
    done = crawl(entry, settings, https_proxy="http://localhost:9")
    assert done.returncode == 0, done.errors
    outcomes = dict(zip(done.fetches.url, done.fetches.outcome, strict=True))
    assert outcomes.pop(f"http://localhost:{port}/picture.jpg") == "stored"
    images = {url: outcome for url, outcome in outcomes.items() if url.endswith(".jpg")}
    assert len(images) == 2 * len(forms) + 1
    assert set(images.values()) == {"blocked_address"}, images
    assert not site.times("/direct/")
    assert not site.times("/redirected/")
    details = done.fetches[done.fetches.url == f"http://localhost:{port}/meta.jpg"].detail
    assert details.item() == "robots.txt: 169.254.169.254, not a public address"


def test_a_name_that_is_rebound_is_checked_again() -> None:
    """The resolver checks the addresses of every resolution, and returns only those."""
    from twisted.internet.address import IPv4Address

    from crawler.transport.address_rule import PublicResolver

    class Rebinding:
        answers = iter(["93.184.216.34", "127.0.0.1"])

        def resolveHostName(self, receiver, host, *_, **__):
            receiver.resolutionBegan(None)
            receiver.addressResolved(IPv4Address("TCP", next(self.answers), 80))
            receiver.resolutionComplete()

    class Reactor:
        nameResolver = Rebinding()  # noqa: N815

    class Receiver:
        def __init__(self):
            self.addresses = []

        def resolutionBegan(self, resolution):
            pass

        def addressResolved(self, address):
            self.addresses.append(address.host)

        def resolutionComplete(self):
            pass

    reactor: Any = Reactor()  # as much of one as the resolver uses
    resolver = PublicResolver(reactor, cache_size=0)
    first, second = Receiver(), Receiver()
    resolver.resolveHostName(first, "rebinding.example", 80)
    resolver.resolveHostName(second, "rebinding.example", 80)
    assert first.addresses == ["93.184.216.34"]
    assert second.addresses == []
    assert resolver.refused == {"rebinding.example": "127.0.0.1"}
