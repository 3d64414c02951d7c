"""The report page as a whole."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from common.errors import UserError
from common.files import write_table
from common.safe_text import one_line
from crawler.archive.schemas import FETCHES, IMAGES, Outcome, Role
from curate.schemas import MANIFEST, Decision, Reason
from pipelines.report import labels, selection
from pipelines.report.inputs import SourcePaths
from pipelines.report.write import write_report
from tests.pipelines.report.page import Page, report
from tests.pipelines.report.report_inputs import HOSTILE_TITLES, Inputs, write_inputs


def funnel_rows(page: Page) -> list[tuple[str, int]]:
    table = re.search(r'<table class="funnel">.*?</table>', page.html, re.DOTALL)
    assert table
    rows = re.findall(r'<th scope="row">(.*?)</th><td class="number">(.*?)</td>', table[0], re.DOTALL)
    return [(re.sub("<.*?>", "", name), int(number.replace("−", "-").replace(",", ""))) for name, number in rows]


def test_the_funnel_adds_up_to_the_counts_of_the_tables(inputs: Inputs, page: Page) -> None:
    rows = funnel_rows(page)
    outcomes = Counter(fetch["outcome"] for fetch in inputs.fetches)
    reasons = Counter(row["reason"] for row in inputs.manifest if row["decision"] == Decision.DROPPED)
    kept = sum(row["decision"] == Decision.KEPT for row in inputs.manifest)
    stored = sum(fetch["role"] == Role.IMAGE for fetch in inputs.fetches if fetch["outcome"] in ("stored", "unchanged"))
    expected = [("URLs tried", len(inputs.fetches))]
    expected += [("pages, which link to images", stored - outcomes["stored"] - outcomes["unchanged"])]
    expected += [(labels.OUTCOMES[one], -outcomes[one]) for one in Outcome if one not in ("stored", "unchanged")]
    expected += [("images stored", stored), ("same bytes as another URL", len(inputs.manifest) - stored)]
    expected += [("distinct images", len(inputs.manifest))]
    expected += [(labels.REASONS[reason], -reasons[reason]) for reason in Reason]
    expected += [("facades kept", kept)]
    assert rows == expected
    left = 0
    for _, number in rows:  # a step is what the losses before it left
        if number > 0:
            assert left in (0, number)
            left = number
        else:
            left += number


def test_every_outcome_and_reason_has_a_label() -> None:
    assert set(labels.OUTCOMES) == set(Outcome)
    assert set(labels.REASONS) == set(Reason)


def test_the_page_loads_nothing_and_runs_no_script(page: Page) -> None:
    assert not page.all("script")
    policy = next(one for one in page.all("meta") if "http-equiv" in one.attributes).attributes["content"]
    assert policy.split("; ")[:3] == ["default-src 'none'", "img-src data:", "style-src 'unsafe-inline'"]
    for element in page.elements:
        assert not [name for name in element.attributes if name.startswith("on")]
        for name in ("src", "srcset"):
            assert element.attributes.get(name, "data:").startswith("data:")
    for element in page.all("a"):
        target = element.attributes["href"]
        assert re.match(r"#|https?://|tables/[a-z]+\.csv$", target)
        own = target.startswith(("#", "tables/"))
        assert own or element.attributes["rel"] == "noopener noreferrer nofollow"
    assert not re.search(r"url\((?!data:image/webp;base64,)|@import", page.html)


def test_text_from_the_web_is_escaped(page: Page) -> None:
    labels = " ".join(one.attributes.get("aria-label", "") for one in page.all("span"))
    for title in HOSTILE_TITLES:
        assert one_line(title) in labels
    assert "{{ 7 * 7 }} {% raw %}" in labels
    assert "\u202e" not in page.html
    assert "\x00" not in page.html
    assert "<b>said the server</b>" in page.text


def test_every_fragment_link_has_a_target(page: Page) -> None:
    ids = [one.attributes["id"] for one in page.elements if "id" in one.attributes]
    assert len(ids) == len(set(ids))
    assert {one.attributes["href"][1:] for one in page.all("a") if one.attributes["href"].startswith("#")} <= set(ids)


def test_pictures_have_alternative_text_and_tables_have_headers(page: Page) -> None:
    assert all(one.attributes.get("alt") for one in page.all("img"))
    assert all(one.attributes.get("aria-label") for one in page.all("span") if one.attributes.get("role") == "img")
    assert all(one.attributes.get("aria-label") for one in page.all("svg") if one.attributes.get("role") == "img")
    assert all(one.attributes.get("scope") in ("row", "col") for one in page.all("th"))


def test_equal_inputs_give_equal_bytes(inputs: Inputs, page: Page, tmp_path: Path) -> None:
    again = write_inputs(tmp_path / "again")
    assert report(again, tmp_path / "index.html").html == page.html


def test_a_large_dataset_is_shown_in_part_and_the_page_states_it(tmp_path: Path) -> None:
    page = report(write_inputs(tmp_path / "large", kept=300, each=60, models=()), tmp_path / "index.html")
    assert len(page.tiles("facades")) == selection.KEPT_SHOWN
    assert "120 of 300 shown" in page.text
    assert len(page.tiles("dropped-dark")) == selection.DROPPED_SHOWN
    assert f"{selection.DROPPED_SHOWN} of 60 shown, the nearest to the threshold" in page.text
    assert "24 of 30 shown, those with the least similar duplicates" in page.text


@pytest.mark.parametrize("kept", [0, 3])
def test_an_empty_section_shows_none(tmp_path: Path, kept: int) -> None:
    inputs = write_inputs(tmp_path / "few", kept=kept, each=0, models=())
    page = report(inputs, tmp_path / "index.html")
    assert f"{kept} facades" in page.text
    for section in ("dropped", "duplicates", "models"):
        assert re.search(rf'<section id="{section}">.*?<p>None\.</p>', page.html, re.DOTALL)


def test_a_source_without_images(tmp_path: Path) -> None:
    paths = SourcePaths(tmp_path / "archive", tmp_path / "images.parquet", tmp_path / "prepared.parquet")
    write_table(FETCHES.empty_table(), paths.archive / "fetches.parquet")
    write_table(IMAGES.empty_table(), paths.images)
    write_table(pa.schema([("sha256", pa.string()), ("pixels", pa.binary(3 * 64 * 64))]).empty_table(), paths.prepared)
    write_table(MANIFEST.empty_table(), tmp_path / "dataset/manifest.parquet")
    np.save(tmp_path / "dataset/images.npy", np.zeros((0, 3, 64, 64), np.uint8))
    np.save(tmp_path / "dataset/split.npy", np.zeros(0, np.uint8))
    out = tmp_path / "index.html"
    write_report(sources={"empty": paths}, dataset=tmp_path / "dataset", models={"m": tmp_path / "m"}, out=out)
    assert "0 facades" in Page(out).text


def test_a_dataset_of_other_sources_is_refused(inputs: Inputs, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"manifest\.parquet: found \d+ images of source museum, expected the 0"):
        write_report(
            sources={"town": inputs.sources["town"]}, dataset=inputs.dataset, models={}, out=tmp_path / "index.html"
        )
    assert not list(tmp_path.iterdir())
