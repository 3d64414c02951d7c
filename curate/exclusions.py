"""Read `exclusions.csv`, the images that people asked to leave out, and find them in an image table."""

import csv
import datetime
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from common.errors import UserError
from common.published import public_url

COLUMNS = ("kind", "value", "reason", "by", "date", "near")
KINDS = ("image", "url", "author", "page")


class Exclusion(NamedTuple):
    """One row of `exclusions.csv`."""

    kind: str  # one of KINDS
    value: str  # a sha256, an image URL, an author or a page URL
    near: bool  # near duplicates of the images are excluded, too


def read_exclusions(path: Path) -> list[Exclusion]:
    """Read the exclusions in a CSV file.

    Raises:
        UserError: the file is missing, or a row has a mistake; the message names file and line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: {error}; expected a CSV file with the columns {','.join(COLUMNS)}") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise UserError(f"{path}:1: found {','.join(reader.fieldnames or ())}, expected {','.join(COLUMNS)}")
        return [_exclusion(row, f"{path}:{reader.line_num}") for row in reader]
    except csv.Error as error:
        # DictReader counts a line only after it was read completely.
        raise UserError(f"{path}:{reader.reader.line_num}: {error}; expected a line of CSV") from None


def _exclusion(row: dict[str, str], where: str) -> Exclusion:
    count = sum(value is not None for name, value in row.items() if name) + len(row.get(None) or ())  # type: ignore[call-overload]
    if count != len(COLUMNS):
        raise UserError(f"{where}: found {count} fields, expected {len(COLUMNS)}: {','.join(COLUMNS)}")
    kind, value, near, date = (row[name].strip() for name in ("kind", "value", "near", "date"))
    if kind not in KINDS:
        raise UserError(f"{where}: kind: found {kind!r}, expected one of {', '.join(KINDS)}")
    if not value:
        raise UserError(f"{where}: value: found nothing, expected the image, URL, author or page to leave out")
    if kind == "image" and not re.fullmatch("[0-9a-f]{64}", value):
        raise UserError(f"{where}: value: found {value!r}, expected a sha256: 64 digits 0-9a-f")
    if near not in ("true", "false", ""):
        raise UserError(f"{where}: near: found {near!r}, expected true or false")
    if date and not _is_date(date):
        raise UserError(f"{where}: date: found {date!r}, expected YYYY-MM-DD")
    return Exclusion(kind, value, near == "true")


def _is_date(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def excluded(images: pa.Table, exclusions: Sequence[Exclusion]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return two masks over the rows of an image table: the excluded ones, and those excluded with near duplicates.

    Exclusions apply to bytes: if one row of a sha256 matches, in any source, all rows of that sha256 are excluded.

    Args:
        images: the columns of `crawler.archive.schemas.IMAGES`.
    """
    near = _named(images, [exclusion for exclusion in exclusions if exclusion.near])
    return near | _named(images, exclusions), near


def _named(images: pa.Table, exclusions: Sequence[Exclusion]) -> NDArray[np.bool_]:
    digests = images["sha256"]
    rows = np.zeros(len(images), bool)
    values = {kind: pa.array(_values(exclusions, kind), pa.string()) for kind in KINDS}
    for column, kind in (("sha256", "image"), ("image_url", "url"), ("author", "author"), ("page_url", "page")):
        rows |= pc.is_in(images[column], values[kind]).to_numpy()
    others = pc.list_flatten(images["others"])
    parents = pc.list_parent_indices(images["others"]).to_numpy()
    for field, kind in (("image_url", "url"), ("page_url", "page")):
        rows[parents[pc.is_in(pc.struct_field(others, field), values[kind]).to_numpy()]] = True
    return np.asarray(pc.is_in(digests, digests.filter(rows).combine_chunks()).to_numpy())


def _values(exclusions: Sequence[Exclusion], kind: str) -> list[str]:
    """Return the values of a kind; of a URL also as image tables contain it, without credentials."""
    found = [exclusion.value for exclusion in exclusions if exclusion.kind == kind]
    return [*found, *map(public_url, found)] if kind in ("url", "page") else found
