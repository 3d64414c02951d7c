"""The pages of docs/reference equal what the code gives, and every entry on them has a description."""

import pytest

from docs.generate import tables
from docs.generate.pages import FOLDER, pages


@pytest.mark.parametrize("name", ["parameters.md", "commands.md", "tables.md", "values.md"])
def test_a_page_of_the_reference_is_what_the_code_gives(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == pages()[name], f"{name} is stale; run `make docs`"


@pytest.mark.parametrize("name", ["parameters.md", "commands.md"])
def test_every_key_and_option_has_a_description(name: str) -> None:
    rows = [line for line in pages()[name].splitlines() if line.startswith("| `")]
    assert len(rows) > 50
    assert [row for row in rows if row.endswith("|  |")] == []


def test_every_value_of_a_closed_list_has_a_description() -> None:
    assert [value for values, _ in tables.LISTS for value in values if not value.description] == []


def test_every_generated_table_is_documented_once() -> None:
    assert len({path for path, _, _ in tables.TABLES}) == len(tables.TABLES)
