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
from common.safe_text import one_line
from crawler import crawl, extract
from crawler.archive.failures import failed_downloads
from crawler.archive.reader import ArchiveReader
from curate.decode import decode
from pipelines import params

THUMBNAIL = 240  # px; longer side


@dataclass(frozen=True, slots=True)
class TrialImage:
    """One image of the trial, as text to show."""

    title: str
    size: str  # width × height and kilobytes, or why the file does not decode
    license: str
    author: str
    page_url: str
    image_url: str
    thumbnail: str  # a data: URL; empty if the file does not decode


def run(entry: Mapping[str, Any], limit: int, quiet: bool) -> None:
    """Crawl some images of an entry, print their metadata, and write a contact sheet to a temporary folder.

    Args:
        entry: a source as in params.yaml, its `kind` included.
        limit: number of images.
        quiet: print progress as lines instead of a bar.

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
            crawl.crawl(name, source, settings.crawl, crawl.Folders(archive, folder / "work"), report)
        extract.extract(source, archive=archive, out=table, progress=lambda *_: None)
        images = _images(table, archive, limit)
        failures = failed_downloads(archive).select(["url", "detail"]).to_pylist()
    finally:
        shutil.rmtree(archive, ignore_errors=True)
        shutil.rmtree(folder / "work", ignore_errors=True)
        table.unlink(missing_ok=True)
        if not any(folder.iterdir()):
            folder.rmdir()
    console = Console()
    _print(console, images)
    for failure in failures:
        console.print(Text(f"not fetched: {failure['url']}: {failure['detail']}", "yellow"), soft_wrap=True)
    folder.mkdir(exist_ok=True)
    sheet = folder / "contact.html"
    template = environment("pipelines.sources").get_template("trial.html.j2")
    sheet.write_text(template.render(entry=entry, images=images), encoding="utf-8")
    console.print(f"contact sheet: {sheet}", soft_wrap=True)
    if not images:
        console.print("no image was found; inspect the pages with `scrapy shell URL`, or set selectors")


def _images(table: Path, archive: Path, limit: int) -> list[TrialImage]:
    reader = ArchiveReader(archive)
    rows = sorted(pq.read_table(table).to_pylist(), key=lambda row: (row["page_url"], row["image_url"]))
    return [_trial_image(row, reader.get(row["sha256"])) for row in rows[:limit]]


def _trial_image(row: Mapping[str, Any], body: bytes) -> TrialImage:
    picture = decode(body, THUMBNAIL)
    fields = {key: one_line(row[key]) for key in ("title", "license", "author")}
    fields |= {key: row[key] for key in ("page_url", "image_url")}
    if isinstance(picture, str):
        return TrialImage(**fields, size=f"{row['format']}: {picture}", thumbnail="")
    image = ImageOps.contain(picture.rgb, (THUMBNAIL, THUMBNAIL))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    data = base64.b64encode(buffer.getvalue()).decode()
    size = f"{picture.width}×{picture.height}, {row['nbytes'] / 1e3:.0f} KB"
    return TrialImage(**fields, size=size, thumbnail=f"data:image/jpeg;base64,{data}")


def _print(console: Console, images: list[TrialImage]) -> None:
    """Print a table of 80 columns, and below each row the whole URL of the page."""
    table = "{:<30.30}  {:<18.18}  {:<14.14}  {:.14}"
    console.print(Text(table.format("title", "size", "licence", "author"), "bold"), soft_wrap=True)
    for image in images:
        console.print(Text(table.format(image.title, image.size, image.license, image.author)), soft_wrap=True)
        console.print(Text(f"  {image.page_url}", "dim"), soft_wrap=True)
