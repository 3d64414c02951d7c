"""File formats by their magic numbers: never by a name or a Content-Type."""

from typing import NamedTuple


class Format(NamedTuple):
    """A magic number, and how a file of that format ends."""

    name: str
    magic: bytes
    offset: int = 0
    prefix: bytes = b""  # at offset 0; enough to tell the format of a damaged file; `magic` if empty
    end: bytes = b""  # the last bytes of a whole file; empty if the format has no end mark


FORMATS = (
    Format("jpeg", b"\xff\xd8\xff", end=b"\xff\xd9"),
    Format("png", b"\x89PNG\r\n\x1a\n", prefix=b"\x89PNG", end=b"IEND\xaeB`\x82"),
    Format("gif", b"GIF87a", prefix=b"GIF8", end=b";"),
    Format("gif", b"GIF89a", prefix=b"GIF8", end=b";"),
    Format("tiff", b"II*\x00"),
    Format("tiff", b"MM\x00*"),
    Format("bmp", b"BM"),
    Format("ico", b"\x00\x00\x01\x00"),
    Format("jxl", b"\xff\x0a"),
    Format("jxl", b"\x00\x00\x00\x0cJXL "),
    Format("jp2", b"\x00\x00\x00\x0cjP  ", prefix=b"\x00\x00\x00\x0cjP", end=b"\xff\xd9"),
    Format("webp", b"WEBP", offset=8, prefix=b"RIFF"),
    Format("pdf", b"%PDF-", prefix=b"%PDF"),
    Format("zip", b"PK\x03\x04"),
    Format("gzip", b"\x1f\x8b"),
)

_RARE = (
    Format("j2k", b"\xff\x4f\xff\x51"),
    Format("psd", b"8BPS"),
    Format("eps", b"%!PS"),
    Format("bigtiff", b"II+\x00"),
    Format("bigtiff", b"MM\x00+"),
)
"""Formats that `sniff` does not name: image tables call them `unknown`."""

_BRANDS = {b"avif": "avif", b"avis": "avif", b"heic": "heic", b"heix": "heic", b"mif1": "heic"}
"""Formats by the major brand of an ISO base media file, bytes 8 to 12 after `ftyp`."""
_SEQUENCE_BRANDS = {b"msf1": "heic"}


def sniff(body: bytes) -> str:
    """Return the format of whole files by their first bytes.

    Returns:
        jpeg, png, gif, webp, avif, heic, tiff, bmp, ico, jxl, jp2, svg, html, xml, pdf, zip, gzip, empty, or unknown.
    """
    if not body:
        return "empty"
    for one in FORMATS:
        if body.startswith(one.magic, one.offset):
            return one.name
    if body[4:8] == b"ftyp":
        return (_BRANDS | _SEQUENCE_BRANDS).get(body[8:12], "unknown")
    head = body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in head:
        return "svg"
    if head.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "html"
    return "html" if head.startswith(b"<") and b"<html" in head else "xml" if head.startswith(b"<?xml") else "unknown"


def claimed(body: bytes) -> str:
    """Return the format that a file claims to be, although it may be damaged.

    Returns:
        The name of a format above, `ftyp` for an ISO base media file of another brand, svg, or unknown.
    """
    if body[4:8] == b"ftyp" and body[8:12] in _BRANDS:
        return _BRANDS[body[8:12]]
    for one in (*FORMATS, *_RARE):
        if body.startswith(one.prefix or one.magic):
            return one.name
    return "ftyp" if body[4:8] == b"ftyp" else "svg" if b"<svg" in body[:512] else "unknown"


def is_truncated(body: bytes) -> bool:
    """Return whether a file ends before its container says that it does; False if the container does not say."""
    if body.startswith(b"RIFF"):
        return len(body) < 8 + int.from_bytes(body[4:8], "little")
    if body[4:8] == b"ftyp":
        return _end_of_boxes(body) > len(body)
    end = next((one.end for one in FORMATS if body.startswith(one.prefix or one.magic)), b"")
    return not body.rstrip(b"\0").endswith(end)


def _end_of_boxes(body: bytes) -> int:
    """Return where the last top-level box of an ISO base media file ends: each begins with its length."""
    offset = 0
    while offset + 8 <= len(body):
        length = int.from_bytes(body[offset : offset + 4], "big")
        if length < 8:  # 0: to the end of the file; 1: a 64-bit length, which no picture needs
            return len(body)
        offset += length
    return offset
