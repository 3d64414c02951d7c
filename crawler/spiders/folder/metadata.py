"""Read a CSV file that describes the files beside it."""

import csv
import io

from common.errors import UserError
from crawler.archive.schemas import PLACE_DATE_AND_KIND

COLUMNS = ("title", "author", "license", "license_url", "page_url", "url", "tags", *PLACE_DATE_AND_KIND)


def read_metadata(name: str, text: bytes) -> dict[str, dict[str, str]]:
    """Return the rows by their column `file`, with the columns in `COLUMNS`; a missing value is empty.

    Raises:
        UserError: the file is not UTF-8 or not CSV, lacks the column `file`, or names a file twice.
    """
    try:
        lines = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{name}: {error}; expected CSV in UTF-8") from None
    rows: dict[str, dict[str, str]] = {}
    for number, line in enumerate(lines, 2):
        file = (line.get("file") or "").strip().removeprefix("./")
        if "file" not in line:
            raise UserError(f"{name}: found the columns {', '.join(map(str, line))}; expected one called file")
        if file in rows:
            raise UserError(f"{name}:{number}: {file!r} occurs twice")
        rows[file] = {column: (line.get(column) or "").strip() for column in COLUMNS}
    return rows
