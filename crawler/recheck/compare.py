"""Compare an image's headers now with its response at the crawl."""

from collections.abc import Iterator
from typing import TypeAlias

from scrapy.http import Headers

Difference: TypeAlias = tuple[str, str]
"""A value at the crawl and now."""


def differences(was: Headers, nbytes: int, now: Headers) -> Iterator[Difference]:
    """Yield what differs; nothing if the server still has the same bytes, as far as its headers tell.

    Servers of one site may give one file several ETags (Apache's contain an inode), so an ETag counts only if length
    or date differ, or are not known, too.

    Args:
        was: headers of the response at the crawl.
        nbytes: length of its body.
        now: headers of the response to a HEAD request.
    """
    before, after = _media_type(was), _media_type(now)
    if before and after and before.partition("/")[0] != after.partition("/")[0]:
        yield before, after  # a page in place of the image
    same_length = _same(str(nbytes), "" if "Content-Encoding" in now else _text(now, "Content-Length"))
    same_date = _same(_text(was, "Last-Modified"), _text(now, "Last-Modified"))
    same_tag = _same(_tag(was), _tag(now))
    if same_length is False:
        yield f"{nbytes} bytes", f"{_text(now, 'Content-Length')} bytes"
    if same_tag is False and not (same_length and same_date):
        yield f"ETag {_tag(was)}", f"ETag {_tag(now)}"
    if same_date is False and not same_tag:
        yield _text(was, "Last-Modified"), _text(now, "Last-Modified")


def _same(before: str, after: str) -> bool | None:
    """Return whether two values are equal; None if one of them is not known."""
    return before == after if before and after else None


def _tag(headers: Headers) -> str:
    return _text(headers, "ETag").removeprefix("W/")  # RFC 9110, 8.8.3.2: the weak comparison


def _media_type(headers: Headers) -> str:
    return _text(headers, "Content-Type").partition(";")[0].strip().lower()


def _text(headers: Headers, name: str) -> str:
    return (headers.get(name) or b"").decode("latin-1").strip()
