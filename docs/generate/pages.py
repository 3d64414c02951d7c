"""All generated pages of docs/reference, as text."""

from collections.abc import Iterable
from pathlib import Path

from docs.generate import commands, parameters, tables

FOLDER = Path(__file__).parents[1] / "reference"
MADE = "<!-- Made from the code by `make docs`. Edit the code, not this page. -->"


def pages() -> dict[str, str]:
    """Return the content of each generated page by its file name."""
    return {
        "parameters.md": _page("Parameters: params.yaml", parameters.parts()),
        "commands.md": _page("Command line: facades", commands.parts()),
        "tables.md": _page("Tables and arrays", tables.parts()),
        "values.md": _page("Closed lists of values", tables.lists()),
    }


def _page(title: str, parts: Iterable[str]) -> str:
    return "\n\n".join([MADE, f"# {title}", *(part.strip("\n") for part in parts)]) + "\n"
