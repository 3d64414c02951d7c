"""Tables for a terminal of 80 columns, with text that is never interpreted as markup."""

from collections.abc import Iterable, Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from common.safe_text import LONGEST, one_line

WHOLE = 10_000  # characters; longer than any text that has to be printed in full
LISTED = 20  # images or failures that are printed; --json has all


def show(*parts: RenderableType | None) -> None:
    """Print to standard output, 80 columns wide if that is not a terminal."""
    Console(highlight=False, soft_wrap=False).print(Group(*(part for part in parts if part is not None)))


def table(
    *columns: str, rows: Iterable[Sequence[object]], title: str = "", right: Sequence[int] = (), longest: int = LONGEST
) -> Table:
    """Return a plain table. Cells are text, never markup.

    Args:
        columns: Their names.
        rows: A cell for each column.
        title: Above the table.
        right: Indices of the columns that are aligned to the right.
        longest: Characters to which a cell is cut.
    """
    made = Table(
        title=title or None, title_justify="left", box=None, pad_edge=False, show_edge=False, padding=(0, 2, 0, 0)
    )
    for index, name in enumerate(columns):
        made.add_column(name, justify="right" if index in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text(one_line(str(cell), longest)) for cell in row))
    return made


def printable(text: str) -> str:
    """Return `text` without control characters and marks that change the reading direction, in its full length."""
    return "".join(character if character.isprintable() else " " for character in text)


def facts(pairs: Iterable[tuple[str, object]]) -> Table:
    """Return a table of names and values, without empty values. Values are not cut."""
    made = table("", "", rows=[pair for pair in pairs if pair[1]], longest=WHOLE)
    made.show_header = False
    return made


def section(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> list[RenderableType]:
    """Return a table and an empty line, or nothing if there are no rows."""
    return [table(*columns, rows=rows, title=title), Text()] if rows else []
