"""Kinds are found by their files, and entries validated by their kinds."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from common.errors import UserError
from crawler.kind import SourceParams
from crawler.registry import KINDS, Entry, kind
from crawler.spider import FacadeSpider

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
ENTRY = TypeAdapter(Entry)


def test_every_file_or_folder_is_a_kind_of_its_name() -> None:
    found = (ROOT / "crawler" / "spiders").iterdir()
    files = sorted(path.stem for path in found if not path.name.startswith("__"))
    assert list(KINDS) == files
    for name in KINDS:
        assert kind(name).name == name
        assert issubclass(kind(name).Params, SourceParams)


def test_an_unknown_kind_is_an_error_that_suggests_a_similar_one() -> None:
    with pytest.raises(UserError, match=r"found 'flder', expected one of .*; did you mean folder"):
        kind("flder")


def test_an_entry_is_validated_by_its_kind() -> None:
    entry = ENTRY.validate_json('{"kind": "demo", "buildings": 40, "snapshot": "2026-11"}', strict=True)
    assert isinstance(entry, kind("demo").Params)
    assert entry.snapshot == "2026-11"


@pytest.mark.parametrize(
    ("entry", "where"),
    [
        ('{"kind": "demo", "bildings": 40}', "bildings"),
        ('{"kind": "demo", "buildings": "40"}', "buildings"),
        ('{"kind": "demo", "snapshot": "../up"}', "snapshot"),
        ('{"kind": "folder"}', "path"),
    ],
)
def test_a_mistake_is_found_where_it_is(entry, where):
    with pytest.raises(ValidationError) as caught:
        ENTRY.validate_json(entry, strict=True)
    assert [error["loc"][-1] for error in caught.value.errors()] == [where]


@pytest.mark.parametrize("entry", ["{}", '{"kind": "nothing"}', '{"kind": 3}', "[]"])
def test_an_entry_without_a_kind_is_an_error(entry):
    with pytest.raises(ValidationError, match=r"discriminator|tag"):
        ENTRY.validate_json(entry, strict=True)


def test_it_is_a_scrapy_project() -> None:
    scrapy = Path(sys.executable).parent / "scrapy"
    done = subprocess.run([scrapy, "list"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [name for name in KINDS if issubclass(kind(name), FacadeSpider)]


def test_scrapy_runs_a_kind_and_gives_what_it_finds(tmp_path: Path) -> None:
    scrapy, found = Path(sys.executable).parent / "scrapy", tmp_path / "found.jsonl"
    command = [str(scrapy), "crawl", "demo", "-a", "buildings=20", "-O", str(found), "-s", "CLOSESPIDER_ITEMCOUNT=5"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert len(found.read_text(encoding="utf-8").splitlines()) >= 5
