"""params.yaml, read and validated as a whole: every stage starts here, so that no stage runs on a file with a mistake in it."""

import datetime
import difflib
import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError

from crawler import kinds
from crawler.errors import UserError
from crawler.settings import CrawlSettings
from curate.rules import CurateParams
from pipelines import paths
from train.recipe import EvaluateParams, Recipe

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$", max_length=60)]
"""Of a source or a model: it becomes a file name, a DVC stage name and a key, so it is lower case, without dots or spaces."""


class Params(BaseModel):
    """The five sections of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    crawl: CrawlSettings = Field(description="who asks, how politely, and which licences may enter a dataset")
    sources: dict[Name, kinds.Entry] = Field(min_length=1, description="where images come from: NAME to {kind: …}")
    curate: CurateParams = Field(description="what is kept of them")
    models: dict[Name, Recipe] = Field(description="what is trained: NAME to a recipe")
    evaluate: EvaluateParams = Field(description="how models are compared")


def load(path: Path = paths.PARAMS) -> Params:
    """Read and validate params.yaml.

    Raises:
        UserError: one line for each mistake: the path of the key, what was found, what was expected, and a near match.
    """
    values = _read(path)
    try:
        # JSON mode, strict: "40" is not a number and 1 is not true, but a list may stand for a tuple.
        return Params.model_validate_json(json.dumps(values), strict=True)
    except ValidationError as error:
        raise UserError("\n".join(f"{path}: {_line(detail)}" for detail in error.errors(include_url=False))) from None


def _read(path: Path) -> Any:
    if not path.is_file():
        raise UserError(f"{path}: no such file; run this from the root of the repository, where params.yaml lies")
    try:
        values = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except DuplicateKeyError as error:
        mark = error.problem_mark
        raise UserError(f"{path}:{mark.line + 1 if mark else '?'}: {_first_line(error.problem)}; names must be unique") from None
    except MarkedYAMLError as error:
        mark = error.problem_mark
        raise UserError(f"{path}:{mark.line + 1 if mark else '?'}: not valid YAML: {_first_line(error.problem)}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not valid UTF-8 at byte {error.start}") from None
    dates = [where for where, value in _leaves(values) if isinstance(value, datetime.date)]
    if dates:
        raise UserError(f"{path}: {dates[0]}: found a date, expected text; put it in quotes")
    if not isinstance(values, dict):
        raise UserError(f"{path}: found {_shown(values)}, expected the sections {', '.join(Params.model_fields)}")
    return values
