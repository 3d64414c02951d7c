"""Refuses connections to addresses that are not public, after the host name is resolved.

Twisted's endpoints ask the reactor's resolver for every host, literal addresses included, and connect to exactly the
addresses that it returns. So no name can be bound to another address between check and connection, and redirects obey
the same rule.
"""

from typing import Any, ClassVar, Self
from urllib.parse import urlsplit
from urllib.request import getproxies

from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError
from scrapy.http import Request
from scrapy.resolver import CachingHostnameResolver
from twisted.internet.interfaces import IHostnameResolver, IHostResolution, IResolutionReceiver
from zope.interface import implementer  # type: ignore[import-untyped]

from crawler.archive.schemas import Outcome
from crawler.public_addresses import is_public
from crawler.transport.hosts import host_of
from crawler.transport.refusal import Refusal


@implementer(IResolutionReceiver)
class _PublicOnly:
    """Passes on the public addresses, and records the others."""

    def __init__(self, receiver: Any, host: str, refused: dict[str, str]) -> None:
        self.resolutionBegan = receiver.resolutionBegan
        self.resolutionComplete = receiver.resolutionComplete
        self._resolved = receiver.addressResolved
        self._host = host.encode("idna").decode()
        self._refused = refused

    def addressResolved(self, address: Any) -> None:  # noqa: N802
        if is_public(address.host):
            self._resolved(address)
        else:
            self._refused[self._host] = address.host


@implementer(IHostnameResolver)
class PublicResolver(CachingHostnameResolver):
    """Scrapy's caching resolver, restricted to public addresses. A host without one does not resolve."""

    # Attributes of the class: a process has one crawl, and `scrapy shell` makes its resolver after `AddressRule`.
    exempt: frozenset[str] = frozenset()  # hosts whose address may be private: the user's proxy
    allow_private = False  # the declared exception: the demo site, the user's own network
    refused: ClassVar[dict[str, str]] = {}  # host to the address for which it was refused

    def resolveHostName(self, receiver: Any, host: str, *where: Any, **more: Any) -> IHostResolution:  # type: ignore[override]  # noqa: N802
        if not self.allow_private and host not in self.exempt:
            receiver = _PublicOnly(receiver, host, self.refused)
        return super().resolveHostName(receiver, host, *where, **more)


class AddressRule:
    """Downloader middleware that configures the resolver for this crawl, and gives its refusals their outcome."""

    def __init__(self, crawler: Crawler) -> None:
        proxies = [*getproxies().values(), getattr(crawler.spider, "proxy", None) or ""]
        PublicResolver.exempt = frozenset(filter(None, (urlsplit(proxy).hostname for proxy in proxies)))
        PublicResolver.allow_private = getattr(crawler.spider, "allow_private", False)
        self._refused = PublicResolver.refused

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_exception(self, request: Request, exception: Exception) -> None:
        host = host_of(request.url)
        if isinstance(exception, CannotResolveHostError) and host in self._refused:
            where = "" if self._refused[host] == host else f" {host} is"
            raise Refusal(Outcome.BLOCKED_ADDRESS, f"{where} {self._refused[host]}, not a public address".strip())
