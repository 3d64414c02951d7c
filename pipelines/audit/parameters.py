"""Compares the parameters of two versions."""

from collections.abc import Mapping
from typing import Any

ABSENT = ...
"""The value of a key that params.yaml does not set, so that its default applies."""

Changed = Mapping[str, tuple[Any, Any]]
"""Dotted keys with their value before and after."""


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the dotted keys whose values differ, sorted, with both values."""
    pairs = {key: (before.get(key, ABSENT), after.get(key, ABSENT)) for key in sorted(before.keys() | after.keys())}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def sentence(changes: Changed) -> str:
    """Return changes on one line, with the last part of each key: `min_side 96 → 120, radius default → 12`."""
    return ", ".join(f"{key.rsplit('.', 1)[-1]} {word(old)} → {word(new)}" for key, (old, new) in changes.items())


def word(value: Any) -> str:
    """Return a value of params.yaml as text; null, which switches a filter off, is `off`."""
    if value is ABSENT:
        return "default"
    if value is None:
        return "off"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(word(one) for one in value) + "]"
    return str(value)
