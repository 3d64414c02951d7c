"""Replay the archive of a source offline, and write the table of its images."""

import time
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa

from common.errors import UserError
from common.files import write_table
from common.formats import sniff
from common.progress import Progress
from common.published import public_url
from common.safe_text import web_url
from crawler.archive.fetches import Fetch, Key, read, read_fetches, read_headers
from crawler.archive.host_files import HostFiles
from crawler.archive.reader import INDEX_FILE
from crawler.archive.schemas import HOST_FILES, IMAGES, FacadeImage
from crawler.evidence import ArchivedSignals
from crawler.kind import SourceParams, StoredImage
from crawler.metadata.merge import place_date_and_kind
from crawler.registry import kind
from crawler.replay import replay
from crawler.rights import licenses
from crawler.rights.reservation import describe, missing, reservation
from crawler.signal_table import SignalTable
from crawler.spider import FacadeSpider

Sightings: TypeAlias = dict[FacadeImage, tuple[Fetch, list[Fetch]]]
"""What pages say of an image, each with the fetch of its bytes and those of the pages that say it."""

BATCH = 4096  # rows that are in memory as Python objects at a time


def extract(
    entry: SourceParams,
    archive: Path,
    out: Path,
    progress: Progress,
    *,
    signals: Path | None = None,
    ai_crawlers: bool = False,
) -> None:
    """Write the image table of a finished archive, and the table of its signals of reserved use.

    One row per image that a page links to and whose body is in the archive. The bytes are not decoded here; `prepare`
    does that. The same content gives the same image table, whatever the order in which it was fetched.

    Args:
        entry: the entry of the source.
        archive: the folder of the archive.
        out: the image table to write (`crawler.archive.schemas.IMAGES`).
        progress: called with the number of images so far.
        signals: the table of signals to write (`crawler.archive.schemas.SIGNALS`); none if not given.
        ai_crawlers: whether robots.txt reserves a URL that it disallows for a known AI crawler.

    Raises:
        UserError: `archive` is not a finished archive.
    """
    if not (archive / INDEX_FILE).is_file():
        raise UserError(f"{archive}: found no {INDEX_FILE}, expected a finished archive; crawl the source first")
    host_files: list[Fetch] = []
    fetches: dict[Key, Fetch] = {}
    for fetch in read_fetches(archive):
        fetches[fetch.key] = fetch
        if fetch.role in HOST_FILES:
            host_files.append(fetch)
    reader = ArchivedSignals(archive, fetches, HostFiles(archive, host_files), ai_crawlers=ai_crawlers)
    table = SignalTable()
    found: dict[str, Sightings] = {}
    for image, fetch, page in _stored(entry, archive, fetches):
        _, pages = found.setdefault(fetch.sha256, {}).setdefault(_tidy(image), (fetch, []))
        if page and page not in pages:
            pages.append(page)
    in_file_order = sorted(found.values(), key=lambda images: min((one.file, one.offset) for one, _ in images.values()))
    batches = []
    started = shown = time.monotonic()
    for done in range(0, len(in_file_order), BATCH):
        rows = []
        for images in in_file_order[done : done + BATCH]:
            rows.append(_row(archive, images, reader, table))
            if time.monotonic() - shown >= 0.1:
                shown = time.monotonic()
                progress(done + len(rows), len(found), f"{(done + len(rows)) / (shown - started):.0f}/s")
        batches.append(pa.RecordBatch.from_pylist(rows, schema=IMAGES))
    if signals:
        table.write(signals)
    write_table(pa.Table.from_batches(batches, schema=IMAGES).sort_by("sha256"), out)
    progress(len(found), len(found), "")


def _stored(entry: SourceParams, archive: Path, fetches: Mapping[Key, Fetch]) -> Iterator[StoredImage]:
    chosen = kind(entry.kind)
    if issubclass(chosen, FacadeSpider):
        return replay(chosen(params=entry), archive, fetches)
    return chosen.replay(entry, archive, fetches)


def _row(archive: Path, images: Sightings, reader: ArchivedSignals, table: SignalTable) -> dict[str, Any]:
    """Return the row of one image, described by the page that states the strictest licence; add its signals to `table`.

    Which of two publishers may license the bytes cannot be seen from them, so a permission of one does not outweigh
    a reservation of another. A page that states nothing of rights contradicts none.
    """
    chosen, *others = sorted(images, key=_rank)
    fetch, _ = images[chosen]
    headers, body = read(archive, fetch)
    evidence = [
        one
        for image, (own, pages) in images.items()
        for one in reader.of(image, own, pages, headers if own == fetch else read_headers(archive, own), body)
    ]
    table.add(fetch.sha256, evidence)
    findings = [finding for one in evidence for finding in one.findings]
    reserved = reservation(findings)
    license_id = licenses.normalise(chosen.license, chosen.license_url)
    page_url = public_url(chosen.page_url)  # the archive keeps the credentials, tables are published
    places = dict.fromkeys((public_url(other.image_url), public_url(other.page_url)) for other in others)
    return {
        "sha256": fetch.sha256,
        "format": sniff(body),
        "nbytes": fetch.length,
        "image_url": public_url(chosen.image_url),
        "page_url": page_url,
        "title": chosen.title,
        "author": chosen.author,
        "license": license_id,
        "license_url": licenses.url_of(license_id) or public_url(web_url(chosen.license_url)),
        "attribution": licenses.attribution(chosen.title, chosen.author, license_id, page_url),
        "tags": list(chosen.tags),
        **place_date_and_kind([chosen, *others], body),
        "opt_out": describe(reserved) if reserved else "",
        "signals_missing": missing(findings),
        "others": [{"image_url": image, "page_url": page} for image, page in places],
    }


def _rank(image: FacadeImage) -> tuple[bool, int, str, str, FacadeImage]:
    statement = image.license, image.license_url
    openness = licenses.openness(licenses.normalise(*statement))
    return not licenses.states(*statement), -openness, image.image_url, image.page_url, image


def _tidy(image: FacadeImage) -> FacadeImage:
    return replace(
        image,
        title=_line(image.title),
        author=_line(image.author),
        tags=tuple(sorted({tag for tag in map(_line, image.tags) if tag})),
    )


def _line(text: str) -> str:
    """Return `text` on one line, without control characters and bidirectional marks."""
    spaced = " ".join(text.split())
    return "".join(char for char in spaced if unicodedata.category(char) != "Cc" and char not in _TURNING)


_TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
