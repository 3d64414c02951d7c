"""The commands of README.md, as written, in a fresh clone with small parameters."""

import re
from pathlib import Path

import pytest

from tests.e2e.clones import Clone

pytestmark = pytest.mark.integration

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
FIRST, NEXT = README.split("<!-- commands", 1)


def blocks(text: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def test_the_two_commands_are_the_makefiles(copy: Clone) -> None:
    (block,) = blocks(FIRST)
    commands = [line.split("#")[0].split() for line in block.splitlines()]
    assert commands == [["make", "repro"], ["make", "test"]]
    # The environment is this one: its set-up counts as done.
    output = copy.run("make", "--assume-old=.venv/.ready", "repro").stdout
    assert "Data and pipelines are up to date." in output
    assert f"report: {copy.folder}/report/index.html" in output


def test_make_alone_lists_the_targets(copy: Clone) -> None:
    listed = copy.run("make").stdout
    for target in ("setup", "repro", "test", "test-all", "bench", "clean"):
        assert re.search(rf"^\s*make {target}\b", listed, flags=re.MULTILINE), listed


@pytest.mark.slow
def test_what_a_user_does_next_works_as_written(copy: Clone) -> None:
    ran = []
    for block in blocks(NEXT):
        output = copy.run("bash", "-euc", block).stdout
        assert "Traceback" not in output
        ran.append(re.findall(r"^Running stage '([^']+)'", output, flags=re.MULTILINE))
    commit, source, recipe, threshold, comparison = ran
    assert commit == comparison == []
    assert {"crawl@suburb", "curate"} <= set(source)
    assert set(recipe) == {"check", "train@article", "evaluate@article", "describe@article", "report"}
    assert not {stage.split("@")[0] for stage in threshold} & {"crawl", "extract", "prepare"}
    assert "models.article.recipe" in copy.run("dvc", "params", "diff").stdout
