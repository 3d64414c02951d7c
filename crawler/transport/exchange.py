"""Converts Scrapy's requests and responses to the archive's exchanges and fetches."""

from collections.abc import Collection
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urldefrag, urlsplit

from scrapy.http import Headers, Request, Response

from crawler.archive.fetches import Fetch
from crawler.archive.schemas import Outcome
from crawler.archive.writer import Exchange
from crawler.transport.headers_only import is_headers_only

_SECRETS = {b"Authorization", b"Cookie", b"Proxy-Authorization", b"X-Api-Key"}


def exchange(request: Request, response: Response) -> Exchange:
    """Return a request and its response as they were sent, without the headers that contain secrets."""
    url = urldefrag(request.url)[0]
    # The body is kept without transfer and content coding, so its length differs. A 304 has no body, and the answer to
    # HEAD has the length that the body would have (RFC 9110, 8.6).
    has_body = response.status != 304 and not is_headers_only(request)
    recoded = {b"Content-Length"} if has_body or response.status == 304 else set()
    return Exchange(
        url=url,
        method=request.method,
        request_headers=(("Host", urlsplit(url).netloc), *header_pairs(request.headers, without=_SECRETS)),
        status=f"{response.status} {_phrase(response.status)}".strip(),
        response_headers=(
            *header_pairs(response.headers, without={b"Set-Cookie", *recoded}),
            *([("Content-Length", str(len(response.body)))] if has_body else []),
        ),
        body=response.body,
    )


def fetch_of(request: Request, outcome: Outcome, status: int | None, detail: str, *, was_tried: bool = True) -> Fetch:
    """Return the fetch that ends with `request`; its attempts are this one, if it was tried, and its retries."""
    return Fetch(
        url=first_url(request),
        role=request.meta["role"],
        outcome=outcome,
        first_at=request.meta["first_at"],
        last_at=datetime.now(UTC),
        attempts=request.meta.get("retry_times", 0) + was_tried,
        status=status,
        final_url=urldefrag(request.url)[0],
        via=tuple(request.meta.get("redirect_urls", ())),
        detail=detail,
    )


def first_url(request: Request) -> str:
    """Return the URL that was requested before any redirect."""
    via: list[str] = request.meta.get("redirect_urls", [request.url])
    return urldefrag(via[0])[0]


def header_pairs(headers: Headers, without: Collection[bytes] = ()) -> list[tuple[str, str]]:
    """Return the headers of a message as (name, value), bytes decoded as Latin-1, but for some names."""
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in headers.items()
        if name not in without
        for value in values
    ]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
