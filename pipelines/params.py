"""Reads and validates the whole of params.yaml; every stage starts with it, so none runs with a mistake in it."""

import datetime
import json
import re
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from common.dotted import dotted
from common.errors import UserError, expected_one_of
from crawler import registry
from crawler.settings import CrawlSettings
from curate.rules import CurateParams
from pipelines import paths
from train.recipe import OLD_NAMES, EvaluateParams, Recipe

T = TypeVar("T")

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$", max_length=60)]
"""Name of a source or model. It becomes a file name, a DVC stage and a key, so it has no dots and no spaces."""


class Params(BaseModel):
    """The five sections of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    crawl: CrawlSettings = Field(
        description="contact and limits of crawls, and the licences that a dataset may contain"
    )
    sources: dict[Name, registry.Entry] = Field(min_length=1, description="sources of images, NAME: {kind: …}")
    curate: CurateParams = Field(description="rules by which images are kept or dropped")
    models: dict[Name, Recipe] = Field(min_length=1, description="models to train, NAME: a recipe")
    evaluate: EvaluateParams = Field(description="how models are evaluated")

    def source(self, name: str) -> registry.Entry:
        """Return the entry of a source.

        Raises:
            UserError: there is no source with this name.
        """
        return _pick(self.sources, "sources", name)

    def model(self, name: str) -> Recipe:
        """Return the recipe of a model.

        Raises:
            UserError: there is no model with this name.
        """
        return _pick(self.models, "models", name)


def load(path: Path = paths.PARAMS) -> Params:
    """Read and validate params.yaml.

    Raises:
        UserError: one line per mistake: the key, what was found, what was expected, and the nearest valid word.
    """
    values = read(path)
    params = validated(values, str(path))
    for name, recipe in values["models"].items():
        old = recipe.get("recipe")
        if old in OLD_NAMES:
            where = f"{path}: models.{name}.recipe"
            _warn_once(f"{where}: {old} is now called {OLD_NAMES[old]}; the next version will not accept it")
    return params


@cache
def _warn_once(line: str) -> None:
    print(f"note: {line}", file=sys.stderr)


def validated(values: Any, where: str) -> Params:
    """Validate the values of params.yaml.

    Args:
        values: as `read` returns them.
        where: the name of their file or command, for errors.

    Raises:
        UserError: as `load`.
    """
    try:
        # Strict JSON: "40" is not a number and 1 is not true, but a list is accepted as a tuple.
        params = Params.model_validate_json(json.dumps(values), strict=True)
    except ValidationError as error:
        raise UserError(
            "\n".join(f"{where}: {mistake(detail)}" for detail in error.errors(include_url=False))
        ) from None
    for name, entry in params.sources.items():
        folder = getattr(entry, "path", None)
        # Only a crawl reads the folder; when its archive exists, the folder may be deleted.
        if (
            folder
            and "://" not in folder
            and not Path(folder).expanduser().exists()
            and not paths.archive(name).exists()
        ):
            raise UserError(
                f"{where}: sources.{name}.path: found {folder!r}, expected a folder, zip or tar that exists"
            )
    return params


def read(path: Path = paths.PARAMS) -> dict[str, Any]:
    """Read params.yaml without validation.

    Raises:
        UserError: there is no such file, or it is not a YAML mapping.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file; run this in the root of the repository, which contains params.yaml")
    try:
        values = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not valid UTF-8 at byte {error.start}") from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        problem = (error.problem or "not valid YAML").splitlines()[0]
        duplicate = re.match(r"found duplicate key (\S+)", problem)
        if duplicate:
            problem = f"found {duplicate[1]} twice, expected each name once"
        raise UserError(f"{path}: line {line}: {problem}") from None
    if not isinstance(values, dict):
        raise UserError(f"{path}: found {_shown(values)}, expected the sections {', '.join(Params.model_fields)}")
    date = next((where for where, value in dotted(values).items() if isinstance(value, datetime.date)), None)
    if date:
        raise UserError(f"{path}: {date}: found a date, expected text; put it in quotes")
    return values


def _pick(entries: Mapping[str, T], section: str, name: str) -> T:
    if name not in entries:
        raise UserError(f"{section}: found no {name!r}, {expected_one_of(entries, name)}")
    return entries[name]


def mistake(detail: ErrorDetails) -> str:
    """Return an error of pydantic as one line: the key, what was found, what was expected."""
    location = detail["loc"]
    found, kind, context = detail["input"], detail["type"], detail.get("ctx", {})
    if location[-1] == "[key]":
        where = ".".join(map(str, location[:-1]))
        return f"{where}: found this name, expected lower-case letters, digits, - and _ only, a letter first"
    if location[0] == "sources" and len(location) > 2:
        # pydantic puts the kind between the name of an entry and its key.
        location = (*location[:2], *location[3:])
    where = ".".join(map(str, location))
    if kind == "union_tag_not_found":
        return f"{where}: found no kind, expected kind: one of {', '.join(registry.KINDS)}"
    if kind == "union_tag_invalid":
        tag = context["tag"]
        return f"{where}.kind: found {tag!r}, {expected_one_of(registry.KINDS, tag)}"
    if kind == "extra_forbidden":
        known = _keys(detail["loc"][:-1])
        return f"{where}: found an unknown key, {expected_one_of(known, str(location[-1]))}"
    if kind == "missing":
        return f"{where}: missing"
    if kind == "too_short" and isinstance(found, dict):
        return f"{where}: found {{}}, expected one entry or more"
    expected = detail["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    return f"{where}: found {_shown(found)}, expected {expected}"


def _keys(location: tuple[int | str, ...]) -> list[str]:
    """The valid keys of the section at `location`."""
    model: type[BaseModel] = Params
    if location[:1] == ("sources",):
        model, location = registry.kind(str(location[2])).Params, location[3:]
    elif location[:1] == ("models",):
        model, location = Recipe, location[2:]
    for part in location:
        field = model.model_fields[str(part)].annotation
        assert isinstance(field, type), f"{model.__name__}.{part} is not a section"
        model = field
    return list(model.model_fields)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"
