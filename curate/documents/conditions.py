"""The conditions and caps of a dataset as text."""

from typing import Any

from curate.caps import CAPS
from curate.rules import CurateParams
from curate.where import CONDITIONS


def conditions(params: CurateParams) -> dict[str, str]:
    """Return the keys of `curate.where` and `curate.caps` that can drop an image, with their values as text."""
    found: dict[str, Any] = {}
    for section in CONDITIONS:
        values = params.where.of(section).model_dump()
        if any(value not in (None, ()) for name, value in values.items() if name != "unknown"):
            found |= {f"where.{section}.{name}": value for name, value in values.items() if value not in (None, ())}
    limits = {f"caps.{name}": limit for name in CAPS if (limit := params.caps.of(name)) is not None}
    cell = {"caps.cell": params.caps.cell} if params.caps.place is not None else {}
    return {name: _text(value) for name, value in (found | limits | cell).items()}


def _text(value: Any) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)
