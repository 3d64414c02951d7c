"""The kinds of items in the town, and how many there are of each."""

from enum import StrEnum


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


PER_1200: dict[Kind, int] = {
    Kind.EXACT_COPY: 24,
    Kind.RESCALED: 8,
    Kind.RECOMPRESSED: 8,
    Kind.CROPPED: 10,
    Kind.WATERMARKED: 8,
    Kind.BRIGHTENED: 6,
    Kind.GREYSCALE: 6,
    Kind.MIRRORED: 6,
    Kind.HARD_NEGATIVE: 20,
    Kind.WEBP: 8,
    Kind.AVIF: 5,
    Kind.PNG_ALPHA: 5,
    Kind.PALETTE: 4,
    Kind.CMYK: 4,
    Kind.EXIF_ROTATED: 6,
    Kind.ANIMATED_GIF: 3,
    Kind.LINE_DRAWING: 8,
    Kind.TEXT_BANNER: 8,
    Kind.THUMBNAIL: 8,
    Kind.TRUNCATED: 6,
    Kind.HTML_PAGE: 2,
    Kind.HTML_AS_JPEG: 2,
    Kind.BOMB: 1,
    Kind.NOT_FOUND: 5,
    Kind.GONE: 3,
    Kind.RATE_LIMITED: 3,
    Kind.HEALING: 3,
    Kind.REDIRECT: 5,
    Kind.REDIRECT_LOOP: 2,
    Kind.SLOW: 2,
    Kind.ENDLESS: 1,
    Kind.CUT_OFF: 2,
    Kind.UNLICENSED: 10,
    Kind.RESERVED: 6,
    Kind.NOAI: 4,
    Kind.PRIVATE: 1,
}
"""Items of each kind in a town of 1,200 buildings; every kind except BUILDING, at least one in any town."""

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
    return max(1, round(PER_1200[kind] * buildings / 1200))
