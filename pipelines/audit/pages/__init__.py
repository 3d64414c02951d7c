"""Results of the audit as self-contained pages in the style of the report."""

from pathlib import Path

from common.files import replacing


def save(page: str, path: Path) -> Path:
    """Write a page to `path`, whole or not at all, and return `path`."""
    with replacing(path) as draft:
        draft.write_text(page, encoding="utf-8")
    return path
