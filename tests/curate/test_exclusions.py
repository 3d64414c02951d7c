"""exclusions.csv: which rows are valid, and which images they exclude."""

from pathlib import Path

import pyarrow as pa
import pytest

from common.errors import UserError
from crawler.archive.schemas import IMAGES
from curate.exclusions import Exclusion, excluded, read_exclusions
from tests.curate.pictures import image_row

HEADER = "kind,value,reason,by,date,near\n"
DIGESTS = [letter * 64 for letter in "abcd"]


def written(folder: Path, text: str) -> Path:
    path = folder / "exclusions.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_rows_are_read(tmp_path: Path) -> None:
    rows = (
        f'image,{DIGESTS[0]},takedown,Ann,2026-11-23,true\nauthor,"Doe, Jane",,,,\npage,https://a.invalid/x,,,,false\n'
    )
    assert read_exclusions(written(tmp_path, HEADER + rows)) == [
        Exclusion("image", DIGESTS[0], True),
        Exclusion("author", "Doe, Jane", False),
        Exclusion("page", "https://a.invalid/x", False),
    ]
    assert read_exclusions(written(tmp_path, HEADER)) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"exclusions\.csv:1: found , expected kind,value"),
        ("kind,value\n", r"exclusions\.csv:1: found kind,value, expected kind,value,reason"),
        (HEADER + "picture,x,,,,\n", r"exclusions\.csv:2: kind: found 'picture', expected one of image, url"),
        (HEADER + "url,x,,,,\nurl, ,,,,\n", r"exclusions\.csv:3: value: found nothing"),
        (HEADER + "image,abc,,,,\n", r"exclusions\.csv:2: value: found 'abc', expected a sha256"),
        (HEADER + "url,x,,,,maybe\n", r"exclusions\.csv:2: near: found 'maybe', expected true or false"),
        (HEADER + "url,x,,,tomorrow,\n", r"exclusions\.csv:2: date: found 'tomorrow', expected YYYY-MM-DD"),
        (HEADER + "url,x,,\n", r"exclusions\.csv:2: found 4 fields, expected 6"),
        (HEADER + "url,x,,,,,,\n", r"exclusions\.csv:2: found 8 fields, expected 6"),
        (HEADER + 'url,"x,,,,\n', r"exclusions\.csv:2: .*expected a line of CSV"),
    ],
)
def test_a_mistake_is_reported_with_its_line(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        read_exclusions(written(tmp_path, text))


def test_a_missing_file_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.csv"):
        read_exclusions(tmp_path / "none.csv")


def left_out(exclusions: list[Exclusion]) -> tuple[list[int], list[int]]:
    rows = [
        image_row(DIGESTS[0], image_url="u0", page_url="p0", author="Ann"),
        image_row(DIGESTS[1], image_url="u1", page_url="p1", author="Bob"),
        image_row(DIGESTS[1], image_url="u2", page_url="p2", author="Ann"),
        image_row(DIGESTS[2], image_url="u3", others=[{"image_url": "u4", "page_url": "p4"}]),
        image_row(DIGESTS[3], image_url="u5", page_url="p5"),
    ]
    found, near = excluded(pa.Table.from_pylist(rows, IMAGES), exclusions)
    return found.nonzero()[0].tolist(), near.nonzero()[0].tolist()


@pytest.mark.parametrize(
    ("exclusion", "rows"),
    [
        (Exclusion("image", DIGESTS[0], False), [0]),
        (Exclusion("url", "u5", False), [4]),
        (Exclusion("url", "u2", False), [1, 2]),  # the same bytes came from elsewhere too
        (Exclusion("url", "u4", False), [3]),  # one of several addresses of the same bytes
        (Exclusion("page", "p4", False), [3]),
        (Exclusion("author", "Ann", False), [0, 1, 2]),
        (Exclusion("author", "ann", False), []),
    ],
)
def test_all_rows_of_the_same_bytes_are_excluded(exclusion: Exclusion, rows: list[int]) -> None:
    assert left_out([exclusion]) == (rows, [])
    assert left_out([exclusion._replace(near=True)]) == (rows, rows)


def test_several_exclusions_add_up() -> None:
    assert left_out([Exclusion("url", "u0", True), Exclusion("page", "p5", False)]) == ([0, 4], [0])
    assert left_out([]) == ([], [])


@pytest.mark.parametrize("kind", ["url", "page"])
def test_an_exclusion_by_an_address_with_a_credential_applies_to_the_address_without(kind: str) -> None:
    row = image_row(DIGESTS[0], image_url="https://a.invalid/1?size=9", page_url="https://a.invalid/1?size=9")
    exclusion = Exclusion(kind, "https://bob:S3cret@a.invalid/1?size=9&token=K3Y", False)
    found, _ = excluded(pa.Table.from_pylist([row], IMAGES), [exclusion])
    assert found.tolist() == [True]
