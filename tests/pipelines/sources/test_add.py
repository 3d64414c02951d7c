"""`facades source add`: parsing of the arguments, and the entry in params.yaml."""

import shutil
from pathlib import Path

import pytest

from common.errors import UserError
from pipelines import params
from pipelines.sources.add import add
from pipelines.sources.entry import entry

ROOT = Path(__file__).parents[3]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return Path(shutil.copy(ROOT / "params.yaml", tmp_path / "params.yaml"))


@pytest.mark.parametrize(
    ("kind", "words", "values"),
    [
        ("commons", ["category=1905", "limit=50"], {"category": "1905", "limit": 50}),
        (
            "commons",
            ["search=a facade", "allow_private=true"],
            {"search": "a facade", "allow_private": True},
        ),
        ("commons", ["category=x", "width=250"], {"category": "x", "width": 250}),
        ("site", ["start=https://a.example/", "next=a.more"], {"start": "https://a.example/", "next": "a.more"}),
        (
            "site",
            ["start=https://a.example/", "start=https://b.example/"],
            {"start": ["https://a.example/", "https://b.example/"]},
        ),
        ("urls", ["file=a.csv", "columns={title: caption}"], {"file": "a.csv", "columns": {"title": "caption"}}),
        ("urls", ["file=a=b.csv"], {"file": "a=b.csv"}),
        ("demo", ["seed=true", "snapshot=2026"], {"seed": True, "snapshot": "2026"}),
        ("demo", ["biuldings=40"], {"biuldings": 40}),
        ("demo", ["seed={"], {"seed": "{"}),
    ],
)
def test_arguments_are_read_as_the_types_of_the_kind(kind, words, values):
    assert entry(kind, words) == {"kind": kind, **values}


@pytest.mark.parametrize("word", ["limit", "=3"])
def test_an_argument_without_key_and_value_is_an_error(word):
    with pytest.raises(UserError, match="expected key=value"):
        entry("commons", [word])


def test_nothing_but_the_entry_changes(file):
    before = file.read_text()
    add("paris", {"kind": "commons", "category": "Facades in Paris: Île", "limit": 50, "snapshot": "2026-11"}, file)
    lines = [
        "  paris:",
        "    kind: commons",
        '    category: "Facades in Paris: Île"',
        "    limit: 50",
        '    snapshot: "2026-11"',
    ]
    after = file.read_text().splitlines()
    at = after.index(lines[0])
    assert after[at : at + 5] == lines
    assert after[at - 1] == '    snapshot: "1"', "at the end of the section, before the blank line"
    assert after[:at] + after[at + 5 :] == before.splitlines()
    assert params.load(file).source("paris").kind == "commons"


@pytest.mark.parametrize("text", ["no", "~", "3", "a: b", "a #b", " x ", "{", "'", '"', "null", "1e3", "=", "a\nb"])
def test_any_text_is_read_back_unchanged(file, text):
    add("new", {"kind": "commons", "search": text, "snapshot": "1"}, file)
    assert params.read(file)["sources"]["new"] == {"kind": "commons", "search": text, "snapshot": "1"}


def test_an_entry_is_added_when_sources_is_the_last_section(file):
    text = file.read_text()
    begin, end = text.index("# NAME: {kind: …"), text.index("curate:")
    file.write_text(text[:begin] + text[end:] + "\nsources:\n    demo: {kind: demo}  # a town\n    # more\n\n# end")
    add("new", {"kind": "demo", "seed": 3}, file)
    assert file.read_text().endswith(
        "    demo: {kind: demo}  # a town\n    # more\n    new:\n      kind: demo\n      seed: 3\n\n# end"
    )


@pytest.mark.parametrize(
    "line", ["sources:", "sources: {}", "sources: {}  # none yet", "sources:  # none yet", "sources: null"]
)
def test_the_first_source_is_added_to_an_empty_section(file, line):
    text = file.read_text()
    begin, end = text.index("sources:\n"), text.index("\ncurate:")
    file.write_text(f"{text[:begin]}{line}\n{text[end:]}")
    add("town", {"kind": "demo", "seed": 3}, file)
    comment = " # none yet" if "#" in line else ""
    entry = "  town:\n    kind: demo\n    seed: 3\n"
    assert file.read_text() == f"{text[:begin]}sources:{comment}\n{entry}{text[end:]}"


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("demo", {"kind": "demo"}, "sources.demo: found an existing source"),
        ("Paris", {"kind": "demo"}, "sources.Paris: found this name"),
        (
            "new",
            {"kind": "demo", "biuldings": 40},
            "sources.new.biuldings: found an unknown key.*mean buildings",
        ),
        ("new", {"kind": "commons"}, "sources.new: found .*expected one of category, search and page"),
        ("new", {"kind": "folder", "path": "/nowhere"}, "sources.new.path: found '/nowhere'"),
    ],
)
def test_a_mistake_is_an_error_and_nothing_is_written(file, name, values, message):
    before = file.read_bytes()
    with pytest.raises(UserError, match=message):
        add(name, values, file)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == ["params.yaml"]


def test_a_section_in_braces_stays_unchanged(file):
    text = file.read_text()
    begin, end = text.index("sources:"), text.index("curate:")
    file.write_text(text[:begin] + "sources: {demo: {kind: demo}}\n" + text[end:])
    before = file.read_bytes()
    with pytest.raises(UserError, match="found a section in braces"):
        add("new", {"kind": "demo"}, file)
    assert file.read_bytes() == before
