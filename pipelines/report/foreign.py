"""Text that came from the web, made safe to print: on a page or in a terminal."""

import re
from urllib.parse import urlsplit

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")
LONGEST = 160  # characters of a foreign text


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
