"""A list of images as people keep them: a text file of URLs, a CSV or TSV, a Parquet file."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Literal, get_args

import pyarrow.parquet as pq

from crawler.archive.schemas import FacadeImage

Field = Literal["image_url", "page_url", "title", "author", "license", "license_url", "tags"]
"""What a list can say of an image."""


def images(body: bytes, name: str, columns: Mapping[Field, str]) -> Iterator[FacadeImage]:
    """The images of the list `name`, in its order. A line without a URL is passed over.

    `columns` are the columns of some fields; the others are in columns of their own names, `image_url` in `url`. Tags
    are a list, or a text with ";" between them. A text file has a URL a line and nothing else.

    Raises:
        ValueError: it cannot be read, or lacks a column.
    """
    wanted: dict[Field, str] = {field: field for field in get_args(Field)} | {"image_url": "url"} | dict(columns)
    found, rows = _read(body, name)
    if missing := sorted({wanted["image_url"], *columns.values()} - set(found)):
        raise ValueError(f"{name}: found the columns {', '.join(found) or '(none)'}, expected {', '.join(missing)}")
    for row in rows:
        said = {field: row.get(column) for field, column in wanted.items()}
        tags = said.pop("tags")
        texts = {field: "" if value is None else str(value).strip() for field, value in said.items()}
        if texts["image_url"]:
            yield FacadeImage(
                **texts, tags=tuple(map(str, tags if isinstance(tags, list) else str(tags or "").split(";")))
            )


def _read(body: bytes, name: str) -> tuple[list[str], Iterator[dict[str, object]]]:
    """The names of the columns, and the rows."""
    if body.startswith(b"PAR1"):
        file = pq.ParquetFile(io.BytesIO(body))
        return file.schema_arrow.names, (row for batch in file.iter_batches() for row in batch.to_pylist())
    text = io.StringIO(body.decode("utf-8-sig"), newline="")
    if name.endswith((".csv", ".tsv")):
        table = csv.DictReader(text, delimiter="\t" if name.endswith(".tsv") else ",")
        return list(table.fieldnames or ()), iter(table)
    return ["url"], ({"url": line} for line in text)
