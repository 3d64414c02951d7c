"""The table of images of an archive: which URL describes a row, and that the order of fetches never matters."""

import random
import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pydantic import TypeAdapter

import crawler.spiders
from common.errors import UserError
from common.formats import sniff
from crawler.archive.fetches import Fetch
from crawler.archive.schemas import IMAGES, Outcome, Role
from crawler.archive.tables import write_tables
from crawler.archive.writer import ArchiveWriter, Exchange

SITE = "http://example.org"
PAGES = {
    "/": '<a href="/b">b</a><a href="/a">a</a>',
    "/a": '<img src="/one.jpg" license="CC BY-SA 4.0" title=" An\n odd &#x202e;title&#x202c; "><img src="/gone.jpg">',
    "/b": '<img src="/two.jpg" license="CC BY 4.0"><img src="/one.jpg" license="All rights reserved"><a href="/a"></a>',
}
PICTURES = {"/one.jpg": b"\xff\xd8\xffsame", "/two.jpg": b"\xff\xd8\xffsame"}


@pytest.fixture
def plain(monkeypatch):
    """The kind for tests, dropped into the package's folder of kinds."""
    monkeypatch.setattr(crawler.spiders, "__path__", [*crawler.spiders.__path__, str(Path(__file__).parent / "kinds")])
    yield
    for module in ("crawler.registry", "crawler.extract", "crawler.spiders.plain"):
        sys.modules.pop(module, None)


def archive(folder, order):
    now = datetime(2026, 11, 23, tzinfo=UTC)
    writer = ArchiveWriter(folder, {})
    for path in order:
        url, role = SITE + path, Role.PAGE if path in PAGES else Role.IMAGE
        body = PAGES[path].encode() if path in PAGES else PICTURES[path]
        kind = "text/html" if path in PAGES else "image/jpeg"
        writer.end(
            Fetch(url, role, Outcome.STORED, first_at=now, last_at=now, status=200, final_url=url),
            Exchange(url, "GET", (), "200 OK", (("Content-Type", kind),), body),
        )
    url = f"{SITE}/gone.jpg"
    writer.end(Fetch(url, Role.IMAGE, Outcome.HTTP_ERROR, first_at=now, last_at=now, status=404, final_url=url))
    writer.close()
    write_tables(folder)
    return folder


def extracted(folder, out):
    for module in ("crawler.registry", "crawler.extract"):
        sys.modules.pop(module, None)
    from crawler.extract import extract
    from crawler.registry import Entry

    entry = TypeAdapter(Entry).validate_python({"kind": "plain", "url": f"{SITE}/"})
    extract(entry, folder, out, lambda *_: None)
    return out


def test_the_strictest_licence_describes_the_row_and_the_others_are_listed(tmp_path, plain):
    (tmp_path / "archive").mkdir()
    out = extracted(archive(tmp_path / "archive", [*PAGES, *PICTURES]), tmp_path / "images.parquet")
    table = pq.read_table(out)
    assert table.schema == IMAGES
    [row] = table.to_pylist()
    assert (row["image_url"], row["page_url"], row["license"]) == (f"{SITE}/one.jpg", f"{SITE}/b", "InC-1.0")
    assert row["others"] == [
        {"image_url": f"{SITE}/one.jpg", "page_url": f"{SITE}/a"},
        {"image_url": f"{SITE}/two.jpg", "page_url": f"{SITE}/b"},
    ]
    assert (row["format"], row["nbytes"]) == ("jpeg", 7)


@pytest.mark.parametrize(
    ("first", "second", "license_id"),
    [
        ("CC BY 4.0", "", "CC-BY-4.0"),  # a page that states nothing contradicts nothing
        ("", "CC BY-NC 4.0", "CC-BY-NC-4.0"),
        ("CC0", "CC BY-NC 4.0", "CC-BY-NC-4.0"),
        ("CC BY 4.0", "© Ada", "unknown"),
        ("A mill", "CC BY 4.0", "CC-BY-4.0"),
    ],
)
def test_one_image_on_two_pages_has_the_stricter_licence(tmp_path, plain, monkeypatch, first, second, license_id):
    monkeypatch.setitem(PAGES, "/a", f'<img src="/one.jpg" license="{first}">')
    monkeypatch.setitem(PAGES, "/b", f'<img src="/one.jpg" license="{second}">')
    monkeypatch.delitem(PICTURES, "/two.jpg")
    (tmp_path / "archive").mkdir()
    out = extracted(archive(tmp_path / "archive", [*PAGES, *PICTURES]), tmp_path / "images.parquet")
    assert pq.read_table(out)["license"].to_pylist() == [license_id]


def test_the_order_of_arrival_changes_nothing(tmp_path, plain):
    tables = set()
    for seed in range(5):
        order = [*PAGES, *PICTURES]
        random.Random(seed).shuffle(order)
        folder = tmp_path / str(seed)
        folder.mkdir()
        tables.add(extracted(archive(folder, order), tmp_path / f"{seed}.parquet").read_bytes())
    assert len(tables) == 1


def test_titles_are_one_line_that_turns_nothing_around(tmp_path, plain, monkeypatch):
    monkeypatch.setitem(PAGES, "/b", "<p>no image</p>")
    (tmp_path / "archive").mkdir()
    out = extracted(archive(tmp_path / "archive", [*PAGES, *PICTURES]), tmp_path / "images.parquet")
    titles = {row["image_url"]: row["title"] for row in pq.read_table(out).to_pylist()}
    assert titles[f"{SITE}/one.jpg"] == "An odd title"


def test_pages_that_the_archive_lacks_are_logged(tmp_path, plain, caplog, monkeypatch):
    monkeypatch.setitem(PAGES, "/", PAGES["/"] + '<a href="/new">new</a>')
    order = [*PAGES, *PICTURES]
    (tmp_path / "archive").mkdir()
    extracted(archive(tmp_path / "archive", order), tmp_path / "images.parquet")
    assert "the archive lacks 1 pages that the parser requests now" in caplog.text


def test_a_page_that_cannot_be_parsed_loses_only_that_page(tmp_path, plain, caplog, monkeypatch):
    monkeypatch.setitem(PAGES, "/a", '<img title="without a source">')
    (tmp_path / "archive").mkdir()
    out = extracted(archive(tmp_path / "archive", [*PAGES, *PICTURES]), tmp_path / "images.parquet")
    assert pq.read_table(out).num_rows == 1
    assert f"{SITE}/a: plain cannot parse this page: KeyError('src')" in caplog.text


def test_an_unfinished_archive_is_an_error_of_one_line(tmp_path, plain):
    with pytest.raises(UserError, match="expected a finished archive"):
        extracted(tmp_path, tmp_path / "images.parquet")


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b"", "empty"),
        (b"\xff\xd8\xff\xe1", "jpeg"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"GIF89a", "gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "webp"),
        (b"\x00\x00\x00\x20ftypavif", "avif"),
        (b"\x00\x00\x00\x18ftypheic", "heic"),
        (b"II*\x00", "tiff"),
        (b"\n <!DOCTYPE HTML><p>login", "html"),
        (b"<!-- x --><html>", "html"),
        (b'<?xml version="1.0"?><svg xmlns="x">', "svg"),
        (b"<?xml version='1.0'?><feed>", "xml"),
        (b"%PDF-1.7", "pdf"),
        (b"RIFF\x00\x00\x00\x00WAVE", "unknown"),
        (b"hello", "unknown"),
    ],
)
def test_bytes_are_what_they_begin_with(body, name):
    assert sniff(body) == name
