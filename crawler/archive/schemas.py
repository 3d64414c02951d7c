"""What the crawler publishes: the item a spider yields, the outcome of a fetch, the columns of its tables."""

from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa


class Outcome(StrEnum):
    """What became of one URL that was tried. Closed: every fetch ends in exactly one of these."""

    STORED = "stored"
    UNCHANGED = "unchanged"
    HTTP_ERROR = "http_error"
    TIMEOUT = "timeout"
    CONNECTION_ERROR = "connection_error"
    REDIRECT_LOOP = "redirect_loop"
    TOO_LARGE = "too_large"
    INCOMPLETE = "incomplete"
    ROBOTS = "robots"
    OPT_OUT = "opt_out"
    BLOCKED_ADDRESS = "blocked_address"
    BAD_URL = "bad_url"


class Role(StrEnum):
    """What a URL was fetched for."""

    PAGE = "page"
    IMAGE = "image"
    ROBOTS = "robots"


@dataclass(frozen=True, slots=True, order=True)
class FacadeImage:
    """One image as a spider's parse function found it, before its bytes were seen.

    `license` is what the source says in its own words (an id, a name, a URL, free text);
    extraction turns it, with `license_url`, into one normalised id.
    """

    image_url: str
    page_url: str = ""
    title: str = ""
    author: str = ""
    license: str = ""
    license_url: str = ""
    tags: tuple[str, ...] = ()


FETCHES = pa.schema(
    [
        ("url", pa.string()),
        ("role", pa.string()),  # Role
        ("outcome", pa.string()),  # Outcome
        ("status", pa.int16()),  # the last HTTP status, null where there was none
        ("attempts", pa.int32()),
        ("first_at", pa.timestamp("us", tz="UTC")),
        ("last_at", pa.timestamp("us", tz="UTC")),
        ("nbytes", pa.int64()),  # of the body that was stored, 0 where none was
        ("final_url", pa.string()),  # after redirects; equal to url where there were none
        ("detail", pa.string()),  # one line for a person: the error, the rule, the exemption
    ]
)
"""`fetches.parquet`: a row for EVERY URL that was tried, sorted by url, then role."""

INDEX = pa.schema(
    [
        ("sha256", pa.string()),  # of the exact bytes, lower-case hex
        ("url", pa.string()),
        ("file", pa.string()),  # name of the WARC file beside this table
        ("offset", pa.int64()),  # of the first byte of the image in that file
        ("length", pa.int64()),  # in bytes; a plain read of [offset, offset + length) gives the image
    ]
)
"""`index.parquet`: where the exact bytes of each stored image lie, sorted by sha256, then url."""

IMAGES = pa.schema(
    [
        ("sha256", pa.string()),
        ("format", pa.string()),  # by magic bytes: jpeg, png, gif, webp, avif, html, …, or unknown
        ("nbytes", pa.int64()),
        ("image_url", pa.string()),
        ("page_url", pa.string()),
        ("title", pa.string()),
        ("author", pa.string()),
        ("license", pa.string()),  # one normalised id (`CC0-1.0`, `CC-BY-SA-4.0`, `PDM-1.0`, …), or `unknown`
        ("license_url", pa.string()),
        ("attribution", pa.string()),  # one line, ready to print
        ("tags", pa.list_(pa.string())),
        ("opt_out", pa.string()),  # what TDMRep or XMP DataMining said, empty where nothing objects
        ("others", pa.list_(pa.struct([("image_url", pa.string()), ("page_url", pa.string())]))),
    ]
)
"""`data/images/SOURCE.parquet`: a row an image, sorted by sha256. No times, no places in files.

Where the same bytes came from several URLs, the row that speaks is the one with the most open licence, then the
smallest (image_url, page_url); `others` lists the rest in that order.
"""
