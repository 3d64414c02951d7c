"""Latents: the noise vectors z that a generator turns into images: drawn, rendered, kept in a file."""

import json
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from common.errors import UserError
from train.generator import generate
from train.networks import Generator
from train.random_streams import Purpose, stream

FORMAT = "facades latents 2"
WITHOUT_LABEL = "facades latents 1"  # the same but for the label, and still read


class Chosen(NamedTuple):
    """Latents, and what they were looked at with: what a latents file holds."""

    z: Tensor  # float32, n×length
    generator: str  # sha256 of the generator.safetensors, hex
    label: str | None  # that it drew, if it has labels


def draw(n: int, length: int, seed: int, truncation: float | None = None) -> Tensor:
    """Draw n latents: float32, n×length, standard normal. The k-th depends on (seed, k) alone, whatever n.

    Args:
        truncation: no component is further from 0 than this: less variety, more typical images (the truncation trick,
            Brock et al. 2019, arXiv:1809.11096). None draws from the whole distribution, as in training.
    """
    z = torch.empty(n, length)
    for k, row in enumerate(z):
        rng = stream(seed, Purpose.SAMPLE, k)
        if truncation is None:
            row.normal_(generator=rng)
        else:
            nn.init.trunc_normal_(row, a=-truncation, b=truncation, generator=rng)
    return z


@torch.inference_mode()
def images(network: Generator, latents: Tensor) -> Tensor:
    """Images of latents: uint8, n×3×S×S in [0, 255].

    One at a time, so that the bytes of an image depend on its latent alone, not on the company it is drawn in.

    Args:
        network: in evaluation mode, on the CPU.
        latents: float32, n×length.
    """
    return torch.cat([generate(network, z.view(1, -1, 1, 1)) for z in latents])


def to_json(chosen: Chosen) -> str:
    """The text of a latents file.

    Nine digits name a float32 exactly, and survive JavaScript's doubles; so a page may copy rows of it.
    """
    rows = ",\n".join("[" + ",".join(f"{x:.9g}" for x in row) + "]" for row in chosen.z.tolist())
    label = json.dumps(chosen.label)
    return f'{{"format": "{FORMAT}", "generator": "{chosen.generator}", "label": {label}, "latents": [\n{rows}\n]}}\n'


def read(path: Path, length: int) -> Chosen:
    """Read a latents file; its rows must be of this length.

    Raises:
        UserError: the file is missing, is no latents file, or its latents are of another length.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] not in (FORMAT, WITHOUT_LABEL):
            raise ValueError(f"format {found['format']!r}")
        label = found["label"] if found["format"] == FORMAT else None
        if not isinstance(label, str | None):
            raise ValueError(f"label {label!r}")
        z = torch.tensor(found["latents"], dtype=torch.float32)
        generator = str(found["generator"])
    except FileNotFoundError:
        raise UserError(f"{path}: not found; expected a latents file, such as `facades model pick` saves") from None
    except (ValueError, TypeError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"{path}: found {reason}; expected a latents file, such as `facades model pick` saves"
        ) from error
    if z.ndim != 2 or z.shape[1] != length or not z.isfinite().all():
        raise UserError(f"{path}: found latents of shape {tuple(z.shape)}; expected rows of {length} finite numbers")
    return Chosen(z, generator, label)
