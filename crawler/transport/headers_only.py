"""The headers of a response without its body, also from hosts that refuse HEAD."""

from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured, StopDownload
from scrapy.http import Request, Response

_REFUSED = (405, 501)  # Method Not Allowed, Not Implemented (RFC 9110, 15.5.6 and 15.6.2)
_HEADERS_ONLY = "headers_only"


class HeadersOnly:
    """Downloader middleware: where HEAD is refused, it sends GET, and hangs up when the headers have come."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not getattr(crawler.spider, "sends_head", False):
            raise NotConfigured
        middleware = cls()
        crawler.signals.connect(middleware.on_headers, signals.headers_received)
        return middleware

    def process_response(self, request: Request, response: Response) -> Request | Response:
        if request.method == "HEAD" and response.status in _REFUSED:
            return request.replace(method="GET", meta={**request.meta, _HEADERS_ONLY: True}, dont_filter=True)
        return response

    def on_headers(self, request: Request) -> None:
        """Stop the download of a request that replaced a HEAD."""
        if request.meta.get(_HEADERS_ONLY):
            raise StopDownload(fail=False)


def is_headers_only(request: Request) -> bool:
    """Return whether only the headers of the response are requested."""
    return request.method == "HEAD" or _HEADERS_ONLY in request.meta
