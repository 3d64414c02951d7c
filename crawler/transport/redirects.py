"""Redirects: every hop goes through the same rules again, and into the archive."""

from urllib.parse import urlsplit

from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response

from crawler.archive.schemas import Outcome
from crawler.transport.exchange import exchange
from crawler.transport.refusal import Refusal


class Redirects(RedirectMiddleware):
    """Scrapy's redirects, with the hops kept and the dead ends named."""

    def handle_referer(self, request: Request, response: Response) -> None:
        """No Referer is ever sent."""

    def _engine_started(self) -> None:
        """Scrapy looks here for who sends it, and warns when it finds nobody."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        try:
            result = super().process_response(request, response)
        except IgnoreRequest:
            raise Refusal(Outcome.REDIRECT_LOOP, f"more than {self.max_redirect_times} redirects") from None
        ledger = getattr(self.crawler.spider, "ledger", None)
        if isinstance(result, Request):
            result.dont_filter = True  # wherever it leads, also to what was fetched before: this URL has its own end
            if ledger is not None:
                ledger.hop(exchange(request, response))
        elif 300 <= result.status < 400 and (location := result.headers.get("Location")):
            scheme = urlsplit(location.decode("latin-1")).scheme
            raise Refusal(Outcome.BAD_URL, f"redirect to a {scheme or 'broken'} URL", result.status)
        return result
