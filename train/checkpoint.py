"""The state of a training on disk, so that a killed run goes on from where it was, bit for bit."""

import hashlib
import json
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from common.errors import UserError
from common.files import replacing
from train.hardware import is_out_of_memory
from train.recipe import Recipe

FORMAT = 5  # raised whenever a step would compute something else, so that no run mixes two ways
FILE = "state.pt"
UNREADABLE = (pickle.UnpicklingError, EOFError, LookupError, TypeError, AttributeError, ValueError, RuntimeError)
"""What torch raises for files that are not what it expects."""


def key(recipe: Recipe, dataset: str, labels: str, precision: str, device: str) -> str:
    """Return 16 hex digits that identify the training a state belongs to.

    Args:
        dataset: hash of the dataset.
        labels: hash of the labels, empty without labels.
        precision: `fp32` or `bf16`.
        device: its type. Optimiser states of the CPU and of a GPU differ: only the latter can be captured.
    """
    parts = {"format": FORMAT, "recipe": recipe.model_dump(mode="json"), "dataset": dataset, "labels": labels}
    parts |= {"precision": precision, "device": device, "torch": torch.__version__}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def save(state: dict[str, Any], folder: Path) -> None:
    """Write tensors, numbers, texts, lists and dictionaries of them; whole or not at all."""
    with replacing(folder / FILE) as draft:
        torch.save(state, draft)


def load(folder: Path, device: torch.device) -> dict[str, Any] | None:
    """Read what `save` wrote, None where there is nothing. Nothing in the file is executed; see `reading`."""
    path = folder / FILE
    if not path.is_file():
        return None
    state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    return state


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Within it, whatever is wrong with a state, up to its parts being those of other networks, is one clear line.

    Raises:
        UserError: the file is damaged, or is not a state of this training.
    """
    try:
        yield
    except UNREADABLE as error:
        if is_out_of_memory(error):
            raise
        raise UserError(
            f"{folder / FILE}: damaged, or not a state of this training ({type(error).__name__}); "
            f"remove {folder} to train from the start"
        ) from error
