"""Old names of commands lead to the new ones and say so."""

import subprocess
import sys
from pathlib import Path

import pytest

from common.errors import UserError
from pipelines.cli.deprecated import RENAMED, translate
from tests.pipelines.cli.test_help import COMMANDS

pytestmark = pytest.mark.integration

NEW = [
    ("sources demo", "source list demo"),
    ("try demo seed=3 --limit 5", "source try demo seed=3 --limit 5"),
    ("add town demo", "source add town demo"),
    ("retry town -q", "source retry town -q"),
    ("new-kind x", "source new-kind x"),
    ("why 12 --json", "dataset why 12 --json"),
    ("sample facade -n 4", "model sample facade -n 4"),
    ("walk facade --frames", "model interpolate facade --frames"),
    ("pick facade", "model pick facade"),
    ("audit log --all", "dataset log --all"),
    ("audit diff HEAD", "dataset diff HEAD"),
    ("audit show 12", "dataset show 12"),
    ("audit show --by author Ann --json", "dataset show --author Ann --json"),
    ("audit verify --sample 5", "dataset verify --sample 5"),
    ("audit exclude 12 --reason no", "dataset exclude 12 --reason no"),
    ("audit contaminated", "dataset affected"),
    ("audit memorised facade", "model memorization facade"),
    ("audit --help", "dataset --help"),
    ("export facade --format onnx --label brick", "model export onnx facade --label brick"),
    ("export --format=web facade -o x.html", "model export web facade -o x.html"),
    ("export facades.zip --format zip --rev v1", "dataset export zip facades.zip --rev v1"),
]


@pytest.mark.parametrize(("old", "new"), NEW)
def test_an_old_name_leads_to_the_new_command_and_is_named_on_stderr(
    old: str, new: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert translate(old.split()) == new.split()
    out, line = capsys.readouterr()
    assert out == ""
    assert line.startswith("note: `facades ")
    assert line.count("\n") == 1
    words = new.split()
    named = next(words[:length] for length in (3, 2, 1) if tuple(words[:length]) in COMMANDS)
    assert f"is now `facades {' '.join(named)}`; the next version removes the old name" in line


def test_every_old_name_is_tested_and_leads_to_a_command_that_exists() -> None:
    assert {old for old in RENAMED if not any(f"{line} ".startswith(f"{old} ") for line, _ in NEW)} == set()
    assert {new for new in RENAMED.values() if tuple(new.split()) not in COMMANDS} == set()


@pytest.mark.parametrize(
    "words", [[], ["--help"], ["crawl", "add"], ["source", "try", "demo"], ["dataset", "why", "1"]]
)
def test_a_new_name_is_left_alone(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert translate(words) == words
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "words", [["export"], ["export", "--help"], ["export", "x", "--format"], ["export", "x", "--format", "y"]]
)
def test_export_without_a_format_names_both_new_commands(words: list[str]) -> None:
    with pytest.raises(UserError, match="`facades model export FORMAT MODEL` or `facades dataset export FORMAT DIR`"):
        translate(words)


def test_old_names_are_not_in_the_help_but_run(tmp_path: Path) -> None:
    assert {("audit",), ("why",), ("sources",), ("export",)} & set(COMMANDS) == set()
    facades = Path(sys.executable).parent / "facades"
    done = subprocess.run([facades, "sample", "none"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    note, error = done.stderr.splitlines()
    assert note == "note: `facades sample` is now `facades model sample`; the next version removes the old name"
    assert error.startswith("error: models/none/generator.safetensors: no such file")
