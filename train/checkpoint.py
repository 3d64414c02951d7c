"""The file in which a training keeps its state, so that a killed run resumes to the same bytes."""

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

FORMAT = 6  # raise it whenever a step computes something else or the state has other fields: no run may mix the two
FILE = "state.pt"
UNREADABLE = (pickle.UnpicklingError, EOFError, LookupError, TypeError, AttributeError, ValueError, RuntimeError)
"""What torch, and the loading of a state into other networks, raise for files that they do not expect."""


def key(recipe: Recipe, dataset: str, labels: str, precision: str, device: str) -> str:
    """Return 16 hex digits that identify the training to which a state belongs.

    Args:
        dataset: hash of the dataset.
        labels: hash of the labels, empty without labels.
        precision: `fp32` or `bf16`.
        device: its type. Optimizer states of the CPU and of a GPU differ: only the latter can be captured.
    """
    parts = {"format": FORMAT, "recipe": recipe.model_dump(mode="json"), "dataset": dataset, "labels": labels}
    parts |= {"precision": precision, "device": device, "torch": torch.__version__}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def save(state: dict[str, Any], folder: Path) -> None:
    """Write tensors, numbers, texts, and lists and dictionaries of them, atomically."""
    with replacing(folder / FILE) as draft:
        torch.save(state, draft)


def load(folder: Path, device: torch.device) -> dict[str, Any] | None:
    """Read what `save` wrote, with tensors on the device; None if there is no file. No code in it is executed.

    Call it, and use the result, within `reading`.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    return state


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Turn every error that a damaged or unexpected file causes into one line.

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
