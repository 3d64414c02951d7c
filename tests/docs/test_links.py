"""Every link, anchor, path and command that README.md and docs/ name exists."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from docs.generate.markdown import anchor
from pipelines.cli.main import commands

ROOT = Path(__file__).parents[2]
NAMES = sorted(str(page.relative_to(ROOT)) for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
OF_TODAY = [name for name in NAMES if name != "CHANGELOG.md"]
"""Pages that describe the present; the changelog names what is gone as well."""
ROOMS = ("common", "crawler", "curate", "train", "pipelines", "tests", "benchmarks", "docs")
MADE_BY_THE_READER = ("exampleton",)
"""Names in the example of a new kind, which a reader writes."""


@cache
def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def without_code_blocks(page: Path) -> str:
    return re.sub(r"^ *```.*?^ *```", "", text_of(page), flags=re.MULTILINE | re.DOTALL)


@cache
def anchors(page: Path) -> set[str]:
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", without_code_blocks(page), flags=re.MULTILINE):
        name = anchor(re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading))
        number = 0
        while (numbered := f"{name}-{number}" if number else name) in found:
            number += 1
        found.add(numbered)
    return found


def links(page: Path) -> Iterator[str]:
    for target in re.findall(r"\]\(([^()\s]*(?:\([^()]*\))?[^()\s]*)\)", without_code_blocks(page)):
        if not re.match(r"[a-z]+:", target):
            yield target


def commands_in(text: str) -> list[str]:
    """Return the words after `facades` in inline code and in blocks of shell commands."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    inline = re.findall(r"(?<!`)`([^`\n]+)`", text)
    return [
        words
        for code in [*"".join(blocks).splitlines(), *inline]
        for words in re.findall(r"(?:^|&& |no-python )facades((?: [a-z][a-z-]*)+)", code)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_every_relative_link_leads_to_a_file_and_its_anchor(name: str) -> None:
    page = ROOT / name
    broken = []
    for link in links(page):
        path, _, fragment = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (fragment and fragment not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("name", OF_TODAY)
def test_every_path_of_code_exists(name: str) -> None:
    paths = re.findall(rf"(?<![\w/.-])(?:{'|'.join(ROOMS)})/[\w./-]*\w/?", text_of(ROOT / name))
    paths = [path for path in paths if not any(word in path for word in MADE_BY_THE_READER)]
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", OF_TODAY)
def test_every_command_exists(name: str) -> None:
    root = typer.main.get_command(commands)
    assert isinstance(root, TyperGroup)
    unknown = []
    for words in commands_in(text_of(ROOT / name)):
        group = root
        for word in words.split():
            command = group.commands.get(word)
            if command is None or command.hidden:
                unknown.append(f"facades {words}")
            if not isinstance(command, TyperGroup):
                break
            group = command
    assert unknown == []


def test_every_page_that_code_names_exists() -> None:
    files = [file for room in ROOMS for kind in ("py", "json", "j2") for file in (ROOT / room).rglob(f"*.{kind}")]
    files = [file for file in files if "node_modules" not in file.parts] + [ROOT / "Makefile", ROOT / "params.yaml"]
    named = {(file, path) for file in files for path in re.findall(r"(?<![\w./])docs/[\w./-]+\.md", text_of(file))}
    assert len(named) > 5
    assert sorted(f"{file}: {path}" for file, path in named if not (ROOT / path).exists()) == []
