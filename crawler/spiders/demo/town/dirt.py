"""The kinds of things a crawl of the town brings home, how many of each, and what must become of them."""

from dataclasses import dataclass
from enum import StrEnum

from crawler.archive.schemas import Outcome


class Kind(StrEnum):
    """What an item of the town really is."""

    BUILDING = "building"  # a picture of its own, as it should be
    # Pictures of something that another item shows already
    EXACT_COPY = "exact_copy"  # the same bytes at another URL, on another page
    RESCALED = "rescaled"
    RECOMPRESSED = "recompressed"
    CROPPED = "cropped"  # by 2–8 %
    WATERMARKED = "watermarked"
    BRIGHTENED = "brightened"
    GREYSCALE = "greyscale"
    MIRRORED = "mirrored"
    # A picture of its own that looks like another: same style and grid, another building
    HARD_NEGATIVE = "hard_negative"
    # Pictures of their own in unusual clothes
    WEBP = "webp"
    AVIF = "avif"
    PNG_ALPHA = "png_alpha"
    PALETTE = "palette"
    CMYK = "cmyk"
    EXIF_ROTATED = "exif_rotated"
    ANIMATED_GIF = "animated_gif"
    # Not what a dataset of photographs wants
    LINE_DRAWING = "line_drawing"
    TEXT_BANNER = "text_banner"
    THUMBNAIL = "thumbnail"
    # Not pictures at all
    TRUNCATED = "truncated"  # the file ends early, the response is whole
    HTML_PAGE = "html_page"  # text/html at a .jpg URL
    HTML_AS_JPEG = "html_as_jpeg"  # HTML that claims to be image/jpeg
    BOMB = "bomb"  # a small file of 900 million pixels
    # What servers do
    NOT_FOUND = "not_found"
    GONE = "gone"
    RATE_LIMITED = "rate_limited"  # 429 with Retry-After: 1, then well
    HEALING = "healing"  # 500 at first, then well
    REDIRECT = "redirect"
    REDIRECT_LOOP = "redirect_loop"
    SLOW = "slow"  # answers after some seconds
    ENDLESS = "endless"  # tens of megabytes without a Content-Length
    CUT_OFF = "cut_off"  # the connection closes in the middle of the body
    # What owners say
    UNLICENSED = "unlicensed"
    RESERVED = "reserved"  # all rights reserved
    NOAI = "noai"  # X-Robots-Tag: noai
    PRIVATE = "private"  # its page is disallowed by robots.txt


@dataclass(frozen=True, slots=True)
class Nature:
    """How common a kind is and what must become of it."""

    per_1200: int  # items in a town of 1,200 buildings; at least one in any town
    outcome: Outcome = Outcome.STORED
    reason: str | None = None  # the drop reason where it is certain whatever the thresholds


NATURES: dict[Kind, Nature] = {
    Kind.EXACT_COPY: Nature(24),
    Kind.RESCALED: Nature(8),
    Kind.RECOMPRESSED: Nature(8),
    Kind.CROPPED: Nature(10),
    Kind.WATERMARKED: Nature(8),
    Kind.BRIGHTENED: Nature(6),
    Kind.GREYSCALE: Nature(6),
    Kind.MIRRORED: Nature(6),
    Kind.HARD_NEGATIVE: Nature(20),
    Kind.WEBP: Nature(8),
    Kind.AVIF: Nature(5),
    Kind.PNG_ALPHA: Nature(5),
    Kind.PALETTE: Nature(4),
    Kind.CMYK: Nature(4),
    Kind.EXIF_ROTATED: Nature(6),
    Kind.ANIMATED_GIF: Nature(3),
    Kind.LINE_DRAWING: Nature(8, reason="drawing"),
    Kind.TEXT_BANNER: Nature(8, reason="odd_aspect"),
    Kind.THUMBNAIL: Nature(8, reason="too_small"),
    Kind.TRUNCATED: Nature(6, reason="truncated"),
    Kind.HTML_PAGE: Nature(2, reason="not_an_image"),
    Kind.HTML_AS_JPEG: Nature(2, reason="not_an_image"),
    Kind.BOMB: Nature(1, reason="too_many_pixels"),
    Kind.NOT_FOUND: Nature(5, Outcome.HTTP_ERROR),
    Kind.GONE: Nature(3, Outcome.HTTP_ERROR),
    Kind.RATE_LIMITED: Nature(3),
    Kind.HEALING: Nature(3),
    Kind.REDIRECT: Nature(5),
    Kind.REDIRECT_LOOP: Nature(2, Outcome.REDIRECT_LOOP),
    Kind.SLOW: Nature(2),
    Kind.ENDLESS: Nature(1, Outcome.TOO_LARGE),
    Kind.CUT_OFF: Nature(2, Outcome.INCOMPLETE),
    Kind.UNLICENSED: Nature(10, reason="license_unknown"),
    Kind.RESERVED: Nature(6),
    Kind.NOAI: Nature(4, Outcome.OPT_OUT),
    Kind.PRIVATE: Nature(1, Outcome.ROBOTS),
}
"""Every kind but BUILDING, which has no expectation beyond being stored."""

NEAR_DUPLICATES = (
    Kind.RESCALED,
    Kind.RECOMPRESSED,
    Kind.CROPPED,
    Kind.WATERMARKED,
    Kind.BRIGHTENED,
    Kind.GREYSCALE,
    Kind.MIRRORED,
)
COPIES = (Kind.EXACT_COPY, *NEAR_DUPLICATES)
"""The kinds that show what another item shows, and have its URL as `of`."""


def count(kind: Kind, buildings: int) -> int:
    """How many items of `kind` a town of so many buildings has."""
    return max(1, round(NATURES[kind].per_1200 * buildings / 1200))
