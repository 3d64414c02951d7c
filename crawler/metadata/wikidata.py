"""Read the identifiers of items of Wikidata."""

import re

_Q_ID = re.compile(r"(?:https?://(?:www\.)?wikidata\.org/(?:wiki|entity)/|wd:)?(?P<id>Q[1-9]\d{0,9})", re.ASCII)


def q_id(text: str) -> str | None:
    """Return the identifier (`Q243`) in a text that is one, or that is the URL of an item; None if it is neither."""
    found = _Q_ID.fullmatch(text.strip())
    return found["id"] if found else None
