"""`facades source add`: write an entry into params.yaml without changing anything else in the file."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from common.errors import UserError
from common.files import replacing
from pipelines import params, paths

_PLAIN = re.compile(r"(?:~?/|[A-Za-z])[\w ./~-]*")
_EMPTY = re.compile(r"^sources: *(?:\{ *\}|null|~)? *(#.*)?$", re.MULTILINE)
_NOT_TEXT = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}  # in YAML 1.1 or 1.2


def add(name: str, entry: Mapping[str, Any], path: Path = paths.PARAMS) -> str:
    """Add an entry at the end of `sources:`.

    Returns:
        The lines that were added.

    Raises:
        UserError: a source with this name exists, the entry is not valid, or `sources:` is written in braces. The file
            stays unchanged.
    """
    values = params.read(path)
    entries = values.get("sources") or {}
    if entries or "sources" not in values:
        params.validated(values, str(path))
    if name in entries:
        raise UserError(f"{path}: sources.{name}: found an existing source, expected a new name")
    after = {**values, "sources": {**entries, name: dict(entry)}}
    params.validated(after, str(path))
    text = path.read_bytes().decode("utf-8")
    if not entries:
        text = _EMPTY.sub(lambda line: f"sources: {line[1] or ''}".rstrip(), text)
    indent, at = _end_of_sources(text, path)
    lines = [f"{indent}{name}:", *(f"{indent}  {key}: {_scalar(value)}" for key, value in entry.items())]
    written = text[:at] + ("" if text[:at].endswith("\n") else "\n") + "\n".join(lines) + "\n" + text[at:]
    with replacing(path) as draft:
        draft.write_bytes(written.encode("utf-8"))
        if params.read(draft) != after:
            raise _unexpected(path)
    return "\n".join(lines)


def _end_of_sources(text: str, path: Path) -> tuple[str, int]:
    """The indentation of the entries of `sources:`, and the offset at which the last entry ends."""
    document = YAML().load(text)
    sources = document["sources"]
    begin = document.lc.key("sources")[0]
    if sources is None:
        return "  ", sum(map(len, text.splitlines(keepends=True)[: begin + 1]))
    if not isinstance(sources, CommentedMap) or sources.fa.flow_style():
        raise _unexpected(path)
    lines = text.splitlines(keepends=True)
    keys = sorted(document.lc.key(key)[0] for key in document)
    end = next((line for line in keys if line > begin), len(lines))
    # Blank lines and unindented comments above the next section belong to that section.
    while lines[end - 1].startswith("#") or not lines[end - 1].strip():
        end -= 1
    return " " * sources.lc.col, sum(map(len, lines[:end]))


def _scalar(value: Any) -> str:
    """A value as YAML on one line: JSON, but text that is not ambiguous has no quotes."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value == value.strip() and value.lower() not in _NOT_TEXT:
        return value
    return json.dumps(value, ensure_ascii=False)


def _unexpected(path: Path) -> UserError:
    return UserError(f"{path}: sources: found a section in braces, expected indented entries; add the entry by hand")
