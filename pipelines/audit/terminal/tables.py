"""What all tables of the terminal have in common: 80 columns, and text that is never taken for markup."""

from collections.abc import Iterable, Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from common.safe_text import LONGEST, one_line

WHOLE = 10_000  # characters of a foreign text that is not cut
LISTED = 20  # images or failures that are printed; --json has all


def show(*parts: RenderableType | None) -> None:
    """Print to standard output; where that is no terminal, 80 columns wide."""
    Console(highlight=False, soft_wrap=False).print(Group(*(part for part in parts if part is not None)))


def table(
    *columns: str, rows: Iterable[Sequence[object]], title: str = "", right: Sequence[int] = (), longest: int = LONGEST
) -> Table:
    """A plain table; `right` are the columns of numbers. Cells are text, never markup."""
    made = Table(
        title=title or None, title_justify="left", box=None, pad_edge=False, show_edge=False, padding=(0, 2, 0, 0)
    )
    for place, name in enumerate(columns):
        made.add_column(name, justify="right" if place in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text(one_line(str(cell), longest)) for cell in row))
    return made


def printable(text: str) -> str:
    """The same without control characters and marks that turn the reading direction; as long as it is."""
    return "".join(character if character.isprintable() else " " for character in text)


def facts(pairs: Iterable[tuple[str, object]]) -> Table:
    """Names and values; an attribution is to be printed whole."""
    made = table("", "", rows=[pair for pair in pairs if pair[1]], longest=WHOLE)
    made.show_header = False
    return made


def section(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> list[RenderableType]:
    return [table(*columns, rows=rows, title=title), Text()] if rows else []
