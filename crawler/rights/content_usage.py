"""AIPREF: the usage preference `train-ai` in the header Content-Usage and in rules of robots.txt.

The vocabulary is draft-ietf-aipref-vocab (https://datatracker.ietf.org/doc/draft-ietf-aipref-vocab/), the places are
draft-ietf-aipref-attach (https://datatracker.ietf.org/doc/draft-ietf-aipref-attach/), the syntax is a dictionary of
Structured Fields (RFC 9651, section 3.2). Sites still use the labels of earlier versions of the vocabulary, so those
that cover the training of a generative model are read too.

Stricter than the drafts in three points: a repeated key reserves if one of its values does; a text that mentions
training and is no dictionary reserves; and so does a value other than `y` and `n`.
"""

import re
from collections.abc import Iterable
from typing import cast

from http_sf import StructuredFieldError, Token, parse

from crawler.rights.finding import Verdict

_TRAINING = ("train-ai", "train-genai", "ai", "genai")
_BROADER = ("bots", "tdm")  # the label of a category that training was part of, unless it had a label of its own
_MAX_LENGTH = 16_384  # characters; nobody needs more for a preference
_MENTION = re.compile(r"train-(?:gen)?ai|(?<![\w.*-])(?:(?:gen)?ai|bots|tdm)\s*=", re.IGNORECASE)


def read(values: Iterable[str]) -> Verdict:
    """Return the strictest of the values of all Content-Usage headers or rules that apply."""
    found: dict[str, set[Verdict]] = {}
    for value in values:
        for member in _members(value):
            for key, verdict in _preferences(member):
                found.setdefault(key, set()).add(verdict)
    stated = set().union(*(found.get(key, ()) for key in _TRAINING))
    stated = stated - {Verdict.SILENT} or set().union(*(found.get(key, ()) for key in _BROADER)) - {Verdict.PERMITTED}
    return next((verdict for verdict in (Verdict.RESERVED, Verdict.PERMITTED) if verdict in stated), Verdict.SILENT)


def _members(value: str) -> list[str]:
    """Split a dictionary without strings and inner lists into its members, so that a repeated key is not lost."""
    return [value] if len(value) > _MAX_LENGTH or '"' in value or "(" in value else value.split(",")


def _preferences(value: str) -> list[tuple[str, Verdict]]:
    try:
        if len(value) > _MAX_LENGTH:
            raise StructuredFieldError("too long")
        parsed = parse(value.strip().encode("ascii", "replace"), tltype="dictionary")
    except StructuredFieldError:
        return [(_TRAINING[0], Verdict.RESERVED)] if _MENTION.search(value) else []
    members = cast(dict[str, tuple[object, object]], parsed)  # (value, parameters)
    return [(key, _verdict(value)) for key, (value, _) in members.items()]


def _verdict(value: object) -> Verdict:
    if value is True:  # a key alone states no preference
        return Verdict.SILENT
    return Verdict.PERMITTED if isinstance(value, Token) and str(value) == "y" else Verdict.RESERVED
