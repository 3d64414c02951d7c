"""Formats that curation publishes: decisions and their reasons, the columns of the prepared tables and the manifest."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from common.described import Column, DescribedEnum, schema


class Decision(DescribedEnum):
    """What was decided about an image."""

    KEPT = "kept", "The image is in the dataset."
    DROPPED = "dropped", "The image is not in the dataset; `reason` says why."


class Split(DescribedEnum):
    """The part of the dataset that a kept image belongs to."""

    TRAIN = "train", "Models are trained on it."
    HOLDOUT = "holdout", "No model is trained on it; metrics compare generated images with it."


class Reason(DescribedEnum):
    """Why an image was dropped. A closed list, in the order in which the rules are applied: the first match counts."""

    EXCLUDED = "excluded", "Named in `exclusions.csv`, or a near duplicate of an image that is."
    OPT_OUT = "opt_out", "The owner reserved it from AI use, in this source or in another that has the same bytes."
    LICENSE_UNKNOWN = "license_unknown", "No licence was found, and `crawl.unknown` is `drop`."
    LICENSE_NOT_ALLOWED = "license_not_allowed", "The licence is not in `crawl.licenses`."
    SYNTHETIC = (
        "synthetic",
        "A source of the image or its file states that AI or another algorithm made it or a part of it: "
        "`curate.where.digital_source_type`.",
    )
    WHERE_DIGITAL_SOURCE_TYPE = (
        "where_digital_source_type",
        "It was made in another way that is not wanted: `curate.where.digital_source_type`.",
    )
    WHERE_TAGS = "where_tags", "Its tags are not wanted: `curate.where.tags`."
    WHERE_YEARS = "where_years", "It was taken in a year that is not wanted: `curate.where.years`."
    WHERE_BOX = "where_box", "It was taken outside of `curate.where.box`."
    EMPTY = "empty", "The file has no bytes."
    NOT_AN_IMAGE = "not_an_image", "The bytes are not an image, for example an HTML page."
    UNSUPPORTED = "unsupported", "An image format that is not decoded."
    TRUNCATED = "truncated", "The file ends before the image does."
    CORRUPT = "corrupt", "The file is damaged and does not decode."
    TOO_MANY_PIXELS = "too_many_pixels", "More pixels than are decoded; refused before decoding."
    ODD_ASPECT = "odd_aspect", "Longer over shorter side is above `max_aspect`: strips and banners."
    TOO_SMALL = "too_small", "The shorter side is below `min_side`."
    DRAWING = "drawing", "`paper` is above `max_paper`: drawings, plans, text, cut-outs on white."
    BLURRED = "blurred", "`sharpness` is below `min_sharpness`."
    DARK = "dark", "`highlight` is below `min_highlight`."
    BRIGHT = "bright", "`shadow` is above `max_shadow`."
    LOW_INFORMATION = "low_information", "`contrast` or `entropy` is below its threshold: flat or empty images."
    GREYSCALE = "greyscale", "`colorfulness` or `chroma` is below its threshold: greyscale and toned images."
    BORDER = "border", "`border` is above `max_border`: a frame, a letterbox or a caption."
    NOT_FACADE = "not_facade", "The facade score is below `min_facade`."
    EXACT_DUPLICATE = "exact_duplicate", "Another source has the same bytes, and its row is kept."
    NEAR_DUPLICATE = "near_duplicate", "A copy of the keeper: rescaled, cropped, re-encoded, mirrored, captioned."
    CAP_AUTHOR = "cap_author", "Its author has `curate.caps.author` images with smaller sha256."
    CAP_PLACE = "cap_place", "Its cell of the grid has `curate.caps.place` images with smaller sha256."
    CAP_SOURCE = "cap_source", "Its source has `curate.caps.source` images with smaller sha256."


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
"""Hashes of an image beside its pHash: of eight parts of it, and of its mirror image (curate/duplicates/hashes.py)."""

MEASURE_COLUMNS = (
    Column("sharpness", pa.float32(), "1 − blur effect, 0 to 1 (Crété-Roffet et al. 2007)."),
    Column("highlight", pa.float32(), "99th percentile of luma, 0 to 1."),
    Column("shadow", pa.float32(), "5th percentile of luma, 0 to 1."),
    Column("contrast", pa.float32(), "Standard deviation of luma, 0 to 0.5."),
    Column("entropy", pa.float32(), "Entropy of the luma histogram in bits per pixel, 0 to 8."),
    Column("colorfulness", pa.float32(), "Colourfulness (Hasler & Süsstrunk 2003); 15 is slight."),
    Column("chroma", pa.float32(), "Levels by which colours leave a single tonal scale; 0 is greyscale or sepia."),
    Column("paper", pa.float32(), "Share of the most common light tone, in the half of the crop that has less of it."),
    Column("border", pa.float32(), "Depth of the deepest flat strip along an edge, as a share of the side."),
    Column("facade", pa.float32(), "Facade score, 0 to 1; null if `curate.score_facades` is false."),
)
MEASURES = tuple(column.name for column in MEASURE_COLUMNS)
"""What is measured of every image (curate/measures.py and curate/facade_score.py contain the formulas)."""


def prepared_columns(image_size: int) -> tuple[Column, ...]:
    """Return the columns of a prepared table whose crops have `image_size` pixels on a side."""
    return (
        Column("sha256", pa.string(), "SHA-256 of the exact bytes, lower-case hex."),
        Column("error", pa.string(), "Why the file does not decode: a reason; null if it does."),
        Column("width", pa.int32(), "Width of the upright original in pixels."),
        Column("height", pa.int32(), "Height of the upright original in pixels."),
        *MEASURE_COLUMNS,
        Column("phash", pa.uint64(), "Perceptual hash of the thumbnail, bit for bit `imagehash.phash`."),
        Column("probes", pa.list_(pa.uint64(), PROBES), "Perceptual hashes of eight parts and of the mirror image."),
        Column("thumbnail", pa.binary(THUMBNAIL_SIDE**2), "The whole picture in grey, 64 × 64, uint8."),
        Column("pixels", pa.binary(3 * image_size**2), "The crop: 3 × S × S, uint8, sRGB; S is `curate.image_size`."),
    )


def prepared_schema(image_size: int) -> pa.Schema:
    """Return the schema of `data/prepared/SOURCE.parquet`: one row per stored image, sorted by sha256.

    A row whose file does not decode has only `sha256` and `error`.
    """
    return schema(prepared_columns(image_size))


def fixed_size_bytes(column: pa.ChunkedArray) -> NDArray[np.uint8]:
    """Return a column of fixed-size binary values (`thumbnail` or `pixels`, without nulls) as n × size, uint8."""
    array = column.combine_chunks()
    size = array.type.byte_width
    content = np.frombuffer(array.buffers()[1], np.uint8) if len(array) else np.empty(0, np.uint8)
    return content.reshape(-1, size)[array.offset : array.offset + len(array)]


MANIFEST_COLUMNS = (
    Column("sha256", pa.string(), "SHA-256 of the exact bytes, lower-case hex."),
    Column("source", pa.string(), "Name of the source in params.yaml."),
    Column("image_url", pa.string(), "URL of the image."),
    Column("page_url", pa.string(), "URL of the page that describes it."),
    Column("title", pa.string(), "Title, one line; empty if the source gives none."),
    Column("author", pa.string(), "Author, one line; empty if the source gives none."),
    Column("license", pa.string(), "Normalised licence id, or `unknown`."),
    Column("license_url", pa.string(), "URL of the licence text."),
    Column("attribution", pa.string(), "Credit line, ready to print."),
    Column("tags", pa.list_(pa.string()), "Tags, sorted."),
    Column("latitude", pa.float64(), "Degrees north (WGS 84), as the source or the file states; null if not known."),
    Column("longitude", pa.float64(), "Degrees east, −180 to below 180 (WGS 84); null if not known."),
    Column("heading", pa.float64(), "Where the camera looked, degrees clockwise from true north; null if not known."),
    Column("taken", pa.string(), "Date of the picture: `1998`, `1998-05` or `1998-05-24`; null if not known."),
    Column("wikidata", pa.string(), "Wikidata item of what it shows, such as `Q243`; null if not known."),
    Column("digital_source_type", pa.string(), "How it was made, a term of IPTC; null if not stated."),
    Column(
        "opt_out", pa.string(), "The signal that reserves the image from AI use, and its value; empty if none does."
    ),
    Column("decision", pa.string(), "`kept` or `dropped`."),
    Column("reason", pa.string(), "Why the image was dropped: a reason; null if it was kept."),
    Column("measure", pa.string(), "Measure that decided, or `year`, or `position` in a group; null if none did."),
    Column("value", pa.float64(), "Value of that measure for this image."),
    Column("threshold", pa.float64(), "Threshold that the value was compared with."),
    Column("cluster", pa.string(), "SHA-256 of the keeper of its duplicates; its own if it has none."),
    Column("keeper", pa.string(), "SHA-256 of the image that was kept instead; null if the image is no duplicate."),
    Column("distance", pa.int16(), "Hamming distance of the two pHashes, 0 to 64; null if `keeper` is."),
    Column("similarity", pa.float32(), "Similarity of the pixels of both; null if `keeper` is."),
    Column("row", pa.int32(), "Row in `images.npy`; null if the image was dropped."),
    Column("split", pa.string(), "`train` or `holdout`; null if the image was dropped."),
    Column("rule_version", pa.int16(), "Version of the rules; it grows if equal measures are decided otherwise."),
)
MANIFEST = schema(MANIFEST_COLUMNS)
"""`data/dataset/manifest.parquet`: one row for EVERY image of every source, sorted by (sha256, source)."""

NAMES_COLUMNS = (
    Column("source", pa.string(), "Name of the source in params.yaml."),
    Column("tags", pa.list_(pa.string()), "Tags, sorted."),
)
"""`data/dataset/names.parquet`: the names by which labels are chosen, one row for each row of `images.npy`."""
