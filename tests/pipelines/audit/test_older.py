"""Versions written by older rules: with fewer columns, other reasons and other documents."""

import hashlib
import json
from typing import TYPE_CHECKING

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from curate.rules import RULE_VERSION
from pipelines.audit.affected import find_affected
from pipelines.audit.comparison import compare_versions
from pipelines.audit.history import entries
from pipelines.audit.provenance import trace_image
from pipelines.audit.verification import verify
from pipelines.versions.repository import Repository
from pipelines.versions.version import open_version

if TYPE_CHECKING:
    from tests.pipelines.audit.conftest import Town

pytestmark = pytest.mark.integration


@pytest.fixture
def aged(town: "Town") -> "Town":
    """A version as older rules would have written it, and then the present one."""
    dataset = town.folder / "data/dataset"
    table = pq.read_table(dataset / "manifest.parquet").drop_columns(["similarity", "distance"])
    for name, column in (
        ("rule_version", pc.cast(pc.subtract(table["rule_version"], 1), "int16")),
        ("reason", pc.replace_substring(table["reason"], "too_small", "tiny")),
    ):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(place), column)
    (dataset / "manifest.parquet").unlink()
    pq.write_table(table, dataset / "manifest.parquet")
    papers = json.loads((dataset / "croissant.json").read_text())
    described = next(entry for entry in papers["distribution"] if entry["name"] == "manifest.parquet")
    described["sha256"] = hashlib.sha256((dataset / "manifest.parquet").read_bytes()).hexdigest()
    (dataset / "croissant.json").unlink()
    (dataset / "croissant.json").write_text(json.dumps(papers))
    town.take_as_it_is()
    town.git("add", "--all")
    town.git("commit", "--quiet", "--message", "aged")
    town.git("tag", "aged")
    town.commit("today")
    return town


def test_every_question_is_answered(aged: "Town") -> None:
    repository = Repository(aged.folder)
    old, new = open_version(repository, "aged"), open_version(repository, "HEAD")
    assert old.manifest()["rule_version"].to_pylist()[0] == RULE_VERSION - 1
    assert [(check.name, check.failures) for check in verify(old) if check.failures] == []

    today, before, *_ = entries(repository)
    assert (before.name, before.kept) == ("aged", today.kept)
    found = compare_versions(old, new)
    causes = {(group.change, group.cause, group.detail) for group in found.groups if group.change == "redecided"}
    assert causes == {("redecided", "rules", f"rule version {RULE_VERSION - 1} → {RULE_VERSION}")}

    building = next(b for b in aged.sources["town"] if b.author == "Ann" and b.side < 120)
    seen = {one.version: one.reason for one in trace_image(repository, old, building.sha256).appearances}
    assert (seen["aged"], seen[today.name]) == ("tiny", "too_small")
    assert "aged" not in find_affected(repository).unknown


def test_another_wording_of_the_attribution_is_no_fault(town: "Town") -> None:
    path = town.folder / "data/dataset/ATTRIBUTION.md"
    lines = path.read_text().splitlines(keepends=True)
    path.unlink()  # it may be a link into the cache
    path.write_text("".join([*lines[:2], "Older words.\n", *lines[3:]]))
    failed = {check.name for check in verify(open_version(Repository(town.folder), "workspace")) if check.failures}
    assert "files have the md5 of dvc.lock" in failed
    assert "ATTRIBUTION.md names every facade" not in failed
