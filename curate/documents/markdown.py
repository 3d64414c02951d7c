"""Write text from the web as Markdown that shows it unchanged."""

import re
from collections.abc import Iterable, Iterator, Sequence


def plain(text: object) -> str:
    """Return a text on one line, escaped so that Markdown and HTML show it unchanged; URLs stay links."""
    parts = re.split(r"(https?://[^\s<>()]+)", " ".join(str(text).split()))
    escaped = [part if part.startswith("http") else re.sub(r"([\\`*_{}\[\]<>#|~&!])", r"\\\1", part) for part in parts]
    return "".join(escaped)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the lines of a Markdown table, and an empty line."""
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"
    for row in rows:
        yield f"| {' | '.join(plain(cell) for cell in row)} |"
    yield ""
