"""HTML from the audit's templates, with the style and the macros of the report."""

from collections.abc import Mapping
from typing import Any

from common.html import environment
from pipelines.audit.parameters import word


def render(template: str, context: Mapping[str, Any]) -> str:
    """Return a whole page; every value in it is escaped."""
    templates = environment("pipelines.audit", "pipelines.report")
    templates.filters["word"] = word
    return templates.get_template(template).render(context)
