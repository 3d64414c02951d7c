"""What came from the web as Markdown that shows it as it is."""

import re
from collections.abc import Iterable, Iterator, Sequence


def plain(text: object) -> str:
    """One line of text that Markdown and HTML leave as it is, addresses aside."""
    parts = re.split(r"(https?://[^\s<>()]+)", " ".join(str(text).split()))
    escaped = [part if part.startswith("http") else re.sub(r"([\\`*_{}\[\]<>#|~&!])", r"\\\1", part) for part in parts]
    return "".join(escaped)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Lines of a table, and the empty one that ends it."""
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"
    for row in rows:
        yield f"| {' | '.join(plain(cell) for cell in row)} |"
    yield ""
