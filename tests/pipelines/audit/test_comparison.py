"""`diff`: two real versions side by side."""

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from pipelines.audit.comparison import Comparison, compare_versions
from pipelines.audit.difference import Change
from pipelines.audit.parameters import ABSENT
from pipelines.versions.repository import Repository
from pipelines.versions.version import open_version

if TYPE_CHECKING:
    from tests.pipelines.audit.conftest import Town

pytestmark = pytest.mark.integration


def diff(town: "Town", before: str, after: str) -> Comparison:
    repository = Repository(town.folder)
    return compare_versions(*(open_version(repository, town.commits.get(name, name)) for name in (before, after)))


def group_rows(comparison: Comparison) -> list[tuple[str, str, str, int]]:
    return [(group.change, group.cause, group.detail, group.images) for group in comparison.groups]


def test_a_new_source(story: "Town") -> None:
    found = diff(story, "retrained", "museum")
    assert group_rows(found) == [
        ("added", "new_source", "museum", 10),
        ("redecided", "duplicate", "keeper is new", 2),
    ]
    assert found.parameters == {"sources.museum.kind": (ABSENT, "demo"), "sources.museum.snapshot": (ABSENT, "1")}
    assert next(shift.name for shift in found.shifts if shift.notable) == "source"


def test_a_new_threshold(story: "Town") -> None:
    found = diff(story, "museum", "threshold")
    assert group_rows(found) == [
        ("redecided", "threshold", "min_side 96 → 120", 4),
        ("amended", "", "threshold", 2),  # small before and after
    ]
    assert {row["measure"] for row in found.difference.changes.to_pylist() if row["change"] == "redecided"} == {"side"}
    assert found.parameters == {"curate.thresholds.min_side": (96, 120)}


def test_a_takedown_names_who_asked(story: "Town") -> None:
    found = diff(story, "threshold", "takedown")
    assert group_rows(found) == [("redecided", "exclusion", "by curator, 2026-11-20: asked by mail (author Bob)", 8)]
    assert found.code == ["exclusions.csv"]
    back = diff(story, "takedown", "threshold")
    assert group_rows(back) == [
        ("redecided", "exclusion", "withdrawn by curator, 2026-11-20: asked by mail (author Bob)", 8)
    ]


def test_new_metadata_of_a_source_is_an_amendment(story: "Town") -> None:
    assert group_rows(diff(story, "takedown", "titles")) == [("amended", "", "title, attribution", 8)]


def test_a_refresh(story: "Town") -> None:
    assert group_rows(diff(story, "titles", "refresh")) == [
        ("added", "found", "museum, snapshot 1 → 2", 1),
        ("removed", "gone", "museum, snapshot 1 → 2", 1),
    ]


def test_groups_add_up_to_the_difference(story: "Town") -> None:
    found = diff(story, "first", "refresh")
    counts = Counter({change: found.difference.count(change) for change in Change})
    for group in found.groups:
        counts[Change(group.change)] -= group.images
    assert not any(counts.values())
    gained = found.difference.kept_after - found.difference.kept_before
    assert sum(group.facades for group in found.groups) == gained == 0


def test_a_version_does_not_differ_from_itself(story: "Town") -> None:
    found = diff(story, "refresh", "workspace")
    assert (found.groups, found.parameters, found.code) == ([], {}, [])
    assert all(shift.distance == 0 for shift in found.shifts)


def test_code_that_differs_is_named(town: "Town") -> None:
    parser = town.folder / "crawler/spiders/demo/spider.py"
    parser.write_text(parser.read_text() + "# another parser\n")
    town.commit("parser")
    assert diff(town, "refresh", "parser").code == ["crawler/spiders/demo/spider.py"]


@pytest.mark.parametrize(
    "command", [["log"], ["diff", "v1.0.0"], ["diff", "v1.0.0", "v2.0.0"], ["diff", "HEAD", "HEAD"]]
)
def test_tables_fit_80_columns_and_json_is_json(story: "Town", command: list[str]) -> None:
    code, table = story.facades("dataset", *command, inside="crawler")
    assert (code, max(len(line) for line in table.splitlines()) <= 80) == (0, True)
    assert json.loads(story.facades("dataset", *command, "--json")[1])
