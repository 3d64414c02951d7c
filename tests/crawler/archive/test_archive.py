"""The published reader, and what an archive is: whole records, exact bytes, tables that follow from them."""

import hashlib
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from warcio.archiveiterator import ArchiveIterator

from common.errors import UserError
from crawler.archive import warc
from crawler.archive.fetches import Fetch, latest, read, read_fetches
from crawler.archive.reader import ArchiveReader
from crawler.archive.schemas import FETCHES, INDEX, Outcome, Role
from crawler.archive.tables import write_tables
from crawler.archive.writer import ArchiveWriter, Exchange

NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
BODIES = [f"picture {number % 7} ".encode() * 50 for number in range(10)]


def fetch(number, outcome=Outcome.STORED, **more):
    url = f"http://example.org/{number}.jpg"
    return Fetch(url, Role.IMAGE, outcome, first_at=NOW, last_at=NOW, status=200, final_url=url, **more)


def exchange(number, body=None):
    url = f"http://example.org/{number}.jpg"
    headers = (("Content-Type", "image/jpeg"), ("X-Odd", "naïve"))
    return Exchange(url, "GET", (("Host", "example.org"),), "200 OK", headers, BODIES[number] if body is None else body)


def fill(folder):
    folder.mkdir(exist_ok=True)
    writer = ArchiveWriter(folder, {"software": "facades"})
    for number in range(len(BODIES)):
        writer.end(fetch(number), exchange(number))
    writer.end(replace(fetch(99, Outcome.TIMEOUT), status=None, detail="took\r\nlonger: than 5 s"))
    writer.resource(replace(fetch(0), url="folder://set/a%20b.jpg", status=None), b"resource", "image/jpeg")
    writer.close()
    return folder


@pytest.fixture
def archive(tmp_path):
    folder = fill(tmp_path / "archive")
    write_tables(folder)
    return folder


def digests():
    return sorted({hashlib.sha256(body).hexdigest() for body in [*BODIES, b"resource"]})


def test_gives_the_exact_bytes(archive):
    reader = ArchiveReader(archive, verify=True)
    assert reader.digests() == digests()
    assert len(reader) == 8
    for body in BODIES:
        assert reader.get(hashlib.sha256(body).hexdigest()) == body
    assert digests()[0] in reader
    for absent in ("0" * 64, "f" * 64, "", "zz"):
        assert absent not in reader
        with pytest.raises(KeyError):
            reader.get(absent)


def test_iterates_in_the_order_of_the_file_and_once_each(archive):
    found = list(ArchiveReader(archive))
    assert [body for _, body in found] == [*BODIES[:7], b"resource"]
    assert all(hashlib.sha256(body).hexdigest() == sha256 for sha256, body in found)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_serves_worker_processes(archive, method):
    reader = ArchiveReader(archive)
    reader.get(digests()[0])  # a file is open when the workers begin
    with ProcessPoolExecutor(2, mp_context=get_context(method)) as pool:
        bodies = list(pool.map(reader.get, reader.digests() * 5))
    assert [hashlib.sha256(body).hexdigest() for body in bodies] == digests() * 5


def test_survives_pickling(archive):
    reader = ArchiveReader(archive)
    reader.get(digests()[0])
    assert pickle.loads(pickle.dumps(reader)).get(digests()[1]) == reader.get(digests()[1])


def test_damage_shows(archive):
    file = archive / "00000.warc"
    body = bytearray(file.read_bytes())
    place = body.index(BODIES[3])
    body[place + 10] ^= 1
    file.write_bytes(body)
    damaged = hashlib.sha256(BODIES[3]).hexdigest()
    assert ArchiveReader(archive).get(damaged) != BODIES[3]
    with pytest.raises(UserError, match=r"00000\.warc: the \d+ bytes at \d+ are not those"):
        ArchiveReader(archive, verify=True).get(damaged)
    file.write_bytes(body[: place + 10])
    with pytest.raises(UserError, match="ends before byte"):
        ArchiveReader(archive).get(damaged)
    file.unlink()
    with pytest.raises(UserError, match=r"00000\.warc: missing"):
        ArchiveReader(archive).get(damaged)


def test_an_unfinished_archive_is_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"found no index\.parquet, expected a finished archive"):
        ArchiveReader(tmp_path)


def test_tables_contain_places_and_outcomes(archive):
    fetches = pq.read_table(archive / "fetches.parquet")
    assert fetches.schema == FETCHES
    rows = fetches.to_pandas()
    assert list(rows.url) == sorted(rows.url)
    failed = rows[rows.outcome == "timeout"].iloc[0]
    assert (failed["detail"], failed["nbytes"]) == ("took longer: than 5 s", 0)
    index = pq.read_table(archive / "index.parquet")
    assert index.schema == INDEX
    content = (archive / "00000.warc").read_bytes()
    for row in index.to_pylist():
        assert hashlib.sha256(content[row["offset"] : row["offset"] + row["length"]]).hexdigest() == row["sha256"]


def test_the_last_end_counts_and_the_tries_add_up(tmp_path: Path) -> None:
    writer = ArchiveWriter(tmp_path, {})
    writer.end(replace(fetch(1, Outcome.TIMEOUT), attempts=4))
    writer.end(replace(fetch(1), first_at=NOW + timedelta(days=1), last_at=NOW + timedelta(days=1)), exchange(1))
    writer.close()
    write_tables(tmp_path)
    [row] = pq.read_table(tmp_path / "fetches.parquet").to_pylist()
    assert (row["outcome"], row["attempts"], row["first_at"], row["last_at"]) == (
        "stored",
        5,
        NOW,
        NOW + timedelta(days=1),
    )


def test_what_is_read_is_what_was_written(archive):
    [found] = [f for f in read_fetches(archive) if f.url == "http://example.org/3.jpg"]
    assert replace(found, file="", record=0, block=0, offset=0) == replace(
        fetch(3), sha256=hashlib.sha256(BODIES[3]).hexdigest(), length=len(BODIES[3])
    )
    headers, body = read(archive, found)
    assert body == BODIES[3]
    assert headers.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n")


def test_warcio_reads_the_same_records(archive):
    with (archive / "00000.warc").open("rb") as stream:
        theirs = [(r.rec_type, r.rec_headers.get("WARC-Target-URI", "")) for r in ArchiveIterator(stream)]
    ours = [(record.type, record.url) for record in warc.scan(archive / "00000.warc")]
    assert ours == theirs
    check = [Path(sys.executable).parent / "warcio", "check", archive / "00000.warc"]
    assert subprocess.run(check, capture_output=True).returncode == 0


def test_a_record_cut_anywhere_is_cut_off_and_the_rest_stays(tmp_path: Path) -> None:
    folder = fill(tmp_path / "archive")
    file = folder / "00000.warc"
    whole = file.read_bytes()
    ends = [record.offset + record.length + 4 for record in warc.scan(file)]
    begins_last, begins_before = ends[-2], ends[-3]
    for cut in range(begins_before, len(whole)):
        file.write_bytes(whole[:cut])
        warc.cut_torn_tail(folder)
        assert file.stat().st_size == (begins_last if cut >= begins_last else begins_before)
    file.write_bytes(whole + bytes(5000))  # as a file system may leave it when the power goes
    warc.cut_torn_tail(folder)
    assert file.read_bytes() == whole


def test_goes_on_in_another_file_when_one_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warc, "MAX_BYTES", 4000)
    folder = fill(tmp_path / "archive")
    assert len(warc.files(folder)) > 2
    write_tables(folder)
    assert ArchiveReader(folder, verify=True).digests() == digests()
    assert len(list(ArchiveReader(folder))) == 8
    assert len(latest(folder)) == 12


def test_an_archive_that_is_opened_again_knows_its_fetches(tmp_path: Path) -> None:
    folder = fill(tmp_path / "archive")
    writer = ArchiveWriter(folder, {})
    known = writer.find(Role.IMAGE, "http://example.org/3.jpg")
    assert known is not None
    assert known.sha256 == hashlib.sha256(BODIES[3]).hexdigest()
    assert writer.find(Role.PAGE, "http://example.org/3.jpg") is None
    assert writer.find(Role.IMAGE, "http://example.org/99.jpg") is None, "a timeout may end better"
    assert writer.images == 11
    writer.close()
