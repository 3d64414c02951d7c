"""Write text from the web as Markdown that shows it unchanged."""

import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote


def plain(text: object) -> str:
    """Return a text on one line, escaped so that Markdown and HTML show it unchanged; URLs stay links."""
    parts = re.split(r"(https?://[^\s<>()]+)", " ".join(str(text).split()))
    return "".join(_url(part) if number % 2 else _escaped(part) for number, part in enumerate(parts))


def _url(url: str) -> str:
    """Return a URL with the characters quoted that Markdown would read as its own, for example as another link."""
    return re.sub(r"[\\`*{}\[\]|]", lambda match: quote(match[0]), url)


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|~&!])", r"\\\1", text)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the lines of a Markdown table, and an empty line."""
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"
    for row in rows:
        yield f"| {' | '.join(plain(cell) for cell in row)} |"
    yield ""
