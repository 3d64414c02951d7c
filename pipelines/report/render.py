"""From what is shown to HTML: the templates, and the few filters that make foreign text safe to print."""

from collections.abc import Mapping
from typing import Any

import jinja2

from pipelines.report.foreign import line, web_url


def render(context: Mapping[str, Any]) -> str:
    """The whole page. Everything printed is escaped, the style sheet apart."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pipelines.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"web_url": web_url, "line": line, "count": count, "share": share}
    return environment.get_template("page.html.j2").render(context)


def count(number: int) -> str:
    return f"{number:,}"


def share(part: int, whole: int) -> str:
    """Per cent, never rounded to all or nothing."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if 0 < percent < 1:
        return "< 1 %"
    if 99 < percent < 100:
        return "> 99 %"
    return f"{percent:.0f} %"
