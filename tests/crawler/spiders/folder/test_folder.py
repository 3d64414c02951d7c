"""Existing sets of images: folders and archives, honest and evil."""

import bz2
import gzip
import io
import json
import os
import tarfile
import zipfile
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from common.errors import UserError
from crawler.crawl import Folders, crawl
from crawler.extract import extract
from crawler.registry import Entry
from crawler.settings import CrawlSettings, Limits
from crawler.spiders.folder.members import members
from tests.crawler.metadata.test_exif import NORTH_WEST, picture

JPEG = b"\xff\xd8\xff\xe0"
FILES = {
    "gothic/a.jpg": JPEG + b"a",
    "gothic/deep/b c#1.jpg": JPEG + b"b",
    "Über/ß.png": b"\x89PNG\r\n\x1a\n",
    "copy of a.jpg": JPEG + b"a",
    "notes.txt": b"no image",
    "empty.jpg": b"",
}
JUNK = {".DS_Store": b"x", "gothic/Thumbs.db": b"x", "__MACOSX/._a.jpg": b"x", ".git/config": b"x"}
METADATA = """file,title,author,license,license_url,page_url,tags,url
gothic/a.jpg,"A, first",Ada,CC BY 4.0,,http://example.org/a,tower; door,http://example.org/a.jpg
./notes.txt,,,,,,,
missing.jpg,Nobody,,,,,,
"""


def folder(root):
    for name, body in (FILES | JUNK).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(body)
    return root


def zipped(path, files=None):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, body in (FILES | JUNK if files is None else files).items():
            packed.writestr(name, body)
    return path


def tarred(path, mode="w:gz", members=None):
    with tarfile.open(path, mode) as packed:
        for member in members or [file(name, body) for name, body in (FILES | JUNK).items()]:
            packed.addfile(*member)
    return path


def file(name, body=b"", **more):
    info = tarfile.TarInfo(name)
    info.size = len(body)
    for key, value in more.items():
        setattr(info, key, value)
    return info, io.BytesIO(body)


PACKINGS = {
    "folder": lambda root: folder(root / "set"),
    "zip": lambda root: zipped(root / "set.zip"),
    "tar": lambda root: tarred(root / "set.tar", "w"),
    "tar.gz": lambda root: tarred(root / "set.tar.gz", "w:gz"),
    "tar.bz2": lambda root: tarred(root / "set.tar.bz2", "w:bz2"),
    "tar.xz": lambda root: tarred(root / "set.tar.xz", "w:xz"),
    "tgz by another name": lambda root: tarred(root / "set.dat", "w:gz"),
}


def take(tmp_path, path, settings=None, **params):
    entry = TypeAdapter(Entry).validate_json(json.dumps({"kind": "folder", "path": str(path), **params}), strict=True)
    work, archive, out = tmp_path / "work", tmp_path / "archive", tmp_path / "images.parquet"
    crawl("set", entry, settings or CrawlSettings(), Folders(archive, work), lambda *_: None)
    extract(entry, archive, out, lambda *_: None)
    return out


def table(out):
    import pyarrow.parquet as pq

    return pq.read_table(out).to_pandas().set_index("image_url")


@pytest.mark.parametrize("packing", PACKINGS)
def test_the_same_files_give_the_same_table_however_they_are_packed(tmp_path, packing):
    of_folder = take(tmp_path / "a", folder(tmp_path / "plain"), license="CC0", author="Somebody")
    (tmp_path / packing).mkdir()
    packed = take(tmp_path / "b", PACKINGS[packing](tmp_path / packing), license="CC0", author="Somebody")
    assert packed.read_bytes() == of_folder.read_bytes()
    rows = table(packed)
    assert set(rows.index) == {
        "folder://set/copy%20of%20a.jpg",
        "folder://set/gothic/deep/b%20c%231.jpg",
        "folder://set/%C3%9Cber/%C3%9F.png",
        "folder://set/notes.txt",
        "folder://set/empty.jpg",
    }
    same = rows.loc["folder://set/copy%20of%20a.jpg"]
    assert [other["image_url"] for other in same.others] == ["folder://set/gothic/a.jpg"]
    assert list(rows.loc["folder://set/gothic/deep/b%20c%231.jpg"].tags) == ["deep", "gothic"]
    assert dict(rows.format) == {
        "folder://set/copy%20of%20a.jpg": "jpeg",
        "folder://set/gothic/deep/b%20c%231.jpg": "jpeg",
        "folder://set/%C3%9Cber/%C3%9F.png": "png",
        "folder://set/notes.txt": "unknown",
        "folder://set/empty.jpg": "empty",
    }
    assert set(rows.license) == {"CC0-1.0"}
    assert set(rows.author) == {"Somebody"}


@pytest.mark.parametrize("where", ["inside", "beside"])
def test_a_csv_describes_the_files(tmp_path, where, caplog):
    root = folder(tmp_path / "set")
    (root if where == "inside" else tmp_path).joinpath("about.csv").write_text(METADATA, encoding="utf-8-sig")
    rows = table(take(tmp_path, root, license="CC BY-SA 3.0", author="Somebody", metadata="about.csv"))
    assert "folder://set/about.csv" not in rows.index
    row = rows.loc["http://example.org/a.jpg"]
    assert (row.title, row.author, row.license, row.page_url) == (
        "A, first",
        "Ada",
        "CC-BY-4.0",
        "http://example.org/a",
    )
    assert list(row.tags) == ["door", "gothic", "tower"]
    other = rows.loc["folder://set/notes.txt"]
    assert (other.author, other.license) == ("Somebody", "CC-BY-SA-3.0")
    assert "names 1 missing files, the first is 'missing.jpg'" in caplog.text


def test_a_file_has_its_place_and_date_from_the_csv_else_from_exif(tmp_path):
    root = tmp_path / "set"
    root.mkdir()
    (root / "a.jpg").write_bytes(picture(gps=NORTH_WEST, taken="1998:05:24 16:23:02"))
    (root / "b.jpg").write_bytes(picture("JPEG", NORTH_WEST, "1998:05:24 16:23:02", quality=50))
    (root / "c.jpg").write_bytes(b"no EXIF")
    (root / "about.csv").write_text("file,latitude,longitude,taken,wikidata\nb.jpg,-33.8,151.2,1905,Q243\n")
    rows = table(take(tmp_path, root, metadata="about.csv"))
    found = rows.loc["folder://set/a.jpg"]
    assert (found.latitude, found.longitude, found.heading, found.taken) == (48.8581944, -2.2944444, 90.5, "1998-05-24")
    found = rows.loc["folder://set/b.jpg"]
    assert (found.latitude, found.longitude, found.taken, found.wikidata) == (-33.8, 151.2, "1905", "Q243")
    assert rows.loc["folder://set/c.jpg"][["latitude", "taken", "wikidata"]].isna().all()


def test_a_licence_in_the_column_of_addresses_counts(tmp_path):
    root = folder(tmp_path / "set")
    (root / "about.csv").write_text(
        "file,license,license_url\nnotes.txt,CC BY 4.0,CC BY-NC 4.0\nempty.jpg,CC0,/terms\n"
    )
    rows = table(take(tmp_path, root, metadata="about.csv"))
    assert rows.license["folder://set/notes.txt"] == "CC-BY-NC-4.0"
    assert rows.license["folder://set/empty.jpg"] == "CC0-1.0"
    assert rows.license_url["folder://set/gothic/deep/b%20c%231.jpg"] == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"name,title\na.jpg,x\n", "found the columns name, title; expected one called file"),
        (b"file\na.jpg\na.jpg\n", "about.csv:3: 'a.jpg' occurs twice"),
        (b"file\n\xff\xfe\n", "expected CSV in UTF-8"),
        (None, "metadata: about.csv is neither in"),
    ],
)
def test_a_mistake_in_the_csv_is_reported(tmp_path, text, said):
    root = folder(tmp_path / "set")
    if text is not None:
        (root / "about.csv").write_bytes(text)
    with pytest.raises(UserError, match=said):
        take(tmp_path, root, metadata="about.csv")


def link(name, target, kind):
    return file(name, type=kind, linkname=target)


EVIL_TARS = {
    "up and out": [file("../evil.jpg", b"x")],
    "deep up and out": [file("a/../../evil.jpg", b"x")],
    "absolute": [file("/etc/evil.jpg", b"x")],
    "symlink": [link("evil.jpg", "/etc/passwd", tarfile.SYMTYPE)],
    "hard link": [link("evil.jpg", "../../etc/passwd", tarfile.LNKTYPE)],
    "device": [link("evil.jpg", "", tarfile.CHRTYPE)],
    "fifo": [link("evil.jpg", "", tarfile.FIFOTYPE)],
    "twice": [file("evil.jpg", b"x"), file("evil.jpg", b"y")],
}


@pytest.mark.parametrize("trick", EVIL_TARS)
def test_an_evil_tar_is_refused_by_the_name_of_its_member(tmp_path, trick):
    path = tarred(tmp_path / "evil.tar.gz", members=[file("good.jpg", JPEG), *EVIL_TARS[trick]])
    with pytest.raises(UserError, match=r"evil\.tar\.gz: member .*evil\.jpg"):
        take(tmp_path, path)
    assert not (tmp_path / "archive").exists()
    assert not list(tmp_path.rglob("evil.jpg"))


def zip_link(path):
    with zipfile.ZipFile(path, "w") as packed:
        info = zipfile.ZipInfo("evil.jpg")
        info.external_attr = 0o120777 << 16
        packed.writestr(info, "/etc/passwd")


def zip_encrypted(path):
    zipped(path, {"evil.jpg": b"x"})
    body = bytearray(path.read_bytes())
    body[body.index(b"PK\x03\x04") + 6] |= 1
    body[body.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(body)


EVIL_ZIPS = {
    "up and out": lambda path: zipped(path, {"../evil.jpg": b"x"}),
    "backslashes": lambda path: zipped(path, {"a\\..\\..\\evil.jpg": b"x"}),
    "absolute": lambda path: zipped(path, {"/evil.jpg": b"x"}),
    "drive": lambda path: zipped(path, {"C:/evil.jpg": b"x"}),
    "symlink": zip_link,
    "encrypted": zip_encrypted,
}


@pytest.mark.parametrize("trick", EVIL_ZIPS)
def test_an_evil_zip_is_refused_by_the_name_of_its_member(tmp_path, trick):
    EVIL_ZIPS[trick](tmp_path / "evil.zip")
    with pytest.raises(UserError, match=r"evil\.zip: member .*evil\.jpg"):
        take(tmp_path, tmp_path / "evil.zip")
    assert not (tmp_path / "archive").exists()


@pytest.mark.parametrize("packing", ["zip", "tar.gz", "tar.bz2", "tar.xz", "header.tar.gz"])
def test_an_archive_bomb_is_refused_before_it_is_unpacked(tmp_path, packing, monkeypatch):
    monkeypatch.setattr("crawler.spiders.folder.members.FLOOR", 1 << 20)
    path, zeros = tmp_path / f"bomb.{packing}", bytes(40 << 20)
    if packing == "zip":
        zipped(path, {"good.jpg": JPEG, "bomb.jpg": zeros})
    elif packing == "header.tar.gz":  # the bomb is in a member's extended header, which tarfile reads by itself
        tarred(path, members=[file("bomb.jpg", JPEG, pax_headers={"comment": "0" * (40 << 20)})])
    else:
        tarred(path, f"w:{packing.split('.')[-1]}", [file("good.jpg", JPEG), file("bomb.jpg", zeros)])
    with pytest.raises(UserError, match="expected no archive bomb"):
        take(tmp_path, path)


@pytest.mark.parametrize("packing", ["zip", "tar.gz", "tar.xz", "tar"])
def test_a_damaged_archive_is_an_error_of_one_line(tmp_path, packing):
    path = PACKINGS[packing](tmp_path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UserError, match=f"{path.name}: damaged at"):
        list(members(path))


@pytest.mark.parametrize(
    "body", [b"", b"hello", gzip.compress(b"hello", mtime=0), bz2.compress(b"hello"), b"PK\x03\x04junk"]
)
def test_a_file_that_is_no_archive_is_an_error_of_one_line(tmp_path, body):
    path = tmp_path / "set"
    path.write_bytes(body)
    with pytest.raises(UserError, match=r"expected a folder, a \.zip or a \.tar"):
        take(tmp_path, path)


def test_a_missing_path_is_row_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file or folder"):
        take(tmp_path, tmp_path / "nowhere")


def test_a_link_in_a_folder_is_refused_by_name(tmp_path: Path) -> None:
    root = folder(tmp_path / "set")
    (root / "evil.jpg").symlink_to("/etc/passwd")
    with pytest.raises(UserError, match=r"'evil\.jpg' is a link"):
        take(tmp_path, root)


def test_a_name_that_is_no_text_survives(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    with open(os.fsencode(tmp_path / "set") + b"/caf\xe9.jpg", "wb") as written:  # noqa: PTH123  # a name of bytes
        written.write(JPEG)
    assert list(table(take(tmp_path, tmp_path / "set")).index) == ["folder://set/caf%E9.jpg"]


def test_a_file_over_the_limit_has_its_row(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    root = folder(tmp_path / "set")
    (root / "big.jpg").write_bytes(JPEG + bytes(5000))
    rows = table(take(tmp_path, root, CrawlSettings(limits=Limits(max_bytes=1000))))
    assert "folder://set/big.jpg" not in rows.index
    fetches = pq.read_table(tmp_path / "archive" / "fetches.parquet").to_pandas().set_index("url")
    assert fetches.loc["folder://set/big.jpg"].outcome == "too_large"
    assert fetches.loc["folder://set/empty.jpg"].outcome == "stored"
