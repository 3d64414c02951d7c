"""`facades dataset why`: the rule that decided, and the result of each filter."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from common.errors import UserError
from curate.schemas import Decision, Reason
from pipelines.audit.why import OTHER_RULES, save, why
from pipelines.versions.repository import Repository
from pipelines.versions.version import Version, open_version

if TYPE_CHECKING:
    from tests.pipelines.audit.conftest import Town

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def here(story: "Town") -> Version:
    return open_version(Repository(story.folder), "HEAD")


def test_every_decision_has_its_rule_and_the_filters_agree_with_it(here: Version) -> None:
    reasons = set()
    images = here.manifest(("sha256",))["sha256"].unique().to_pylist()
    for found in (one for image in images for one in why(here, image)):
        reason = found.row["reason"]
        reasons.add(reason)
        rejecting = [result.key for result in found.filters if not result.passed]
        assert (found.rule is None) == (found.row["decision"] == Decision.KEPT)
        if found.row["decision"] == Decision.KEPT:
            assert rejecting == []
        elif reason == Reason.TOO_SMALL:
            assert found.rule == "curate.thresholds.min_side" == rejecting[0]
            result = next(one for one in found.filters if one.key == found.rule)
            assert (result.value, result.threshold) == (found.row["value"], found.row["threshold"])
        elif reason == Reason.EXCLUDED:
            assert found.request is not None
            assert found.request.reason == "asked by mail"
        elif reason == Reason.EXACT_DUPLICATE:
            assert found.keeper is not None
            assert found.keeper["sha256"] == found.row["keeper"]
    assert {None, Reason.TOO_SMALL, Reason.EXCLUDED, Reason.EXACT_DUPLICATE} <= reasons


def test_every_reason_without_a_filter_has_a_rule() -> None:
    filters = {Reason.TOO_SMALL, Reason.ODD_ASPECT, Reason.BLURRED, Reason.DARK, Reason.BRIGHT, Reason.LOW_INFORMATION}
    filters |= {Reason.GREYSCALE, Reason.DRAWING, Reason.BORDER, Reason.NOT_FACADE}
    assert set(OTHER_RULES) | filters == set(Reason)


def test_the_pictures_are_the_bytes_that_were_fetched(here: Version, tmp_path: Path) -> None:
    rows = here.manifest().to_pylist()
    lost = next(row for row in rows if row["reason"] == Reason.EXACT_DUPLICATE)
    found = next(one for one in why(here, lost["sha256"]) if one.row["source"] == lost["source"])
    pictures = save(here, found, tmp_path)
    assert set(pictures) == {"picture", "keeper's"}
    for path in pictures.values():
        assert hashlib.sha256(path.read_bytes()).hexdigest().startswith(path.stem)
        assert path.suffix == ".jpeg"


def test_an_unknown_image_is_reported_in_one_line(here: Version) -> None:
    with pytest.raises(UserError, match=r"^0000000000000000: no such image at"):
        why(here, "0" * 64)


def test_the_command_prints_rule_and_paths(story: "Town") -> None:
    building = story.sources["town"][0]
    command = [
        sys.executable,
        "-c",
        "from pipelines.cli.main import app; app()",
        "dataset",
        "why",
        building.sha256[:12],
    ]

    def run(*options: str) -> str:
        return subprocess.run(
            [*command, "--rev", "v2.0.0", *options], cwd=story.folder, check=True, capture_output=True, text=True
        ).stdout

    printed = run("--out", "exports/why")
    assert "too small" in printed
    assert "curate.thresholds.min_side" in printed
    path = f"exports/why/{building.sha256[:16]}.jpeg"
    assert path in printed
    assert (story.folder / path).read_bytes() == building.jpeg()
    (found,) = json.loads(run("--json"))
    assert found["rule"] == "curate.thresholds.min_side"
    stated = {one["key"].rpartition(".")[2]: (one["stated"], one["passed"]) for one in found["conditions"]}
    nothing = ("", True)
    assert stated.pop("box") == ("48.85820, 2.29450", True)
    assert stated == {"digital_source_type": nothing, "tags": ("house", True), "years": ("1998-05", True)}
