"""What curation publishes: the reasons for a drop, the columns of the prepared tables and of the manifest."""

from enum import StrEnum

import pyarrow as pa


class Decision(StrEnum):
    KEPT = "kept"
    DROPPED = "dropped"


class Split(StrEnum):
    TRAIN = "train"
    HOLDOUT = "holdout"


class Reason(StrEnum):
    """Why an image was dropped. Closed, and in the order in which the rules are asked: the first to object speaks."""

    EXCLUDED = "excluded"
    OPT_OUT = "opt_out"
    LICENSE_UNKNOWN = "license_unknown"
    LICENSE_NOT_ALLOWED = "license_not_allowed"
    EMPTY = "empty"
    NOT_AN_IMAGE = "not_an_image"
    UNSUPPORTED = "unsupported"
    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    TOO_MANY_PIXELS = "too_many_pixels"
    ODD_ASPECT = "odd_aspect"
    TOO_SMALL = "too_small"
    DRAWING = "drawing"
    BLURRED = "blurred"
    DARK = "dark"
    BRIGHT = "bright"
    LOW_INFORMATION = "low_information"
    GREYSCALE = "greyscale"
    BORDER = "border"
    NOT_FACADE = "not_facade"
    EXACT_DUPLICATE = "exact_duplicate"
    NEAR_DUPLICATE = "near_duplicate"


DECODE_ERRORS = (
    Reason.EMPTY,
    Reason.NOT_AN_IMAGE,
    Reason.UNSUPPORTED,
    Reason.TRUNCATED,
    Reason.CORRUPT,
    Reason.TOO_MANY_PIXELS,
)
"""The values of `error` in a prepared table: a decode failure is its own reason."""

THUMBNAIL_SIDE = 64
"""Pixels on a side of the grey thumbnail that hashes are made of and duplicates are verified on."""

SQUARE_SIDE = 128
"""Pixels on a side of the middle square that the facade score looks at."""

PROBES = 9
"""Hashes of an image beside its pHash: of eight parts of it, and of its mirror image (curate/hashes.py)."""

MEASURES = (
    "sharpness",
    "highlight",
    "shadow",
    "contrast",
    "entropy",
    "colorfulness",
    "chroma",
    "paper",
    "border",
    "facade",
)
"""What is measured of every image (curate/measures.py and curate/facade.py say how)."""


def prepared_schema(image_size: int) -> pa.Schema:
    """`data/prepared/SOURCE.parquet`: a row a stored image, sorted by sha256. Without a picture it has only `error`."""
    return pa.schema(
        [
            ("sha256", pa.string()),
            ("error", pa.string()),  # one of DECODE_ERRORS; null where there is a picture
            ("width", pa.int32()),  # of the original in pixels, upright
            ("height", pa.int32()),
            *((name, pa.float32()) for name in MEASURES),  # `facade` is null where nobody asked for it
            ("phash", pa.uint64()),  # bit for bit imagehash.phash of the thumbnail
            ("probes", pa.list_(pa.uint64(), PROBES)),
            ("thumbnail", pa.binary(THUMBNAIL_SIDE**2)),  # the whole picture, grey
            ("pixels", pa.binary(3 * image_size**2)),  # the crop: 3 × S × S, uint8, sRGB
        ]
    )


MANIFEST = pa.schema(
    [
        ("sha256", pa.string()),
        ("source", pa.string()),
        ("image_url", pa.string()),
        ("page_url", pa.string()),
        ("title", pa.string()),
        ("author", pa.string()),
        ("license", pa.string()),
        ("license_url", pa.string()),
        ("attribution", pa.string()),
        ("tags", pa.list_(pa.string())),
        ("decision", pa.string()),  # Decision
        ("reason", pa.string()),  # Reason; null where kept
        ("measure", pa.string()),  # name of the measure that decided; null where none did
        ("value", pa.float64()),  # its value
        ("threshold", pa.float64()),  # what it was held against
        ("cluster", pa.string()),  # sha256 of the keeper of its duplicates; its own where it has none
        ("keeper", pa.string()),  # sha256 it lost to; null where it lost to none
        ("distance", pa.int16()),  # Hamming distance of the pHashes to the keeper; null likewise
        ("similarity", pa.float32()),  # the verification's value against the keeper; null likewise
        ("row", pa.int32()),  # in images.npy; null where dropped
        ("split", pa.string()),  # Split; null where dropped
        ("rule_version", pa.int16()),
    ]
)
"""`data/dataset/manifest.parquet`: a row for EVERY image of every source, sorted by (sha256, source)."""
