"""The help of every command: its text, and that one option has one meaning everywhere."""

import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from pipelines.cli.main import commands
from tests.pipelines.audit.conftest import ROOT

PLAIN = {"COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"}
STYLE = re.compile(r"\x1b\[[0-9;]*m")

SHARED = {"--rev", "--json", "--html", "--out", "--quiet", "--label", "--seed", "--truncation", "--latents", "--author"}


def walk(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    if isinstance(command, TyperGroup):
        for name, member in command.commands.items():
            yield from walk(member, (*path, name))


COMMANDS = dict(walk(typer.main.get_command(commands)))


def options(path: tuple[str, ...]) -> list[Any]:
    return [param for param in COMMANDS[path].params if param.name not in ("install_completion", "show_completion")]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_the_help_of_a_command(path: tuple[str, ...], golden: Callable[[str, str], None]) -> None:
    done = CliRunner().invoke(commands, [*path, "--help"], env=PLAIN, prog_name="facades")
    assert done.exit_code == 0
    lines = [STYLE.sub("", line).rstrip() for line in done.output.strip().splitlines()]
    assert max(map(len, lines)) <= 80
    golden(f"{'-'.join(('facades', *path))}.txt", "\n".join(lines) + "\n")


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_argument_and_option_has_a_help_text(path: tuple[str, ...]) -> None:
    assert COMMANDS[path].help
    assert [param.name for param in options(path) if not param.help] == []


def test_an_option_has_the_same_name_metavar_and_help_in_every_command() -> None:
    texts = defaultdict(set)
    for path in COMMANDS:
        for param in options(path):
            for name in SHARED & set(param.opts):
                texts[name].add((tuple(param.opts), param.metavar, param.help))
    assert texts.keys() == SHARED
    assert {name: found for name, found in texts.items() if len(found) > 1} == {}


def test_help_imports_no_heavy_package() -> None:
    code = (
        "import sys; from pipelines.cli.main import commands; commands(['--help'], standalone_mode=False);"
        "print(sorted({'torch', 'dvc', 'scrapy', 'pyarrow', 'numpy', 'pydantic', 'PIL'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
