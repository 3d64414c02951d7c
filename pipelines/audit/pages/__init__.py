"""Results of the audit as self-contained pages, with the style and the macros of the report."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.files import replacing
from common.html import environment
from pipelines.audit.parameters import word


def render(template: str, context: Mapping[str, Any]) -> str:
    """Return a whole page; every value in it is escaped."""
    templates = environment("pipelines.audit", "pipelines.report")
    templates.filters["word"] = word
    return templates.get_template(template).render(context)


def save(page: str, path: Path) -> Path:
    """Write a page to `path`, whole or not at all, and return `path`."""
    with replacing(path) as draft:
        draft.write_text(page, encoding="utf-8")
    return path
