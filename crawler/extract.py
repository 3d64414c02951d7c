"""Replay the archive of a source offline, and write the table of its images."""

import time
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from common.errors import UserError
from common.files import write_table
from common.formats import sniff
from common.progress import Progress
from common.published import public_url
from crawler.archive.fetches import Fetch, read, read_headers
from crawler.archive.reader import INDEX_FILE
from crawler.archive.schemas import IMAGES, FacadeImage
from crawler.kind import SourceParams
from crawler.metadata.merge import place_date_and_kind
from crawler.registry import kind
from crawler.replay import replay
from crawler.rights import licenses, tdmrep, xmp
from crawler.rights.finding import Verdict
from crawler.spider import FacadeSpider

BATCH = 4096  # rows that are in memory as Python objects at a time


def extract(entry: SourceParams, archive: Path, out: Path, progress: Progress) -> None:
    """Write the table `crawler.archive.schemas.IMAGES` of a finished `archive` to `out`.

    One row per image that a page links to and whose body is in the archive. The bytes are not decoded here; `prepare`
    does that. The same content gives the same table, whatever the order in which it was fetched.

    Raises:
        UserError: `archive` is not a finished archive.
    """
    if not (archive / INDEX_FILE).is_file():
        raise UserError(f"{archive}: found no {INDEX_FILE}, expected a finished archive; crawl the source first")
    found: dict[str, dict[FacadeImage, Fetch]] = {}
    chosen = kind(entry.kind)
    stored = (
        replay(chosen(params=entry), archive) if issubclass(chosen, FacadeSpider) else chosen.replay(entry, archive)
    )
    for image, fetch in stored:
        found.setdefault(fetch.sha256, {})[_tidy(image)] = fetch
    in_file_order = sorted(
        found.values(), key=lambda images: min((fetch.file, fetch.offset) for fetch in images.values())
    )
    batches = []
    started = shown = time.monotonic()
    for done in range(0, len(in_file_order), BATCH):
        rows = []
        for images in in_file_order[done : done + BATCH]:
            rows.append(_row(archive, images))
            if time.monotonic() - shown >= 0.1:
                shown = time.monotonic()
                progress(done + len(rows), len(found), f"{(done + len(rows)) / (shown - started):.0f}/s")
        batches.append(pa.RecordBatch.from_pylist(rows, schema=IMAGES))
    write_table(pa.Table.from_batches(batches, schema=IMAGES).sort_by("sha256"), out)
    progress(len(found), len(found), "")


def _row(archive: Path, images: dict[FacadeImage, Fetch]) -> dict[str, Any]:
    """Return the row of one image, described by the page that states the strictest licence.

    Which of two publishers may license the bytes cannot be seen from them, so a permission of one does not outweigh
    a reservation of another. A page that states nothing of rights contradicts none.
    """
    chosen, *others = sorted(images, key=_rank)
    fetch = images[chosen]
    body = read(archive, fetch)[1]
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
        "license_url": licenses.url_of(license_id) or public_url(chosen.license_url),
        "attribution": licenses.attribution(chosen.title, chosen.author, license_id, page_url),
        "tags": list(chosen.tags),
        **place_date_and_kind([chosen, *others], body),
        "opt_out": _reserved(archive, images, body),
        "others": [{"image_url": image, "page_url": page} for image, page in places],
    }


def _rank(image: FacadeImage) -> tuple[bool, int, str, str, FacadeImage]:
    statement = image.license, image.license_url
    openness = licenses.openness(licenses.normalise(*statement))
    return not licenses.states(*statement), -openness, image.image_url, image.page_url, image


def _reserved(archive: Path, images: dict[FacadeImage, Fetch], body: bytes) -> str:
    """Return the reservation in the headers of any of these responses, or in the image."""
    stated = [tdmrep.read(_reservations(read_headers(archive, fetch))) for fetch in images.values()]
    found = [(one.verdict, one.value) for one in stated] + [xmp.read(body)]
    return next((value for verdict, value in found if verdict is Verdict.RESERVED), "")


def _reservations(headers: bytes) -> list[str]:
    lines = [line.partition(b":") for line in headers.split(b"\r\n")]
    return [value.decode("latin-1") for name, _, value in lines if name.strip().lower() == b"tdm-reservation"]


def _tidy(image: FacadeImage) -> FacadeImage:
    return replace(
        image,
        title=_line(image.title),
        author=_line(image.author),
        license_url=image.license_url if image.license_url.startswith(("http://", "https://")) else "",
        tags=tuple(sorted({tag for tag in map(_line, image.tags) if tag})),
    )


def _line(text: str) -> str:
    """Return `text` on one line, without control characters and bidirectional marks."""
    spaced = " ".join(text.split())
    return "".join(char for char in spaced if unicodedata.category(char) != "Cc" and char not in _TURNING)


_TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
