"""Read the attribute `srcset` (https://html.spec.whatwg.org/multipage/images.html#parsing-a-srcset-attribute)."""

import re
from typing import NamedTuple

_URL = re.compile(r"[\s,]*([^\s]+)")
_DESCRIPTORS = re.compile(r"(?:[^,(]|\([^)]*\)?)*")
_DESCRIPTOR = re.compile(r"(\d+(?:\.\d+)?)([wxh])", re.IGNORECASE)
_LOOKS = re.compile(r"\s\d+(?:\.\d+)?[wx](?:\s+\d+h)?\s*(?:,|$)", re.IGNORECASE)


class Candidate(NamedTuple):
    """One picture of a srcset."""

    url: str
    size: float
    """Width in pixels, else height, else pixel density; 1 if nothing is stated."""


def candidates(text: str) -> list[Candidate]:
    """Return the pictures of a srcset in order, with their sizes."""
    found = []
    at = 0
    while match := _URL.match(text, at):
        url, at = match[1], match.end()
        sizes: dict[str, float] = {}
        if url.endswith(","):
            url = url.rstrip(",")
        else:
            stated = _DESCRIPTORS.match(text, at)
            assert stated is not None  # it matches the empty text
            at = stated.end()
            sizes = {m[2].lower(): float(m[1]) for m in map(_DESCRIPTOR.fullmatch, stated[0].split()) if m}
        if url:
            found.append(Candidate(url, sizes.get("w") or sizes.get("h") or sizes.get("x") or 1.0))
    return found


def looks_like_srcset(text: str) -> bool:
    """Return whether a text has the sizes of a srcset."""
    return bool(_LOOKS.search(text))
