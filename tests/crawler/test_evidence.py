"""Signals that are found in archives: also in those that were written before anything looked for them."""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pydantic import TypeAdapter
from warcio.archiveiterator import ArchiveIterator

from crawler.archive.fetches import NOT_HELD, Fetch
from crawler.archive.schemas import IMAGES, SIGNALS, Outcome, Role
from crawler.archive.tables import write_tables
from crawler.archive.writer import ArchiveWriter, Exchange
from crawler.extract import extract
from crawler.registry import Entry
from crawler.rights.finding import Place, Signal, Verdict

SITE = "http://example.org"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
JPEG = b"\xff\xd8\xff\xe0"

Row = Mapping[str, Any]


@dataclass
class OldArchive:
    """An archive as it was written when tdmrep.json was not asked for, and only X-Robots-Tag was read."""

    folder: Path
    writer: ArchiveWriter = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.writer = ArchiveWriter(self.folder, {"software": "facades"})

    def add(
        self,
        url: str,
        body: bytes = b"",
        role: Role = Role.IMAGE,
        *headers: tuple[str, str],
        at: datetime = NOON,
        status: int = 200,
        detail: str = "",
        final_url: str = "",
    ) -> None:
        """Add the fetch of a URL, in the order of the calls."""
        url = url if "://" in url else SITE + url
        outcome = Outcome.STORED if status == 200 else Outcome.HTTP_ERROR
        end = Fetch(url, role, outcome, at, at, status=status, final_url=final_url or url, detail=detail)
        kind = {Role.PAGE: "text/html; charset=utf-8", Role.IMAGE: "image/jpeg"}.get(role, "text/plain")
        headers = (("Content-Type", kind), *headers)
        self.writer.end(end, Exchange(end.final_url, "GET", (), f"{status} Anything", headers, body))

    def page(self, path: str, *images: str, head: str = "", **more: Any) -> None:
        links = "".join(f'<img src="{image}">' for image in images)
        self.add(path, f"<html><head>{head}</head><body>{links}</body></html>".encode(), Role.PAGE, **more)

    def extract(self, *starts: str, ai_crawlers: bool = False) -> tuple[dict[str, Row], list[Row]]:
        """Return the rows of the image table by image URL, and those of the table of signals."""
        self.writer.close()
        write_tables(self.folder)
        start = [SITE + start for start in starts or ("/",)]
        entry = TypeAdapter(Entry).validate_python({"kind": "site", "start": start, "limit": 10_000})
        images, signals = self.folder.with_suffix(".images"), self.folder.with_suffix(".signals")
        extract(entry, self.folder, images, lambda *_: None, signals=signals, ai_crawlers=ai_crawlers)
        assert (pq.read_schema(images), pq.read_schema(signals)) == (IMAGES, SIGNALS)
        rows: list[Row] = pq.read_table(signals).to_pylist()
        return {row["image_url"].removeprefix(SITE): row for row in pq.read_table(images).to_pylist()}, rows


@pytest.fixture
def archive(tmp_path: Path) -> OldArchive:
    return OldArchive(tmp_path / "archive")


def of(rows: list[Row], signal: Signal, place: Place) -> list[tuple[str, str]]:
    return [(row["verdict"], row["value"]) for row in rows if (row["signal"], row["place"]) == (signal, place)]


def test_signals_that_were_not_understood_at_the_crawl_are_found_afterwards(archive: OldArchive) -> None:
    """Every one of these pictures was kept by the version that wrote such archives."""
    archive.add("/robots.txt", b"User-agent: *\nContent-Usage: /usage train-ai=n\n", Role.ROBOTS)
    archive.page("/", "/header.jpg", "/tdm.jpg", "/usage.jpg", "/xmp.jpg", "/free.jpg")
    archive.page("/noai", "/on-noai.jpg", head='<meta name="robots" content="noai, noimageai">')
    archive.add("/header.jpg", JPEG + b"1", Role.IMAGE, ("X-Robots-Tag", "noai, max-snippet:-1"))
    archive.add("/tdm.jpg", JPEG + b"2", Role.IMAGE, ("TDM-Reservation", '"1"'))
    archive.add("/usage.jpg", JPEG + b"3")
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        b'xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/"><rdf:Description><plus:DataMining '
        b'rdf:resource="http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED"/></rdf:Description></rdf:RDF></x:xmpmeta>'
    )
    archive.add("/xmp.jpg", JPEG + xmp)
    archive.add("/free.jpg", JPEG + b"5")
    archive.add("/on-noai.jpg", JPEG + b"6")
    images, rows = archive.extract("/", "/noai")
    assert {url: row["opt_out"].partition(": ")[0] for url, row in images.items()} == {
        "/header.jpg": "x_robots_tag",
        "/tdm.jpg": "tdm_header",
        "/usage.jpg": "content_usage_robots",
        "/xmp.jpg": "xmp_data_mining",
        "/on-noai.jpg": "meta_robots",
        "/free.jpg": "",
    }
    assert set(of(rows, Signal.TDMREP_JSON, Place.HOST)) == {("missing", "")}
    assert all(row["signals_missing"] == ["host tdmrep_json"] for row in images.values())


def test_every_row_names_the_record_that_shows_it(archive: OldArchive) -> None:
    archive.add("/robots.txt", b"User-agent: *\nContent-Signal: ai-train=no\n", Role.ROBOTS)
    archive.page("/", "/1.jpg", head='<meta name="robots" content="noai">')
    archive.add("/1.jpg", JPEG, Role.IMAGE, ("TDM-Reservation", "1"))
    _, rows = archive.extract()
    shown = {
        (Signal.CONTENT_SIGNAL, Place.HOST): ("/robots.txt", b"Content-Signal: ai-train=no"),
        (Signal.META_ROBOTS, Place.PAGE): ("/", b'content="noai"'),
        (Signal.TDM_HEADER, Place.IMAGE): ("/1.jpg", b"TDM-Reservation: 1"),
    }
    reserved = [row for row in rows if row["verdict"] == Verdict.RESERVED]
    assert {(row["signal"], row["place"]) for row in reserved} == set(shown)
    for row in reserved:
        path, words = shown[row["signal"], row["place"]]
        with (archive.folder / row["file"]).open("rb") as file:
            file.seek(row["offset"])
            record = next(iter(ArchiveIterator(file)))
            assert record.rec_headers["WARC-Target-URI"] == SITE + path
            file.seek(row["offset"])
            assert words in file.read(2_000)
    assert all((row["file"] is None) == (row["offset"] is None) == (row["verdict"] == "missing") for row in rows)


def test_robots_txt_counts_as_it_was_when_the_image_was_fetched(archive: OldArchive) -> None:
    closed = b"User-agent: *\nContent-Signal: ai-train=no\n"
    days = [NOON + timedelta(days=day) for day in range(5)]
    archive.add("/robots.txt", b"", Role.ROBOTS, at=days[0])
    archive.page("/", *(f"/{day}.jpg" for day in range(5)), at=days[0])
    archive.add("/1.jpg", JPEG + b"1", at=days[1])
    archive.add("/robots.txt", closed, Role.ROBOTS, at=days[2])
    archive.add("/2.jpg", JPEG + b"2", at=days[2])
    archive.add("/robots.txt", b"", Role.ROBOTS, at=days[3], status=503)
    archive.add("/3.jpg", JPEG + b"3", at=days[3])
    archive.add("/robots.txt", b"", Role.ROBOTS, at=days[4], status=404)
    archive.add("/4.jpg", JPEG + b"4", at=days[4])
    images, rows = archive.extract()
    assert {url: bool(row["opt_out"]) for url, row in images.items()} == {
        "/1.jpg": False,
        "/2.jpg": True,
        "/3.jpg": True,
        "/4.jpg": False,
    }
    gone = [row for row in rows if row["image_url"] == f"{SITE}/4.jpg" and row["signal"] == Signal.CONTENT_USAGE_ROBOTS]
    assert {row["verdict"] for row in gone} == {"silent"}, "a host without robots.txt was looked at"


def test_a_file_that_was_fetched_only_later_counts(archive: OldArchive) -> None:
    archive.add("/robots.txt", b"", Role.ROBOTS)
    archive.page("/", "/1.jpg")
    archive.add("/1.jpg", JPEG)
    tdmrep = json.dumps([{"location": "/*.jpg", "tdm-reservation": 1, "tdm-policy": "/policy"}]).encode()
    archive.add("/.well-known/tdmrep.json", tdmrep, Role.TDMREP, at=NOON + timedelta(days=30))
    images, rows = archive.extract()
    assert images["/1.jpg"]["opt_out"].startswith("tdmrep_json: ")
    assert images["/1.jpg"]["signals_missing"] == []
    [row] = [row for row in rows if row["signal"] == Signal.TDMREP_JSON and row["page_url"] is None]
    assert (row["verdict"], row["policy"]) == ("reserved", f"{SITE}/policy")


def test_a_reservation_at_one_of_several_urls_of_the_same_bytes_counts(archive: OldArchive) -> None:
    archive.page("/", "/a.jpg", "/b.jpg")
    archive.page("/c", "/a.jpg", head='<meta name="tdm-reservation" content="1">')
    archive.add("/a.jpg", JPEG)
    archive.add("/b.jpg", JPEG, Role.IMAGE, ("X-Robots-Tag", "noai"))
    images, rows = archive.extract("/", "/c")
    assert [row["opt_out"] for row in images.values()] == ["x_robots_tag: noai"], (
        "the first signal of those that reserve"
    )
    reserved = {(row["image_url"], row["page_url"], row["signal"]) for row in rows if row["verdict"] == "reserved"}
    assert reserved == {
        (f"{SITE}/a.jpg", f"{SITE}/c", "tdm_meta"),
        (f"{SITE}/b.jpg", None, "x_robots_tag"),
    }


def test_blocks_of_ai_crawlers_count_only_if_that_is_asked(archive: OldArchive) -> None:
    archive.add("/robots.txt", b"User-agent: GPTBot\nUser-agent: CCBot\nDisallow: /\n", Role.ROBOTS)
    archive.page("/", "/1.jpg")
    archive.add("/1.jpg", JPEG)
    images, _ = archive.extract()
    assert images["/1.jpg"]["opt_out"] == ""
    images, rows = archive.extract(ai_crawlers=True)
    assert images["/1.jpg"]["opt_out"].startswith("robots_txt_agents: ")
    assert ("reserved", "ccbot, gptbot") in of(rows, Signal.ROBOTS_TXT_AGENTS, Place.HOST)


def test_robots_txt_is_not_applied_to_a_documented_api(archive: OldArchive) -> None:
    archive.add("/robots.txt", b"User-agent: *\nDisallow: /$\n", Role.ROBOTS)
    archive.page("/", "/1.jpg", detail=NOT_HELD)
    archive.add("/1.jpg", JPEG)
    images, rows = archive.extract()
    assert images["/1.jpg"]["opt_out"] == ""
    assert {row["verdict"] for row in rows if row["signal"] == Signal.ROBOTS_TXT and row["page_url"]} == {"missing"}


def test_a_host_that_a_redirect_leads_to_counts_too(archive: OldArchive) -> None:
    archive.page("/", "/1.jpg")
    archive.add("http://cdn.example/robots.txt", b"User-agent: *\nContent-Signal: ai-train=no\n", Role.ROBOTS)
    archive.add("/1.jpg", JPEG, final_url="http://cdn.example/1.jpg")
    images, rows = archive.extract()
    assert images["/1.jpg"]["opt_out"].startswith("content_signal: ")
    assert [row["image_url"] for row in rows if row["verdict"] == "reserved"] == ["http://cdn.example/1.jpg"]


def test_the_order_of_an_archive_changes_neither_verdicts_nor_the_image_table(tmp_path: Path) -> None:
    def calls(one: OldArchive) -> Iterator[Any]:
        yield lambda: one.add("/robots.txt", b"User-agent: *\nContent-Signal: ai-train=no\n", Role.ROBOTS)
        yield lambda: one.page("/", "/a.jpg", "/b.jpg", "/c.jpg")
        yield lambda: one.page("/more", "/a.jpg", "/d.jpg", head='<meta name="robots" content="noai">')
        yield lambda: one.add("/a.jpg", JPEG, Role.IMAGE, ("TDM-Reservation", "1"))
        yield lambda: one.add("/b.jpg", JPEG)
        yield lambda: one.add("/c.jpg", JPEG + b"c", Role.IMAGE, ("Content-Usage", "train-ai=n"))
        yield lambda: one.add("/d.jpg", JPEG + b"d")

    results = set()
    for seed in range(6):
        one = OldArchive(tmp_path / str(seed))
        shuffled = list(calls(one))
        random.Random(seed).shuffle(shuffled)
        for call in shuffled:
            call()
        _, rows = one.extract("/", "/more")
        said = tuple(tuple(value for name, value in row.items() if name not in ("file", "offset")) for row in rows)
        results.add((one.folder.with_suffix(".images").read_bytes(), said))
    assert len(results) == 1


def test_a_table_of_many_images_is_sorted_and_small(tmp_path: Path) -> None:
    one = OldArchive(tmp_path / "archive")
    one.add("/robots.txt", b"User-agent: *\nDisallow: /private/\n", Role.ROBOTS)
    paths = [f"/images/{number:05d}.jpg" for number in range(5_000)]
    one.page("/", *paths)
    for number, path in enumerate(paths):
        one.add(path, JPEG + number.to_bytes(4, "big"))
    images, rows = one.extract()
    keys = [(row["sha256"], row["image_url"], row["page_url"] or "") for row in rows]
    assert keys == sorted(keys)
    assert len({row["sha256"] for row in rows}) == len(images) == len(paths)
    written = pq.ParquetFile(one.folder.with_suffix(".signals"))
    assert written.num_row_groups == 2, "of 4,096 images at most"
    assert one.folder.with_suffix(".signals").stat().st_size < 120 * len(paths)
