"""Archived fetches as Scrapy responses."""

from pathlib import Path
from urllib.parse import urldefrag

from scrapy.http import Headers, Request, Response
from scrapy.responsetypes import responsetypes

from crawler.archive.fetches import Fetch, read


def address(url: str) -> str:
    """The URL as it is asked for: quoted, without its fragment.

    Raises:
        ValueError: it is not a URL.
    """
    return urldefrag(Request(url).url)[0]


def response(archive: Path, fetch: Fetch, request: Request) -> Response:
    """What came back for `request`, as the network gave it."""
    block, body = read(archive, fetch)
    head, *lines = block.split(b"\r\n")
    status = int(head.split()[1]) if head else 200  # of the body, which the fetch may only have confirmed
    headers = Headers()
    for line in lines:
        name, _, value = line.partition(b": ")
        if name:
            headers.appendlist(name, value)
    kind = responsetypes.from_args(headers=headers, url=fetch.final_url, body=body)
    return kind(fetch.final_url, status=status, headers=headers, body=body, request=request)
