"""The GAN: networks, data, augmentation, trainer, metrics, samples, export.

From a notebook::

    import torch
    import train

    generator = train.load_generator("models/facade/generator.safetensors")
    images = generator(torch.randn(16, generator.latent, 1, 1))  # float32, 16×3×64×64 in [-1, 1]
"""

from os import PathLike
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from train.networks import Generator

__all__ = ["load_generator"]


def load_generator(path: str | PathLike[str]) -> "Generator":
    """Load a trained generator, in evaluation mode, on the CPU and without gradients.

    Import torch only when called. `train.generator.load` also returns how the generator was made;
    `train.generator.fix_label` makes a conditional generator draw one label.

    Args:
        path: generator.safetensors of a model.

    Returns:
        A torch module from noise (float32, N×latent×1×1, standard normal) to images (float32, N×3×S×S in [-1, 1]).

    Raises:
        UserError: there is no such file, it is damaged, or this project did not write it.
    """
    from pathlib import Path

    from train import generator

    return generator.load(Path(path))[0]
