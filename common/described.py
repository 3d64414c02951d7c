"""Names that carry their own description: members of a closed list, columns of a table. docs/reference prints both."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple, Self

import pyarrow as pa


class DescribedEnum(StrEnum):
    """A closed list of words, each with a description: `NAME = "value", "What it means."`."""

    _value_: str
    description: str

    def __new__(cls, value: str, description: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.description = description
        return member


class Column(NamedTuple):
    """One column of a table, with the sentence that describes it."""

    name: str
    type: pa.DataType
    description: str


def schema(columns: Iterable[Column]) -> pa.Schema:
    """Return the Arrow schema of `columns`; descriptions are left out, so they never change the bytes of a table."""
    return pa.schema([(column.name, column.type) for column in columns])
