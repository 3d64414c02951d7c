"""The kinds of items in the town, how many there are of each, and what the pipeline must do with them."""

from dataclasses import dataclass
from enum import StrEnum

from crawler.archive.schemas import Outcome


class Kind(StrEnum):
    """The true kind of an item of the town."""

    BUILDING = "building"  # a distinct, sound picture
    # Pictures of a building that another item shows as well
    EXACT_COPY = "exact_copy"  # the same bytes at another URL, on another page
    RESCALED = "rescaled"
    RECOMPRESSED = "recompressed"
    CROPPED = "cropped"  # by 2–8 %
    WATERMARKED = "watermarked"
    BRIGHTENED = "brightened"
    GREYSCALE = "greyscale"
    MIRRORED = "mirrored"
    # A distinct picture that looks like another: same style and grid, another building
    HARD_NEGATIVE = "hard_negative"
    # Distinct pictures in unusual formats
    WEBP = "webp"
    AVIF = "avif"
    PNG_ALPHA = "png_alpha"
    PALETTE = "palette"
    CMYK = "cmyk"
    EXIF_ROTATED = "exif_rotated"
    ANIMATED_GIF = "animated_gif"
    # Unwanted in a dataset of photographs
    LINE_DRAWING = "line_drawing"
    TEXT_BANNER = "text_banner"
    THUMBNAIL = "thumbnail"
    # Not pictures
    TRUNCATED = "truncated"  # the file ends early, the response is whole
    HTML_PAGE = "html_page"  # text/html at a .jpg URL
    HTML_AS_JPEG = "html_as_jpeg"  # HTML that claims to be image/jpeg
    BOMB = "bomb"  # a small file of 900 million pixels
    # Behaviour of servers
    NOT_FOUND = "not_found"
    GONE = "gone"
    RATE_LIMITED = "rate_limited"  # 429 with Retry-After: 1 at first, then success
    HEALING = "healing"  # 500 at first, then success
    REDIRECT = "redirect"
    REDIRECT_LOOP = "redirect_loop"
    SLOW = "slow"  # answers after some seconds
    ENDLESS = "endless"  # tens of megabytes without a Content-Length
    CUT_OFF = "cut_off"  # the connection closes in the middle of the body
    # Rights reserved by owners
    UNLICENSED = "unlicensed"
    RESERVED = "reserved"  # all rights reserved
    NOAI = "noai"  # X-Robots-Tag: noai
    PRIVATE = "private"  # its page is disallowed by robots.txt


@dataclass(frozen=True, slots=True)
class Nature:
    """How common a kind is, and the required outcome and reason."""

    per_1200: int  # items in a town of 1,200 buildings; at least one in any town
    outcome: Outcome = Outcome.STORED
    reason: str | None = None  # the reason for the drop, if it does not depend on thresholds


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
"""Every kind except BUILDING, whose items only must be stored."""

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
"""The kinds that show the same building as another item; `of` is its URL."""


def count(kind: Kind, buildings: int) -> int:
    """Return the number of items of `kind` in a town with that many buildings."""
    return max(1, round(NATURES[kind].per_1200 * buildings / 1200))
