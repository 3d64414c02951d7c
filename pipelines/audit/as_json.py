"""Results of the audit as JSON, for other programs."""

import dataclasses
import json
import sys
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.audit.numbering import Number
from pipelines.audit.parameters import ABSENT


def show(found: Any) -> None:
    """Print dataclasses, tables, mappings and lists to standard output as one JSON value; NaN is printed as null."""
    text = json.dumps(found, default=encode)
    json.dump(json.loads(text, parse_constant=lambda name: None), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


def encode(value: Any) -> Any:
    """Return what JSON has for `value`: a list of rows for a table, text for a version number, null for a default.

    Raises:
        TypeError: There is no rule for this type.
    """
    if isinstance(value, Number):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, pa.Table):
        return value.to_pylist()
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, date):
        return value.isoformat()
    if value is ABSENT:
        return None
    raise TypeError(f"{type(value).__name__}: no rule to write it as JSON")
