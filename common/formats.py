"""What bytes are, by how they begin: never by a name or a Content-Type."""

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"GIF87a", "gif"),
    (0, b"GIF89a", "gif"),
    (0, b"II*\x00", "tiff"),
    (0, b"MM\x00*", "tiff"),
    (0, b"BM", "bmp"),
    (0, b"\x00\x00\x01\x00", "ico"),
    (0, b"\xff\x0a", "jxl"),
    (0, b"\x00\x00\x00\x0cJXL ", "jxl"),
    (0, b"\x00\x00\x00\x0cjP  ", "jp2"),
    (8, b"WEBP", "webp"),
    (0, b"%PDF-", "pdf"),
    (0, b"PK\x03\x04", "zip"),
    (0, b"\x1f\x8b", "gzip"),
)
_BRANDS = {b"avif": "avif", b"avis": "avif", b"heic": "heic", b"heix": "heic", b"mif1": "heic", b"msf1": "heic"}


def sniff(body: bytes) -> str:
    """jpeg, png, gif, webp, avif, heic, tiff, bmp, ico, jxl, jp2, svg, html, xml, pdf, zip, gzip, empty, or unknown."""
    if not body:
        return "empty"
    for offset, magic, name in _MAGIC:
        if body.startswith(magic, offset):
            return name
    if body[4:8] == b"ftyp":  # ISO base media file format: the major brand says which
        return _BRANDS.get(body[8:12], "unknown")
    head = body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in head:
        return "svg"
    if head.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "html"
    return "html" if head.startswith(b"<") and b"<html" in head else "xml" if head.startswith(b"<?xml") else "unknown"
