"""From what is shown to HTML: the templates, and the few filters that make foreign text safe to print."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import jinja2

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")
LONGEST = 160  # characters of a foreign text


def render(context: Mapping[str, Any]) -> str:
    """The whole page. Everything printed is escaped, the style sheet apart."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pipelines.page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"web_url": web_url, "line": line, "count": count, "share": share}
    return environment.get_template("page.html.j2").render(context)


def web_url(url: str | None) -> str:
    """`url` where a browser may safely follow it (http or https, with a host), else an empty string."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return ""
    return str(url) if parts.scheme in ("http", "https") and parts.hostname else ""


def line(text: str | None, longest: int = LONGEST) -> str:
    """Foreign text as one short line, without control characters and without marks that turn the reading direction."""
    clean = _CONTROL.sub(" ", text or "").strip()
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"


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
