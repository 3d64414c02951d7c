"""Tell addresses of pictures and pages from what else stands in attributes of HTML and in JSON-LD."""

import re
from urllib.parse import unquote

_PICTURE = re.compile(r"\.(?:jpe?g|jfif|png|webp|avif|gif|tiff?)$", re.IGNORECASE)
_OTHER = re.compile(r"\.(?:svgz?|mp4|m4v|webm|og[gv]|mp3|m3u8|mov|pdf)$", re.IGNORECASE)  # no raster picture
_WIKI_PAGE = re.compile(r"[^\W\d_][\w ]*:")  # File:, Datei:, Fichier:, … before the name
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_HOLE = re.compile(r"(?:\{|%7b)+[\w. |]*(?:\}|%7d)|<%|\$\(", re.IGNORECASE)  # of a template that a program fills in
_PLACEHOLDER = re.compile(
    r"(?:(?:image|img|white|black|empty|trans|lazy)[-_]?)?"
    r"(?:blank|spacer|pixel|transparent|placeholder|loading|(?:ajax-?)?loader|spinner|lazy(?:load)?)"
    r"(?:[-_.]?(?:image|img|gif))?[-_.\dx]*\.(?:gif|png|svg|webp)"
    r"|(?:clear|trans|gr[ae]y|white|empty|pix|dot|[stx]|\d+(?:x\d+|px)?)\.gif|1x1\.\w+",
    re.IGNORECASE,
)


def address(text: object) -> str:
    """Return the address of a picture as browsers read it, or "" for what is none.

    None are data: URIs and other schemes than HTTP, names of blank placeholders, templates such as `{width}`, and
    files that are no raster picture. Backslashes are slashes, and half a surrogate pair is a replacement character
    (https://url.spec.whatwg.org/#url-parsing).
    """
    url = _plain(text)
    if not url or url.startswith("#") or not _is_http(url) or _HOLE.search(url):
        return ""
    name = _path(url).rpartition("/")[2]
    return "" if _OTHER.search(name) or _PLACEHOLDER.fullmatch(name) else url


def is_picture(text: object) -> bool:
    """Return whether an address has the name of a picture's file. A wiki's page about a file (`File:a.jpg`) has not."""
    url = address(text)
    name = unquote(_path(url).rpartition("/")[2])
    return bool(_PICTURE.search(name)) and not (_WIKI_PAGE.match(name) and name[0] == name[0].upper())


def leads(text: object) -> bool:
    """Return whether a link leads to a document: not `#`, a script or a mail."""
    url = _plain(text)
    return bool(url) and not url.startswith("#") and _is_http(url)


def file_name(url: str) -> str:
    """Return the name of the file in a URL."""
    return _path(url).rpartition("/")[2]


def _plain(text: object) -> str:
    if not isinstance(text, str):
        return ""
    text = re.sub(r"[\t\r\n]+", "", text.strip())
    place, mark, query = text.partition("?")
    return (place.replace("\\", "/") + mark + query).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _is_http(url: str) -> bool:
    scheme = _SCHEME.match(url)
    return scheme is None or scheme[1].lower() in ("http", "https")


def _path(url: str) -> str:
    return re.split("[?#]", url, maxsplit=1)[0]
