"""A takedown on the real pipeline: from the command to the next version, its report, and the crawl after that."""

import json
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.e2e.clones import Clone

pytestmark = pytest.mark.integration


def audit(clone: Clone, *command: str) -> Any:
    return json.loads(clone.run("facades", "dataset", *command, "--json").stdout)


def decisions(clone: Clone) -> dict[str, dict[str, Any]]:
    rows = pq.read_table(clone.folder / "data/dataset/manifest.parquet").to_pylist()
    return {row["sha256"]: row for row in rows}


@pytest.fixture
def released(copy: Clone) -> Clone:
    """The first version, as a tag."""
    copy.run("git", "add", "--all")
    copy.run("git", "commit", "--quiet", "--message", "The first version")
    copy.run("git", "tag", "v1.0.0")
    return copy


def excluded(clone: Clone) -> tuple[str, str]:
    """Exclude a training facade that another image looks like; both images."""
    rows = decisions(clone)
    copied = next(
        row
        for row in rows.values()
        if row["reason"] == "near_duplicate" and rows[row["keeper"]]["split"] == "train"  # few are held out as it is
    )
    clone.run("facades", "dataset", "exclude", copied["keeper"][:12], "--reason", "the owner asked by mail")
    return copied["keeper"], copied["sha256"]


def test_what_is_excluded_is_gone_with_its_copies_and_stays_gone(released: Clone) -> None:
    image, looks_alike = excluded(released)
    assert released.repro("curate") == ["curate"]
    reasons = {one: decisions(released)[one]["reason"] for one in (image, looks_alike)}
    assert reasons == {image: "excluded", looks_alike: "excluded"}

    newest, first = audit(released, "log")
    assert (newest["number"], newest["name"], first["number"], first["name"]) == (
        "2.0.0",
        "workspace",
        "1.0.0",
        "v1.0.0",
    )
    (change,) = [g for g in audit(released, "diff", "v1.0.0")["groups"] if g["facades"]]
    assert (change["change"], change["cause"], change["facades"]) == ("redecided", "exclusion", -1)
    assert "by Test, " in change["detail"]
    assert "the owner asked by mail" in change["detail"]

    held = audit(released, "affected")
    assert [(one["version"], one["images"]) for one in held["versions"]] == [("v1.0.0", 1)]
    assert [(one["model"], one["version"]) for one in held["models"]] == [("facade", "v1.0.0")]

    released.params(lambda p: p["sources"]["demo"].update(snapshot="2"))
    assert released.repro("curate")[:2] == ["check", "crawl@demo"]
    assert decisions(released)[image]["reason"] == "excluded", "a new crawl brings it back"


@pytest.mark.slow
def test_the_report_and_the_next_model_know_of_it(released: Clone) -> None:
    image, _ = excluded(released)
    assert {"curate", "train@facade", "report"} <= set(released.repro())
    assert "excluded" in (released.folder / "report/index.html").read_text()
    released.run("facades", "dataset", "verify")
    released.run("git", "commit", "--quiet", "--all", "--message", "Without it")
    held = audit(released, "affected")
    assert [one["version"] for one in held["versions"]] == [one["version"] for one in held["models"]] == ["v1.0.0"]
    (found,) = audit(released, "show", image)
    assert found["request"]["reason"] == "the owner asked by mail"
    assert {seen["version"]: seen["reason"] for seen in found["appearances"]}["v1.0.0"] is None
