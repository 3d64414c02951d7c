"""The state of a training on disk, so that a killed run goes on from where it was, bit for bit."""

import hashlib
import json
import pickle
from pathlib import Path
from typing import Any

import torch

from crawler.errors import UserError
from crawler.files import replacing
from train.recipe import Recipe

FORMAT = 4  # raised whenever a step would compute something else, so that no run mixes two ways
FILE = "state.pt"


def key(recipe: Recipe, dataset: str, labels: str = "") -> str:
    """What a state belongs to: 16 hex digits of the recipe, the hashes of dataset and labels, the version of torch."""
    parts = {"format": FORMAT, "recipe": recipe.model_dump(mode="json"), "dataset": dataset, "labels": labels}
    parts["torch"] = torch.__version__
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def save(state: dict[str, Any], folder: Path) -> None:
    """Write tensors, numbers, texts, lists and dictionaries of them; whole or not at all."""
    with replacing(folder / FILE) as draft:
        torch.save(state, draft)


def load(folder: Path, device: torch.device) -> dict[str, Any] | None:
    """Read what `save` wrote, None where there is nothing. Nothing in the file is executed.

    Raises:
        UserError: the file is damaged.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        first = str(error).splitlines()[0]
        raise UserError(f"{path}: damaged ({first}); remove {folder} to train from the start") from None
    return state
