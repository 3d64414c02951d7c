"""Parses `KIND key=value …` from the command line into an entry of `sources:`."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from common.errors import UserError
from crawler.registry import kind


def entry(kind_name: str, arguments: Sequence[str]) -> dict[str, Any]:
    """Return the entry that the arguments describe, not yet validated. A repeated key is a list.

    Raises:
        UserError: there is no such kind, or an argument is not key=value.
    """
    fields = kind(kind_name).Params.model_fields
    values: dict[str, Any] = {"kind": kind_name}
    given: dict[str, list[str]] = {}
    for argument in arguments:
        key, equals, text = argument.partition("=")
        if not equals or not key:
            raise UserError(f"{argument}: found no '=', expected key=value, such as limit=50")
        given.setdefault(key, []).append(text)
    for key, texts in given.items():
        values[key] = texts if len(texts) > 1 else _value(fields.get(key), texts[0])
    return values


def _value(field: FieldInfo | None, text: str) -> Any:
    """The text itself if the parameter accepts text (`category=1905` is a name), otherwise its value as YAML."""
    try:
        if field is not None:
            described: Any = Annotated[field.annotation, field]
            TypeAdapter(described).validate_json(json.dumps(text), strict=True)
            return text
        return YAML(typ="safe", pure=True).load(text)
    except ValidationError:
        pass
    except YAMLError:
        return text
    return _value(None, text)
