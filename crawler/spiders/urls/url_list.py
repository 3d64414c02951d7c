"""Read a list of images: a text file of URLs, a CSV or TSV file, or a Parquet file."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Literal, get_args

import pyarrow.parquet as pq

from crawler.archive.schemas import FacadeImage

Field = Literal[
    "image_url",
    "page_url",
    "title",
    "author",
    "license",
    "license_url",
    "tags",
    "latitude",
    "longitude",
    "heading",
    "taken",
    "wikidata",
    "digital_source_type",
]
"""The fields of an image that a list can contain."""


def images(body: bytes, name: str, columns: Mapping[Field, str]) -> Iterator[FacadeImage]:
    """Yield the images of the list `name` in its order. Rows without a URL are skipped.

    Args:
        columns: field to column, where the names differ. By default a field is in the column of its name, and
            `image_url` in `url`. Tags are a list, or a text separated by ";". A text file has one URL per line.

    Raises:
        ValueError: the list cannot be read, or lacks a column.
    """
    wanted: dict[Field, str] = {field: field for field in get_args(Field)} | {"image_url": "url"} | dict(columns)
    found, rows = _read(body, name)
    if missing := sorted({wanted["image_url"], *columns.values()} - set(found)):
        raise ValueError(f"{name}: found the columns {', '.join(found) or '(none)'}, expected {', '.join(missing)}")
    for row in rows:
        values = {field: row.get(column) for field, column in wanted.items()}
        tags = values.pop("tags")
        texts = {field: "" if value is None else str(value).strip() for field, value in values.items()}
        if texts["image_url"]:
            yield FacadeImage(
                **texts, tags=tuple(map(str, tags if isinstance(tags, list) else str(tags or "").split(";")))
            )


def _read(body: bytes, name: str) -> tuple[list[str], Iterator[dict[str, object]]]:
    """Return the names of the columns, and the rows."""
    if body.startswith(b"PAR1"):
        file = pq.ParquetFile(io.BytesIO(body))
        return file.schema_arrow.names, (row for batch in file.iter_batches() for row in batch.to_pylist())
    text = io.StringIO(body.decode("utf-8-sig"), newline="")
    if name.endswith((".csv", ".tsv")):
        table = csv.DictReader(text, delimiter="\t" if name.endswith(".tsv") else ",")
        return list(table.fieldnames or ()), iter(table)
    return ["url"], ({"url": line} for line in text)
