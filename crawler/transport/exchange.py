"""From Scrapy's request and response to what the archive keeps."""

from http import HTTPStatus
from urllib.parse import urldefrag, urlsplit

from scrapy.http import Headers, Request, Response

from crawler.archive.writer import Exchange

_SECRETS = {b"Authorization", b"Cookie", b"Proxy-Authorization", b"X-Api-Key"}


def exchange(request: Request, response: Response) -> Exchange:
    """What went over the wire. Headers that carry a secret are left out."""
    url = urldefrag(request.url)[0]
    return Exchange(
        url=url,
        method=request.method,
        asked=(("Host", urlsplit(url).netloc), *_pairs(request.headers, without=_SECRETS)),
        status=f"{response.status} {_phrase(response.status)}".strip(),
        # The body is kept without transfer and content coding, so its length is another. A 304 has none.
        answered=(
            *_pairs(response.headers, without={b"Content-Length", b"Set-Cookie"}),
            *([] if response.status == 304 else [("Content-Length", str(len(response.body)))]),
        ),
        body=response.body,
    )


def _pairs(headers: Headers, without: set[bytes]) -> list[tuple[str, str]]:
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
