"""Redirects: each hop obeys the same rules as the first request, and is archived."""

from urllib.parse import urlsplit

from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response
from scrapy.spidermiddlewares.referer import RefererMiddleware

from crawler.archive.schemas import Outcome
from crawler.transport.exchange import exchange
from crawler.transport.refusal import Refusal


class NoReferer(RefererMiddleware):
    """Sends no Referer, whatever Referrer-Policy a response has. `RedirectMiddleware` expects such a middleware."""

    def get_processed_request(self, request: Request, response: Response | None) -> Request | None:
        return request


class ArchivedRedirects(RedirectMiddleware):
    """Scrapy's redirects; each hop is archived, and a redirect that cannot be followed gets its outcome."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        try:
            result = super().process_response(request, response)
        except IgnoreRequest:
            raise Refusal(Outcome.REDIRECT_LOOP, f"more than {self.max_redirect_times} redirects") from None
        writer = getattr(self.crawler.spider, "writer", None)
        if isinstance(result, Request):
            result.dont_filter = True  # also if it leads to a URL that was fetched before: each URL ends by itself
            if writer is not None:
                writer.hop(exchange(request, response))
        elif 300 <= result.status < 400 and (location := result.headers.get("Location")):
            scheme = urlsplit(location.decode("latin-1")).scheme
            raise Refusal(Outcome.BAD_URL, f"redirect to a {scheme or 'broken'} URL", result.status)
        return result
