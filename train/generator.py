"""A trained generator as a file: weights in safetensors, with the record of how they were made in the metadata."""

from pathlib import Path

import torch
from pydantic import ValidationError
from safetensors.torch import load_file, save_file
from torch import Tensor

from common.errors import UserError
from common.files import replacing
from train.labels import NONE
from train.networks import Generator
from train.provenance import KEY, Provenance, read_metadata
from train.recipe import NO_LABEL

CHUNK = 100  # images that `generate` computes at once


def save(weights: dict[str, Tensor], provenance: Provenance, path: Path) -> None:
    """Write a generator's state_dict atomically; equal weights and provenance give equal bytes."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    with replacing(path) as draft:
        save_file(tensors, draft, metadata={KEY: provenance.model_dump_json()})


def load(path: Path) -> tuple[Generator, Provenance]:
    """Read a generator, in evaluation mode, on the CPU and without gradients. No code in the file is executed.

    Raises:
        UserError: there is no such file, it is damaged, or this project did not write it.
    """
    metadata = read_metadata(path)
    try:
        provenance = Provenance.model_validate(metadata)
        recipe = provenance.recipe
        network = Generator(recipe.latent, recipe.width_g, provenance.size, recipe.classes)
        network.load_state_dict(load_file(path))
    except (ValidationError, ValueError, RuntimeError) as error:
        first = str(error).splitlines()[0]
        raise UserError(f"{path}: its weights do not fit the recipe in its metadata ({first}); train again") from None
    return network.eval().requires_grad_(False), provenance


def fix_label(network: Generator, provenance: Provenance, label: str | None) -> None:
    """Make a conditional generator draw a single label, so that `network(z)` needs no label.

    Args:
        label: one of the recipe's labels, or `none` for images that match none of them; None for a generator without
            labels.

    Raises:
        UserError: the label is missing or unknown, no training image had it, or the generator has no labels.
    """
    if network.label_frequencies is None:
        if label is not None:
            raise UserError(f"label: found {label}; expected no label, since the model was trained without")
        return
    numbers = {name: number for number, name in enumerate(provenance.recipe.labels, 1)} | {NO_LABEL: NONE}
    learnt = [name for name, number in numbers.items() if network.label_frequencies[number] > 0]
    if label is None or label not in learnt:
        raise UserError(f"label: found {label or 'no label'}; expected one of {', '.join(learnt)}")
    network.fix_label(numbers[label])


@torch.inference_mode()
def generate(network: Generator, z: Tensor) -> Tensor:
    """Return the images of noise z (float32, N×latent×1×1): uint8, N×3×S×S, on the CPU."""
    return torch.cat([to_bytes(network(part)) for part in torch.split(z, CHUNK)])


def to_bytes(images: Tensor) -> Tensor:
    """Convert images from float in [-1, 1] to uint8 in [0, 255] on the CPU, rounding to the nearest value."""
    return images.float().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8).cpu()
