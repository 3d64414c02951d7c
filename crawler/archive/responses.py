"""Archived fetches as Scrapy responses."""

from pathlib import Path
from urllib.parse import urldefrag

from scrapy.http import Headers, Request, Response
from scrapy.responsetypes import responsetypes

from crawler.archive.fetches import Fetch, read


def address(url: str) -> str:
    """Return the URL as it is requested: quoted, without its fragment.

    Raises:
        ValueError: `url` is not a URL.
    """
    return urldefrag(Request(url).url)[0]


def response(archive: Path, fetch: Fetch, request: Request) -> Response:
    """Return the archived response to `request`, as the network returned it."""
    block, body = read(archive, fetch)
    head = block.partition(b"\r\n")[0]
    status = int(head.split()[1]) if head else 200  # of the stored body, not of a 304 that confirmed it
    headers = parse_headers(block)
    kind = responsetypes.from_args(headers=headers, url=fetch.final_url, body=body)
    return kind(fetch.final_url, status=status, headers=headers, body=body, request=request)


def parse_headers(block: bytes) -> Headers:
    """Return the headers in a block that begins with the status line."""
    headers = Headers()
    for line in block.split(b"\r\n")[1:]:
        name, _, value = line.partition(b": ")
        if name:
            headers.appendlist(name, value)
    return headers
