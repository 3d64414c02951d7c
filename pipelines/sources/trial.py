"""`facades source try`: fetch a few images of a source without changing the project."""

import base64
import io
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from PIL import ImageOps
from rich.console import Console
from rich.text import Text

from common.html import environment
from common.progress import progress
from crawler import crawl, extract
from crawler.archive.fetches import STORED
from crawler.archive.reader import FETCHES_FILE, ArchiveReader
from crawler.archive.schemas import Role
from curate.decode import decode
from pipelines import params

THUMBNAIL = 240  # pixels, the longer side


@dataclass(frozen=True, slots=True)
class Tried:
    """One image of the trial."""

    title: str
    size: str  # width × height and kilobytes, or why it is no picture
    license: str
    author: str
    page_url: str
    image_url: str
    thumbnail: str  # a data: URL; empty where it is no picture


def run(entry: Mapping[str, Any], limit: int, quiet: bool) -> None:
    """Crawl `limit` images of the entry into a temporary folder, print them, leave a contact sheet.

    Raises:
        UserError: the entry is not valid, or nothing could be fetched.
    """
    values = params.read()
    name = f"try-{entry['kind']}"
    settings = params.validated({**values, "sources": {name: dict(entry)}}, "facades source try")
    source = settings.source(name).limited_to(limit)
    folder = Path(tempfile.mkdtemp(prefix=f"facades-{name}-"))
    archive, table = folder / "archive", folder / "images.parquet"
    try:
        with progress(name, "images", bar=not quiet) as report:
            crawl.crawl(name, source, settings.crawl, archive=archive, work=folder / "work", progress=report)
        extract.extract(source, archive=archive, out=table, progress=lambda *_: None)
        images = _images(table, archive, limit)
        failures = _failures(archive)
    finally:
        shutil.rmtree(archive, ignore_errors=True)
        shutil.rmtree(folder / "work", ignore_errors=True)
        table.unlink(missing_ok=True)
        if not any(folder.iterdir()):
            folder.rmdir()
    console = Console()
    _print(console, images)
    for url, detail in failures:
        console.print(Text(f"not fetched: {url}: {detail}", "yellow"), soft_wrap=True)
    folder.mkdir(exist_ok=True)
    sheet = folder / "contact.html"
    sheet.write_text(_sheet(entry, images), encoding="utf-8")
    console.print(f"contact sheet: {sheet}", soft_wrap=True)
    if not images:
        console.print("no image was found; look at the pages with `scrapy shell URL`, or give selectors")


def _images(table: Path, archive: Path, limit: int) -> list[Tried]:
    reader = ArchiveReader(archive)
    rows = sorted(pq.read_table(table).to_pylist(), key=lambda row: (row["page_url"], row["image_url"]))
    return [_tried(row, reader.get(row["sha256"])) for row in rows[:limit]]


def _tried(row: Mapping[str, Any], body: bytes) -> Tried:
    picture = decode(body, THUMBNAIL)
    said = {key: row[key] for key in ("title", "license", "author", "page_url", "image_url")}
    if isinstance(picture, str):
        return Tried(**said, size=f"{row['format']}: {picture}", thumbnail="")
    image = ImageOps.contain(picture.rgb, (THUMBNAIL, THUMBNAIL))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    data = base64.b64encode(buffer.getvalue()).decode()
    size = f"{picture.width}×{picture.height}, {row['nbytes'] / 1e3:.0f} KB"
    return Tried(**said, size=size, thumbnail=f"data:image/jpeg;base64,{data}")


def _failures(archive: Path) -> list[tuple[str, str]]:
    rows = pq.read_table(archive / FETCHES_FILE, columns=["url", "role", "outcome", "detail"]).to_pylist()
    return [(row["url"], row["detail"]) for row in rows if row["outcome"] not in STORED and row["role"] != Role.ROBOTS]


def _print(console: Console, images: list[Tried]) -> None:
    """A table of 80 columns, with each image's page in a line of its own: it must be whole to be of use."""
    table = "{:<30.30}  {:<18.18}  {:<14.14}  {:.14}"
    console.print(Text(table.format("title", "size", "licence", "author"), "bold"), soft_wrap=True)
    for image in images:
        console.print(Text(table.format(image.title, image.size, image.license, image.author)), soft_wrap=True)
        console.print(Text(f"  {image.page_url}", "dim"), soft_wrap=True)


def _sheet(entry: Mapping[str, Any], images: list[Tried]) -> str:
    return environment("pipelines.sources").get_template("trial.html.j2").render(entry=entry, images=images)
