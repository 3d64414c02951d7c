"""What the audit found, as JSON for other programs."""

import dataclasses
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from enum import Enum
from itertools import repeat
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.audit.numbering import Number
from pipelines.audit.parameters import ABSENT

PLAIN = (str, int, bool, type(None))


def show(found: Any) -> None:
    """Print dataclasses, tables, mappings and lists to standard output as one JSON value."""
    sys.stdout.writelines(_lines(plain(found), ""))
    sys.stdout.write("\n")


def _lines(value: Any, indent: str) -> Iterator[str]:
    """JSON in which what holds nothing nested, such as a row of a table, is on one line."""
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if not any(isinstance(member, dict | list) for member in members):
        yield json.dumps(value, ensure_ascii=False, allow_nan=False)
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    keys = (f"{json.dumps(key, ensure_ascii=False)}: " for key in value) if isinstance(value, dict) else repeat("")
    for place, (key, member) in enumerate(zip(keys, members, strict=False)):
        yield f"{',' if place else opening}\n{indent}  {key}"
        yield from _lines(member, f"{indent}  ")
    yield f"\n{indent}{closing}"


def plain(value: Any) -> Any:
    """The same in what JSON knows: a table is a list of rows, a version number a text, an absent parameter null."""
    if type(value) in PLAIN:
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, pa.Table):
        return [plain(row) for row in value.to_pylist()]
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in (sorted(value) if isinstance(value, set | frozenset) else value)]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and value != value:
        return None
    return None if value is ABSENT else value
