"""File information from MediaWiki's Action API (https://www.mediawiki.org/wiki/API:Imageinfo).

Uses format version 1, in which the pages are an object: every MediaWiki supports it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlencode, urlsplit

from crawler.archive.schemas import SHA1_TAG, FacadeImage
from crawler.plaintext import plain_text

Object: TypeAlias = Mapping[str, Any]

BUSY = ("maxlag", "ratelimited", "readonly")
"""Temporary errors: codes in the header MediaWiki-API-Error of a response with HTTP status 200."""

BATCH = 50
"""Files in a response: the API's limit for clients that are not logged in."""
LONGEST = 5_000
"""Characters of all titles in a request as they are in its URL. Servers accept URLs of 8 KB (RFC 9110, 4.1)."""

_METADATA = (
    "Artist", "Attribution", "Categories", "Copyrighted", "LicenseShortName", "LicenseUrl", "ObjectName", "UsageTerms",
    "DateTimeOriginal", "GPSLatitude", "GPSLongitude",
)  # fmt: skip
_FILES = {
    "action": "query",
    "format": "json",
    "maxlag": "5",  # seconds; https://www.mediawiki.org/wiki/Manual:Maxlag_parameter
    "prop": "imageinfo|coordinates",
    "colimit": "max",  # 10 files by default, and one request more for each further 10
    "iiprop": "url|sha1|mediatype|extmetadata",
    "iiextmetadatafilter": "|".join(_METADATA),
}
_FILES_0_1_0 = {
    "prop": "imageinfo",
    "colimit": None,
    "iiextmetadatafilter": "Artist|Attribution|Categories|Copyrighted|LicenseShortName|LicenseUrl|ObjectName"
    "|UsageTerms",
}
"""What version 0.1.0 requested instead; None if it did not have the parameter."""


def files_url(api: str, width: int, query: Object) -> str:
    """Return the URL that lists the files of a generator `query`, with thumbnails `width` pixels wide."""
    return f"{api}?{urlencode({**_FILES, 'iiurlwidth': width, **query})}"


def title_of(page_url: str) -> str:
    """Return the title of the file page at a URL, in any of MediaWiki's forms (`$wgArticlePath`)."""
    parts = urlsplit(page_url)
    in_query = parse_qs(parts.query).get("title")
    return (in_query[0] if in_query else unquote(parts.path.rpartition("/")[2])).replace("_", " ")


def batches(titles: Iterable[str]) -> Iterator[list[str]]:
    """Divide titles into batches for one request each."""
    batch: list[str] = []
    for title in titles:
        if batch and (len(batch) == BATCH or sum(len(quote(one)) + 3 for one in (*batch, title)) > LONGEST):
            yield batch
            batch = []
        batch.append(title)
    if batch:
        yield batch


def older_url(url: str) -> str:
    """Return the URL at which version 0.1.0 listed the same files, without places and dates."""
    api, _, query = url.partition("?")
    values = {**dict(parse_qsl(query, keep_blank_values=True)), **_FILES_0_1_0}
    return f"{api}?{urlencode({name: value for name, value in values.items() if value is not None})}"


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
        tags=(*metadata.get("Categories", "").split("|"), f"{SHA1_TAG}{info['sha1']}" if "sha1" in info else ""),
        taken=plain_text(metadata.get("DateTimeOriginal", "")),
        **_place(page, metadata),
    )


def _place(page: Object, metadata: Mapping[str, str]) -> dict[str, str]:
    """Return the place of the camera, else that of the object, else what the file page or EXIF states."""
    places = [place for place in page.get("coordinates") or () if place.get("globe", "earth") == "earth"]
    if places:
        place = next((place for place in places if "primary" in place), places[0])
        return {"latitude": str(place["lat"]), "longitude": str(place["lon"])}
    return {"latitude": metadata.get("GPSLatitude", ""), "longitude": metadata.get("GPSLongitude", "")}
