"""Parameters of two versions side by side."""

from collections.abc import Mapping
from typing import Any

ABSENT = ...
"""Stands for a key that a version did not set: its default held."""

Changed = Mapping[str, tuple[Any, Any]]
"""Dotted keys with their value before and after."""


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The dotted keys whose values differ, sorted."""
    pairs = {key: (before.get(key, ABSENT), after.get(key, ABSENT)) for key in sorted(before.keys() | after.keys())}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def sentence(changes: Changed) -> str:
    """On one line, by the last part of each key: `min_side 96 → 120, radius default → 12`."""
    return ", ".join(f"{key.rsplit('.', 1)[-1]} {word(old)} → {word(new)}" for key, (old, new) in changes.items())


def word(value: Any) -> str:
    """A value of params.yaml as a person says it."""
    if value is ABSENT:
        return "default"
    if value is None:
        return "off"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(word(one) for one in value) + "]"
    return str(value)
