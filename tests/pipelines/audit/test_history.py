"""`log`: which revisions are versions, what each holds, its number, the models trained on it."""

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipelines.audit.difference import Change
from pipelines.audit.history import Entry, entries
from pipelines.audit.numbering import Number, Step, redrawn, step
from pipelines.versions.repository import Repository

if TYPE_CHECKING:
    from tests.pipelines.audit.conftest import Town

pytestmark = pytest.mark.integration


def log(town: "Town", *, everywhere: bool = False) -> list[Entry]:
    return entries(Repository(town.folder), everywhere=everywhere)


def test_every_version_is_listed_with_its_number_and_what_changed(story: "Town") -> None:
    # The museum shows two of the town's buildings too, and keeps them; number 4 is Bob's and small.
    small = sum(96 <= building.side < 120 for building in story.sources["town"]) + 1
    bobs = sum(building.author == "Bob" for building in story.sources["town"]) + 1
    assert [(entry.subject, str(entry.number), dict(entry.changes)) for entry in log(story)] == [
        ("refresh", "4.0.0", {"added": 1, "removed": 1, "redecided": 0}),
        ("titles", "3.0.1", {"added": 0, "removed": 0, "redecided": 0}),
        ("takedown", "3.0.0", {"added": 0, "removed": 0, "redecided": bobs}),
        ("threshold", "2.0.0", {"added": 0, "removed": 0, "redecided": small}),
        ("museum", "1.1.0", {"added": 10, "removed": 0, "redecided": 2}),
        ("first", "1.0.0", {}),
    ]


def test_an_entry_counts_the_contents_of_a_version(story: "Town") -> None:
    newest, *_, first = log(story)
    assert first.name == "v1.0.0"
    assert first.revision == story.commits["first"]
    assert (first.seen, first.kept, dict(first.sources), dict(first.licenses)) == (
        20,
        18,
        {"town": 20},
        {"CC-BY-4.0": 18},
    )
    assert dict(newest.sources) == {"town": 20, "museum": 10}
    assert newest.missing == ""


def test_models_are_listed_with_the_version_they_were_trained_on(story: "Town") -> None:
    found = {entry.subject: [(model.name, model.metrics["ksd"]) for model in entry.models] for entry in log(story)}
    assert found["first"] == [("facade", pytest.approx(0.12))], "trained twice on the first version: the later counts"
    assert found["takedown"] == [("facade", pytest.approx(0.12))]


def test_the_work_tree_is_listed_once_it_differs(town: "Town") -> None:
    assert log(town)[0].subject == "refresh"
    town.sources["museum"].pop()
    town.take()
    assert (log(town)[0].name, log(town)[0].subject, dict(log(town)[0].changes)[Change.REMOVED]) == (
        "workspace",
        "not committed",
        1,
    )


def test_a_version_whose_data_are_gone_is_still_listed(town: "Town") -> None:
    shutil.rmtree(town.folder / ".dvc/cache")
    entry = next(entry for entry in log(town) if entry.subject == "museum")
    assert "no default DVC remote" in entry.missing
    assert entry.number is None


def test_other_branches_are_listed_on_demand(town: "Town") -> None:
    town.git("checkout", "--quiet", "-b", "idea", "v1.0.0")
    town.params["sources"].pop("museum")
    town.sources = {"town": town.sources["town"][:12]}
    town.commit("idea")
    town.git("checkout", "--quiet", "main")
    town.git("restore", ".")
    assert "idea" not in {entry.subject for entry in log(town)}
    found = {entry.subject: entry for entry in log(town, everywhere=True)}
    assert str(found["idea"].number) == "2.0.0"
    assert found["idea"].changes[Change.REMOVED] == 8
    assert str(found["museum"].number) == "1.1.0"


def test_a_merge_is_one_version(town: "Town") -> None:
    town.git("checkout", "--quiet", "-b", "colleague")
    town.sources["museum"] = town.sources["museum"][:-1]
    town.commit("on the way")
    town.sources["museum"] = town.sources["museum"][:-1]
    town.commit("arrived")
    town.git("checkout", "--quiet", "main")
    town.git("merge", "--quiet", "--no-ff", "colleague", "--message", "merged")
    listed = [entry.subject for entry in log(town)]
    assert listed[:2] == ["merged", "refresh"]
    assert [entry.subject for entry in log(town, everywhere=True)][:3] == ["arrived", "on the way", "refresh"]


def images(*names: str) -> np.ndarray:
    return np.array([name * 64 for name in names], "S64")


def test_numbers_follow_croissants_rule() -> None:
    assert step(images("a", "b"), images("a", "b"), redrawn=False) is Step.PATCH
    assert step(images("a", "c"), images("a", "b", "c"), redrawn=False) is Step.MINOR
    assert step(images("a", "b"), images("a", "c"), redrawn=False) is Step.MAJOR
    assert step(images("a"), images("a"), redrawn=True) is Step.MAJOR
    assert step(images(), images("a"), redrawn=False) is Step.MINOR
    assert step(images("a"), images(), redrawn=False) is Step.MAJOR
    number = Number(1, 2, 3)
    assert [str(number.after(one)) for one in Step] == ["1.2.4", "1.3.0", "2.0.0"]


def test_a_changed_pixel_in_a_shared_facade_is_found() -> None:
    old = np.random.default_rng(0).integers(0, 256, (2, 3, 4, 4), dtype=np.uint8)
    new = np.concatenate([old[:1], old[:1] // 2, old[1:]])
    assert not redrawn(images("a", "c"), images("a", "b", "c"), old, new)
    new[1] += 1
    assert not redrawn(images("a", "c"), images("a", "b", "c"), old, new)
    new[2, 0, 0, 0] += 1
    assert redrawn(images("a", "c"), images("a", "b", "c"), old, new)
    assert redrawn(images("a"), images("a"), old[:1], np.zeros((1, 3, 8, 8), np.uint8))
