"""Preparing an archive: a row for every image, and the same bytes from every executor."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image, ImageOps

from common.errors import UserError
from curate import prepare as module
from curate.crop import center_crop, thumbnail, trimmed
from curate.decode import Picture, decode
from curate.duplicates.hashes import hashes
from curate.executors.processes import Processes
from curate.facade_score import score
from curate.measures import measure
from curate.prepare import PrepareOptions, crop_of, prepare, prepare_chunk, prepare_images
from curate.schemas import SQUARE_SIDE, Reason, prepared_schema
from tests.curate import crashing
from tests.curate.pictures import encoded, facade, jpeg, sha256

pytestmark = pytest.mark.integration

Archive = Callable[[str, Mapping[str, bytes]], Path]

BROKEN = {
    "cut.jpg": (jpeg(200)[:2000], Reason.TRUNCATED),
    "page.jpg": (b"<html>not found</html>", Reason.NOT_AN_IMAGE),
    "empty.png": (b"", Reason.EMPTY),
}


@pytest.fixture
def town(archive: Archive) -> Path:
    bodies = {f"{seed}.jpg": jpeg(seed) for seed in range(150)}
    return archive("town", bodies | {name: body for name, (body, _) in BROKEN.items()} | {"copy.jpg": jpeg(7)})


def test_each_image_has_one_row_with_all_its_columns(town: Path, tmp_path: Path) -> None:
    calls: list[tuple[int, int | None, str]] = []
    prepare(town, tmp_path / "out.parquet", executor=Processes(2), progress=lambda *call: calls.append(call))
    assert calls[0] == (0, 153, "")
    assert calls[-1] == (153, 153, "3 without a picture")
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.schema.equals(prepared_schema(64))
    rows = {row["sha256"]: row for row in table.to_pylist()}
    assert list(rows) == sorted(rows)
    assert len(table) == len(rows) == 153
    for seed in (0, 7, 149):
        row = rows[sha256(jpeg(seed))]
        picture = decode(jpeg(seed), min_side=128)
        assert isinstance(picture, Picture)
        crop, grey = center_crop(picture.rgb, 64), thumbnail(picture.rgb)
        assert row["error"] is None
        assert (row["width"], row["height"]) == (140, 170)
        np.testing.assert_array_equal(np.frombuffer(row["pixels"], np.uint8).reshape(3, 64, 64), crop)
        np.testing.assert_array_equal(np.frombuffer(row["thumbnail"], np.uint8).reshape(64, 64), grey)
        phash, probes = hashes(grey[None])
        assert (row["phash"], row["probes"]) == (phash[0], probes[0].tolist())
        for name, value in measure(crop[None]).items():
            assert row[name] == value[0]
        assert row["facade"] == score(center_crop(picture.rgb, SQUARE_SIDE)[None])[0]
    for body, reason in BROKEN.values():
        row = rows[sha256(body)]
        assert {name: value for name, value in row.items() if value is not None} == {
            "sha256": sha256(body),
            "error": reason,
        }


def test_a_crash_is_recorded_and_nothing_else_is_lost(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies = {f"{seed}.jpg": jpeg(seed) for seed in range(100)}
    deadly = {"bad.jpg": jpeg(0) + b"CRASH"}
    prepare(archive("sound", bodies), tmp_path / "sound.parquet", score_facades=False, executor=Processes(2))
    monkeypatch.setattr(module, "prepare_chunk", crashing.prepare_but_die)
    prepare(archive("deadly", bodies | deadly), tmp_path / "deadly.parquet", score_facades=False, executor=Processes(2))
    rows = pq.read_table(tmp_path / "deadly.parquet").to_pylist()
    killer = [row for row in rows if row["sha256"] == sha256(deadly["bad.jpg"])]
    assert [row["error"] for row in killer] == [Reason.CORRUPT]
    assert [row for row in rows if row not in killer] == pq.read_table(tmp_path / "sound.parquet").to_pylist()


def test_the_number_of_workers_changes_no_byte(town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROW_GROUP", 50)
    for workers in (1, 3):
        prepare(town, tmp_path / f"{workers}.parquet", score_facades=False, executor=Processes(workers))
    assert (tmp_path / "1.parquet").read_bytes() == (tmp_path / "3.parquet").read_bytes()
    metadata = pq.read_metadata(tmp_path / "1.parquet")
    assert [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)] == [50, 50, 50, 3]


def test_other_sizes_and_empty_archives(archive: Archive, tmp_path: Path) -> None:
    one = archive("one", {"a.jpg": jpeg(1)})
    for size in (32, 128, 256):
        prepare(one, tmp_path / "one.parquet", image_size=size, score_facades=False, executor=Processes(1))
        table = pq.read_table(tmp_path / "one.parquet")
        assert table.schema.equals(prepared_schema(size))
        assert table["facade"].to_pylist() == [None]
    prepare(archive("none", {}), tmp_path / "none.parquet", executor=Processes(1))
    assert pq.read_table(tmp_path / "none.parquet").equals(prepared_schema(64).empty_table())


def test_only_the_crop_is_trimmed(archive: Archive, tmp_path: Path) -> None:
    framed = encoded(ImageOps.expand(facade(1, 280, 340), 14, "white"))
    one = archive("framed", {"a.jpg": framed})
    rows = []
    for trim in (False, True):
        prepare(one, tmp_path / "out.parquet", score_facades=False, trim=trim, executor=Processes(1))
        rows += pq.read_table(tmp_path / "out.parquet").to_pylist()
    picture = decode(framed, SQUARE_SIDE)
    assert isinstance(picture, Picture)
    for row, seen in zip(rows, (picture.rgb, trimmed(picture.rgb)), strict=True):
        assert row["pixels"] == center_crop(seen, 64).tobytes()
    assert rows[0]["pixels"] != rows[1]["pixels"]
    for same in ("width", "height", "phash", "probes", "thumbnail"):
        assert rows[0][same] == rows[1][same]


@pytest.mark.parametrize("options", [PrepareOptions(), PrepareOptions(32), PrepareOptions(128, trim=True)], ids=str)
def test_the_crop_of_one_image_is_that_of_its_row(archive: Archive, options: PrepareOptions) -> None:
    bodies = [encoded(ImageOps.expand(facade(seed, 280, 340), 14, "white")) for seed in range(3)]
    bodies += [body for body, _ in BROKEN.values()]
    rows = prepare_images(options, [(sha256(body), body) for body in bodies]).to_pylist()
    for body, row in zip(bodies, rows, strict=True):
        crop = crop_of(body, options)
        if isinstance(crop, Reason):
            assert row["error"] == crop
        else:
            assert row["pixels"] == crop.tobytes()


def test_a_damaged_archive_is_an_error_and_leaves_no_file(town: Path, tmp_path: Path) -> None:
    (town / "00000.warc").write_bytes(b"short")
    with pytest.raises(UserError, match=r"00000\.warc: ends before byte"):
        prepare(town, tmp_path / "out.parquet", executor=Processes(1))
    assert not list(tmp_path.glob("*out*"))


def test_a_row_does_not_depend_on_the_other_images(data: Path, archive: Archive) -> None:
    files = sorted((data / "dirty-crawl").rglob("*.webp"))[:12] + sorted((data / "houses").glob("*.jpg"))[:12]
    folder = archive("real", {path.name: path.read_bytes() for path in files})
    digests = sorted(sha256(path.read_bytes()) for path in files)
    together = prepare_chunk(folder, PrepareOptions(), digests).to_pylist()
    assert together == [prepare_chunk(folder, PrepareOptions(), [digest]).to_pylist()[0] for digest in digests]
    assert Image.open(files[0]).size in {(row["width"], row["height"]) for row in together}
