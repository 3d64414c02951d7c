"""parameters.md: every key of params.yaml, from the pydantic models that validate it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from crawler import registry
from crawler.kind import SourceParams
from crawler.settings import CrawlSettings
from curate.rules import CurateParams
from docs.generate.markdown import anchor, sentence, table
from pipelines.params import Params
from train.recipe import EvaluateParams, Recipe

SOURCES = Path(__file__).parents[1] / "sources.md"
WORDS = {"string": "text", "boolean": "true or false", "null": "null", "object": "map", "array": "list"}
BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


def parts() -> Iterator[str]:
    """Yield the parts of the page."""
    yield (
        "Every key that params.yaml may contain.\n"
        "A key without a default must be given.\n"
        "`facades check` validates the whole file."
    )
    yield from _section("crawl", CrawlSettings)
    yield from _head("sources")
    yield (
        "A map of names to entries.\n"
        "A name has lower-case letters, digits, `-` and `_`, and begins with a letter.\n"
        "Every entry has these keys:"
    )
    yield _keys(SourceParams)
    for name in registry.KINDS:
        yield f"### {name}"
        yield f"Guide: [{name}](../sources.md#{_section_of(name)})."
        yield _keys(registry.kind(name).Params, skip=SourceParams.model_fields)
    yield from _section("curate", CurateParams)
    yield from _head("models")
    yield (
        "A map of names to recipes.\n"
        "`recipe` chooses the defaults, and every other key replaces one of them.\n"
        "The guide says [which key to change when](../training.md#which-field-to-change)."
    )
    yield _recipe()
    yield from _section("evaluate", EvaluateParams)


def _head(section: str) -> Iterator[str]:
    yield f"## {section}"
    yield sentence(Params.model_fields[section].description or "")


def _section(name: str, model: type[BaseModel]) -> Iterator[str]:
    yield from _head(name)
    yield _keys(model, f"{name}.")


def _section_of(kind: str) -> str:
    """Return the anchor of a kind's section in docs/sources.md."""
    lines = SOURCES.read_text(encoding="utf-8").splitlines()
    return anchor(next(line for line in lines if line.startswith(f"### `{kind}`")))


def _keys(model: type[BaseModel], prefix: str = "", skip: Iterable[str] = ()) -> str:
    schema = model.model_json_schema()
    rows = [row for row in _rows(schema, schema, prefix) if row[0].strip("`") not in skip]
    return table(("key", "type", "default", "meaning"), rows)


def _rows(node: Mapping[str, Any], root: Mapping[str, Any], prefix: str) -> Iterator[list[str]]:
    for name, field in node["properties"].items():
        section = _resolved(field, root)
        if "properties" in section:
            yield from _rows(section, root, f"{prefix}{name}.")
        else:
            default = _shown(field["default"]) if "default" in field else ""
            yield [f"`{prefix}{name}`", _type(field, root), default, sentence(field.get("description", ""))]


def _recipe() -> str:
    schema = Recipe.model_json_schema()
    recipes = schema["properties"]["recipe"]["enum"]
    defaults = [Recipe.model_validate({"recipe": name}) for name in recipes]
    rows = [
        [
            f"`{name}`",
            _type(field, schema),
            *(_shown(getattr(recipe, name)) for recipe in defaults),
            sentence(field["description"]),
        ]
        for name, field in schema["properties"].items()
    ]
    return table(("key", "type", *(f"default in `{name}`" for name in recipes), "meaning"), rows)


def _resolved(node: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in node:
        found: Mapping[str, Any] = root["$defs"][node["$ref"].rpartition("/")[2]]
        return found
    return node


def _type(node: Mapping[str, Any], root: Mapping[str, Any]) -> str:
    """Return the type of a JSON schema in words, with its range."""
    node = _resolved(node, root)
    if "anyOf" in node:
        return " or ".join(_type(one, root) for one in node["anyOf"])
    if "enum" in node or "const" in node:
        return " or ".join(f"`{value}`" for value in node.get("enum", [node.get("const")]))
    if node["type"] == "array" and node.get("items"):
        return f"list of {_type(node['items'], root)}"
    if node["type"] == "object" and isinstance(node.get("additionalProperties"), Mapping):
        return f"map of text to {_type(node['additionalProperties'], root)}"
    word = str(WORDS.get(node["type"], node["type"]))
    if "minimum" in node and "maximum" in node:
        return f"{word}, {node['minimum']} to {node['maximum']}"
    return word + "".join(f" {sign} {node[key]}" for key, sign in BOUNDS.items() if key in node)


def _shown(value: Any) -> str:
    return f"`{json.dumps(value, ensure_ascii=False)}`"
