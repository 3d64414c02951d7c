"""File information from MediaWiki's Action API (https://www.mediawiki.org/wiki/API:Imageinfo).

Uses format version 1, in which the pages are an object: every MediaWiki supports it.
"""

import json
from collections.abc import Mapping
from typing import Any, TypeAlias
from urllib.parse import urlencode

from crawler.archive.schemas import FacadeImage
from crawler.plaintext import plain_text

Object: TypeAlias = Mapping[str, Any]

BUSY = ("maxlag", "ratelimited", "readonly")
"""Temporary errors: codes in the header MediaWiki-API-Error of a response with HTTP status 200."""

_METADATA = (
    "Artist", "Attribution", "Categories", "Copyrighted", "LicenseShortName", "LicenseUrl", "ObjectName", "UsageTerms",
)  # fmt: skip
_FILES = {
    "action": "query",
    "format": "json",
    "maxlag": "5",  # seconds; https://www.mediawiki.org/wiki/Manual:Maxlag_parameter
    "prop": "imageinfo",
    "iiprop": "url|sha1|mediatype|extmetadata",
    "iiextmetadatafilter": "|".join(_METADATA),
}


def files_url(api: str, width: int, query: Object) -> str:
    """Return the URL that lists the files of a generator `query`, with thumbnails `width` pixels wide."""
    return f"{api}?{urlencode({**_FILES, 'iiurlwidth': width, **query})}"


def answer(text: str) -> dict[str, Any]:
    """Parse a response.

    Raises:
        ValueError: it is not JSON, or it reports an error.
    """
    values: dict[str, Any] = json.loads(text)
    if "error" in values:
        raise ValueError(f"{values['error']['code']}: {values['error']['info']}")
    return values


def merged(batch: Object, values: Object) -> dict[str, Any]:
    """Merge the pages of a batch by title: one response may name all pages, but only some of their properties."""
    pages = values.get("query", {}).get("pages", {}).values()
    return {**batch, **{page["title"]: {**batch.get(page["title"], {}), **page} for page in pages}}


def facade_image(page: Object) -> FacadeImage | None:
    """Return the picture of a file page; None if it was deleted or is not a photograph (a drawing, a video, a book)."""
    info = page.get("imageinfo", [{}])[0]
    if "url" not in info or info.get("mediatype", "BITMAP") != "BITMAP":
        return None
    # PHP encodes an empty object as [].
    metadata = {name: str(entry.get("value", "")) for name, entry in (info.get("extmetadata") or {}).items()}
    free = "public domain" if metadata.get("Copyrighted") == "False" else ""
    return FacadeImage(
        image_url=info.get("thumburl", info["url"]),
        page_url=info["descriptionurl"],
        title=plain_text(metadata.get("ObjectName", "")) or page["title"].partition(":")[2],
        author=plain_text(metadata.get("Artist") or metadata.get("Attribution", "")),
        license=metadata.get("LicenseShortName") or metadata.get("UsageTerms") or free,
        license_url=metadata.get("LicenseUrl", ""),
        # The hash of the original, not of the thumbnail.
        tags=(*metadata.get("Categories", "").split("|"), f"sha1:{info['sha1']}" if "sha1" in info else ""),
    )
