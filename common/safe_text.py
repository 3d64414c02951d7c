"""Text and addresses from the web, made safe to print on a page or in a terminal."""

import re
from urllib.parse import urlsplit

# Control characters, line and paragraph separators, and the marks that change the direction of reading (Unicode bidi).
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")
LONGEST = 160
"""Characters to which `one_line` cuts a text."""


def web_url(url: str | None) -> str:
    """Return `url` if it is http or https with a host, so that a link to it is safe; otherwise an empty string."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return ""
    return str(url) if parts.scheme in ("http", "https") and parts.hostname else ""


def one_line(text: str | None, longest: int = LONGEST) -> str:
    """Return `text` on one line of at most `longest` characters, without control and bidirectional marks."""
    clean = _CONTROL.sub(" ", text or "").strip()
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"
