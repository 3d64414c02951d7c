"""Markdown as the pages of docs use it."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [head, *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    first, *others = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([first, "|---" * len(head) + "|", *others])


def sentence(text: str) -> str:
    """Return a description as a sentence on one line: first letter upper-case, full stop at the end."""
    text = " ".join(text.split())
    return text and text[0].upper() + text[1:] + ("" if text.endswith((".", "?", ":")) else ".")


def anchor(heading: str) -> str:
    """Return the anchor that GitHub gives to a heading, which is its text without the leading `#`."""
    text = heading.lstrip("#").strip().lower()
    return "".join(char for char in text if char.isalnum() or char in "-_ ").replace(" ", "-")
