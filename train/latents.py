"""LatentsFile, the noise vectors from which a generator draws images, and the file that stores them."""

import json
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from common.errors import UserError
from train.generator import generate
from train.networks import Generator
from train.random_streams import RandomStream

FORMAT = "facades latents 2"
FORMAT_WITHOUT_LABEL = "facades latents 1"  # older files, which are still read


class LatentsFile(NamedTuple):
    """The content of a latents file."""

    z: Tensor  # float32, n×length
    generator: str  # sha256, hex, of the generator.safetensors with which the latents were chosen
    label: str | None  # that the generator drew, in a conditional model


def draw(n: int, length: int, seed: int, truncation: float | None = None) -> Tensor:
    """Draw n latents from the standard normal distribution.

    Args:
        length: of each latent, a recipe's `latent`.
        seed: latent k depends on (seed, k) only, whatever n is.
        truncation: the largest absolute value of a component: less variety, more typical images (the truncation trick,
            Brock et al. 2019, arXiv:1809.11096). None draws from the whole distribution, as training does.

    Returns:
        float32, n×length.
    """
    z = torch.empty(n, length)
    for k, row in enumerate(z):
        rng = RandomStream.LATENTS.rng(seed, k)
        if truncation is None:
            row.normal_(generator=rng)
        else:
            nn.init.trunc_normal_(row, a=-truncation, b=truncation, generator=rng)
    return z


@torch.inference_mode()
def images(network: Generator, latents: Tensor) -> Tensor:
    """Return the images of latents, drawn one at a time so that the bytes of each depend on its own latent only.

    Args:
        network: in evaluation mode, on the CPU.
        latents: float32, n×length.

    Returns:
        uint8, n×3×S×S.
    """
    return torch.cat([generate(network, z.view(1, -1, 1, 1)) for z in latents])


def to_json(latents: LatentsFile) -> str:
    """Return the text of a latents file.

    Nine digits represent a float32 exactly, in JavaScript's doubles too: a page may copy rows of the file.
    """
    rows = ",\n".join("[" + ",".join(f"{x:.9g}" for x in row) + "]" for row in latents.z.tolist())
    label = json.dumps(latents.label)
    return f'{{"format": "{FORMAT}", "generator": "{latents.generator}", "label": {label}, "latents": [\n{rows}\n]}}\n'


def read(path: Path, length: int) -> LatentsFile:
    """Read a latents file.

    Args:
        length: that its latents must have.

    Raises:
        UserError: the file is missing or not a latents file, or its latents have another length.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] not in (FORMAT, FORMAT_WITHOUT_LABEL):
            raise ValueError(f"format {found['format']!r}")
        label = found["label"] if found["format"] == FORMAT else None
        if not isinstance(label, str | None):
            raise ValueError(f"label {label!r}")
        z = torch.tensor(found["latents"], dtype=torch.float32)
        generator = str(found["generator"])
    except FileNotFoundError:
        raise UserError(f"{path}: not found; expected a latents file, as `facades model pick` makes") from None
    except (ValueError, TypeError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{path}: found {reason}; expected a latents file, as `facades model pick` makes") from error
    if z.ndim != 2 or z.shape[1] != length or not z.isfinite().all():
        raise UserError(f"{path}: found latents of shape {tuple(z.shape)}; expected rows of {length} finite numbers")
    return LatentsFile(z, generator, label)
