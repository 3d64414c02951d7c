"""`show` finds an image by hash, row, URL, page or picture, and prints its provenance."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageEnhance

from common.errors import UserError
from pipelines.audit import search, sections
from pipelines.audit.provenance import Provenance, trace_image
from pipelines.versions.repository import Repository
from pipelines.versions.version import Version, open_version

if TYPE_CHECKING:
    from tests.pipelines.audit.conftest import Building, Town

pytestmark = pytest.mark.integration


def version(town: "Town", rev: str = "HEAD") -> Version:
    return open_version(Repository(town.folder), rev)


def trace(town: "Town", building: "Building", rev: str = "HEAD") -> Provenance:
    found = version(town, rev)
    return trace_image(found.repository, found, building.sha256)


def test_an_image_is_found_by_hash_row_url_and_page(story: "Town") -> None:
    here, building = version(story), story.sources["town"][15]
    row = next(row["row"] for row in here.manifest().to_pylist() if row["sha256"] == building.sha256)
    for query in (building.sha256, building.sha256[:9], str(row), building.image_url, building.page_url):
        assert search.images(here, query) == [building.sha256]


def test_an_image_is_found_by_its_file_and_by_its_content(story: "Town", tmp_path: Path) -> None:
    building = story.sources["town"][18]
    (tmp_path / "a file").write_bytes(building.jpeg())
    assert search.images(version(story), str(tmp_path / "a file")) == [building.sha256]
    picture = Image.open(io.BytesIO(building.jpeg())).resize((140, 140))
    ImageEnhance.Brightness(picture).enhance(1.1).save(tmp_path / "copy.png")
    assert search.images(version(story), str(tmp_path / "copy.png"))[0] == building.sha256
    Image.effect_noise((200, 200), 80).convert("RGB").save(tmp_path / "noise.png")
    with pytest.raises(UserError, match=r"no image at .* has these bytes or is similar"):
        search.images(version(story), str(tmp_path / "noise.png"))
    (tmp_path / "text").write_text("no picture")
    with pytest.raises(UserError, match="text: not an image; expected a picture"):
        search.images(version(story), str(tmp_path / "text"))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("9999", "no such row in images.npy"),
        ("beefbeef", "no image with this start of its sha256"),
        ("https://nowhere.invalid/", "no image with that URL"),
        ("xyz.jpg", "no such file; expected a picture, a URL, a row number"),
    ],
)
def test_an_unknown_image_is_reported_in_one_line(story: "Town", query: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        search.images(version(story), query)


def test_all_images_of_an_author_are_found(story: "Town") -> None:
    bobs = {building.sha256 for building in story.sources["town"] if building.author == "Bob"}
    assert set(search.by_author(version(story), "Bob")) == bobs
    with pytest.raises(UserError, match=r"Bobb: no image of that author at .*; did you mean Bob\?"):
        search.by_author(version(story), "Bobb")


def test_the_provenance_of_a_facade(story: "Town") -> None:
    building = next(b for b in story.sources["town"] if b.author == "Ann" and b.side > 200)
    found = trace(story, building)
    assert [(row["source"], row["author"], row["license"]) for row in found.images] == [("town", "Ann", "CC-BY-4.0")]
    assert [(row["url"], row["outcome"]) for row in found.fetches] == [(building.image_url, "stored")]
    assert found.locations[0]["length"] == len(building.jpeg())
    assert (found.measures["width"], found.measures["height"]) == (building.side, building.side)
    assert found.decisions[0]["decision"] == "kept"
    assert [one.decision for one in found.appearances] == ["kept"] * 6
    assert {(use.model, use.split) for use in found.trainings} == {("facade", found.decisions[0]["split"])}
    assert found.request is None


def test_the_provenance_of_an_excluded_image(story: "Town") -> None:
    building = next(b for b in story.sources["town"] if b.author == "Bob" and b.side > 200)
    found = trace(story, building)
    assert str(found.request) == "by curator, 2026-11-20: asked by mail (author Bob)"
    assert [one.reason for one in found.appearances] == ["excluded"] * 3 + [None] * 3
    assert len(found.trainings) == 4, "trained four times on versions with it"


def test_the_same_bytes_in_two_sources(story: "Town") -> None:
    building = story.sources["town"][5]
    found = trace(story, building)
    assert [(row["source"], row["decision"]) for row in found.cluster] == [("museum", "kept"), ("town", "dropped")]
    assert {row["source"] for row in found.locations} == {"museum", "town"}


def test_a_removed_image_is_traced_from_a_version_that_has_it(story: "Town") -> None:
    gone = replace(story.sources["museum"][0], number=100)
    with pytest.raises(UserError, match="no such image at"):
        trace(story, gone)
    assert [one.decision for one in trace(story, gone, "v2.0.0").appearances] == ["kept"] * 4


def test_versions_without_data_are_named(town: "Town") -> None:
    lost = version(town, "v1.0.0").file("data/dataset/manifest.parquet")
    lost.chmod(0o600)
    lost.unlink()
    found = trace(town, town.sources["town"][15])
    assert found.unknown == ["v1.0.0"]
    assert len(found.appearances) == 5


def test_the_signals_of_an_image_are_shown_with_their_records(story: "Town") -> None:
    found = trace(story, story.sources["town"][15])
    said = {(row["signal"], row["place"], row["page_url"] is None): row for row in found.signals}
    headers = said["x_robots_tag", "image", True]
    assert (headers["verdict"], headers["file"]) == ("silent", "00000.warc")
    assert said["tdmrep_json", "host", True]["verdict"] == "missing"
    assert said["tdmrep_json", "host", True]["file"] is None
    shown = sections.signals(found)
    verdicts = [str(row[0]) for row in shown.rows]
    assert verdicts == sorted(verdicts, reverse=True), "silent, then missing"
    assert any("x_robots_tag, tdm_header" in str(row[2]) for row in shown.rows), "what one record says shares a row"
    _, text = story.facades("dataset", "show", found.sha256[:12])
    assert "signals of reserved use" in text
    assert f"00000.warc:{headers['offset']}" in text
    _, printed = story.facades("dataset", "show", found.sha256[:12], "--json")
    assert json.loads(printed)[0]["signals"] == [dict(row) for row in found.signals]


def test_the_command_prints_80_columns_or_json(story: "Town") -> None:
    building = story.sources["town"][5]
    code, table = story.facades("dataset", "show", building.sha256[:8], inside="curate")
    assert (code, max(map(len, table.splitlines())) <= 80) == (0, True)
    assert all(word in table for word in ("A house", "CC-BY-4.0", "stored", "kept", "facade"))
    _, printed = story.facades("dataset", "show", building.sha256[:8], "--json")
    assert json.loads(printed)[0]["sha256"] == building.sha256
    _, listed = story.facades("dataset", "show", "--author", "Bob")
    assert listed.count("excluded") == 8
