"""Formats that the crawler publishes: the item of a spider, the outcomes of a fetch, the columns of its tables."""

from dataclasses import dataclass

import pyarrow as pa

from common.described import Column, DescribedEnum, schema


class Outcome(DescribedEnum):
    """How the fetch of one URL ended. A closed list: every fetch ends in exactly one of these."""

    STORED = "stored", "The body is in the archive. It is not checked here: an HTML page named `.jpg` is stored too."
    UNCHANGED = "unchanged", "The server reports no change since the last snapshot; the body is in the archive."
    HTTP_ERROR = "http_error", "The server answered with an error status; `status` contains it."
    TIMEOUT = "timeout", "The response did not start within `crawl.limits.answer` or end within `crawl.limits.timeout`."
    CONNECTION_ERROR = "connection_error", "No connection could be made, or it was lost."
    REDIRECT_LOOP = "redirect_loop", "More than ten redirects."
    TOO_LARGE = "too_large", "The body is larger than `crawl.limits.max_bytes`, before or after decompression."
    INCOMPLETE = "incomplete", "The connection closed before the end of the body, or the body does not decompress."
    ROBOTS = "robots", "robots.txt disallows the URL, or could not be read because the server fails (RFC 9309)."
    OPT_OUT = "opt_out", "The image, its page or its host reserves it from AI use; its body is not kept."
    BLOCKED_ADDRESS = "blocked_address", "The host has no public address (private, loopback, link-local, metadata)."
    BAD_URL = "bad_url", "Not an http or https URL, or not a URL."


class Role(DescribedEnum):
    """What a URL was fetched for."""

    PAGE = "page", "A page, an API response or a list that the spider reads."
    IMAGE = "image", "An image."
    ROBOTS = "robots", "The robots.txt of a host."
    TDMREP = "tdmrep", "The `/.well-known/tdmrep.json` of a host. Most hosts have none, and answer with 404."


HOST_FILES = frozenset({Role.ROBOTS, Role.TDMREP})
"""The roles of files that a crawl requests once for each host. It is no failure that a host has none."""


SHA1_TAG = "sha1:"
"""Begins the tag with the SHA-1 of the original of a wiki's file."""


@dataclass(frozen=True, slots=True, order=True)
class FacadeImage:
    """One image as a spider's parse function found it, before its bytes were seen.

    Every field is the source's own statement, as text: `license` an id, a name, a URL or free text, `taken` a date in
    any form. Extraction normalises them (crawler/rights/licenses.py, crawler/metadata).
    """

    image_url: str
    page_url: str = ""
    title: str = ""
    author: str = ""
    license: str = ""
    license_url: str = ""
    tags: tuple[str, ...] = ()
    latitude: str = ""
    longitude: str = ""
    heading: str = ""
    taken: str = ""
    wikidata: str = ""
    digital_source_type: str = ""


PLACE_DATE_AND_KIND = ("latitude", "longitude", "heading", "taken", "wikidata", "digital_source_type")
"""Fields of an image that say where, when and how it was made; columns of the image table and of the manifest, too."""


FETCHES_COLUMNS = (
    Column("url", pa.string(), "The URL that was requested."),
    Column("role", pa.string(), "What it was fetched for: a role."),
    Column("outcome", pa.string(), "How the fetch ended: an outcome."),
    Column("status", pa.int16(), "Last HTTP status; null if there was no response."),
    Column("attempts", pa.int32(), "Number of attempts, those of earlier runs included."),
    Column("first_at", pa.timestamp("us", tz="UTC"), "When the first attempt started."),
    Column("last_at", pa.timestamp("us", tz="UTC"), "When the last attempt ended."),
    Column("nbytes", pa.int64(), "Length of the stored body in bytes; 0 if none was stored."),
    Column("final_url", pa.string(), "URL after redirects; equal to `url` if there were none."),
    Column("detail", pa.string(), "One line for a person: the error, the rule or the exemption that applied."),
)
FETCHES = schema(FETCHES_COLUMNS)
"""`fetches.parquet`: one row for EVERY URL that was tried, sorted by (url, role)."""

INDEX_COLUMNS = (
    Column("sha256", pa.string(), "SHA-256 of the exact bytes, lower-case hex."),
    Column("url", pa.string(), "URL that returned them."),
    Column("file", pa.string(), "Name of the WARC file, in the same folder."),
    Column("offset", pa.int64(), "Position of the first byte of the image in that file."),
    Column("length", pa.int64(), "Length in bytes; reading [offset, offset + length) gives the image."),
)
INDEX = schema(INDEX_COLUMNS)
"""`index.parquet`: where the exact bytes of each stored image are, sorted by (sha256, url)."""

METADATA_COLUMNS = (
    Column("latitude", pa.float64(), "Where it was taken or what it shows, degrees north (WGS 84); null if not known."),
    Column("longitude", pa.float64(), "Degrees east, −180 to below 180 (WGS 84); null if not known."),
    Column("heading", pa.float64(), "Where the camera looked, degrees clockwise from true north; null if not known."),
    Column("taken", pa.string(), "Date of the picture: `1998`, `1998-05` or `1998-05-24`; null if not known."),
    Column("wikidata", pa.string(), "Wikidata item of what it shows, such as `Q243`; null if not known."),
    Column(
        "digital_source_type",
        pa.string(),
        "How it was made, a term of IPTC's Digital Source Type: `digitalCapture`, `trainedAlgorithmicMedia`, …; "
        "null if not stated.",
    ),
)
"""What the source states about a picture, or else its EXIF data (crawler/metadata)."""

IMAGES_COLUMNS = (
    Column("sha256", pa.string(), "SHA-256 of the exact bytes that the server sent, lower-case hex."),
    Column("format", pa.string(), "Format by magic bytes: `jpeg`, `png`, `gif`, `webp`, `avif`, `html`, …, `unknown`."),
    Column("nbytes", pa.int64(), "Length in bytes."),
    Column("image_url", pa.string(), "URL of the image."),
    Column("page_url", pa.string(), "URL of the page that describes it."),
    Column("title", pa.string(), "Title, one line; empty if the source gives none."),
    Column("author", pa.string(), "Author, one line; empty if the source gives none."),
    Column("license", pa.string(), "Normalised licence id (`CC0-1.0`, `CC-BY-SA-4.0`, `PDM-1.0`, …) or `unknown`."),
    Column("license_url", pa.string(), "URL of the licence text."),
    Column("attribution", pa.string(), "Credit line, ready to print."),
    Column("tags", pa.list_(pa.string()), "Tags, sorted: categories, keywords, sub-folders."),
    *METADATA_COLUMNS,
    Column(
        "opt_out", pa.string(), "The signal that reserves the image from AI use, and its value; empty if none does."
    ),
    Column(
        "signals_missing",
        pa.list_(pa.string()),
        "Places and signals that were not looked at, since the archive has no such response: `host tdmrep_json`, …",
    ),
    Column(
        "others",
        pa.list_(pa.struct([("image_url", pa.string()), ("page_url", pa.string())])),
        "Other URLs that returned the same bytes, in the order in which they were ranked.",
    ),
)
IMAGES = schema(IMAGES_COLUMNS)
"""`data/images/SOURCE.parquet`: one row per image, sorted by sha256. It has no times and no positions in files.

If several URLs or pages gave the same bytes, the row describes the one that states the strictest licence, then the
smallest (image_url, page_url); `others` lists the rest in that order, at the end those that state none.
"""

SIGNALS_COLUMNS = (
    Column("sha256", pa.string(), "SHA-256 of the image, lower-case hex."),
    Column("image_url", pa.string(), "URL of the image; after a redirect also the URL that it led to."),
    Column("page_url", pa.string(), "URL of the page, if the signal is about a page that shows the image; else null."),
    Column("signal", pa.string(), "The convention by which use is reserved: a signal."),
    Column("place", pa.string(), "Where it was looked for: a place."),
    Column("verdict", pa.string(), "What it amounts to: a verdict. `reserved` drops the image."),
    Column("value", pa.string(), "The text that was found, on one line; empty if there is none."),
    Column("policy", pa.string(), "URL of a licence or policy that the owner names; empty if there is none."),
    Column("file", pa.string(), "WARC file, in the source's archive, with the record that was read; null if missing."),
    Column("offset", pa.int64(), "Position of that record in the file; null if missing."),
)
SIGNALS = schema(SIGNALS_COLUMNS)
"""`data/signals/SOURCE.parquet`: a row for each signal that was looked at for an image, in every place.

Sorted by (sha256, image_url, page_url), then by place and signal.
"""
