"""The features that metrics compare, from SqueezeNet 1.1, whose weights need no download (curate/squeezenet.py)."""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor

from curate.squeezenet import MEAN_BGR, SIDE, squeezenet

DIMENSIONS = 512
SCALE = 10.0  # divisor: the mean square of a feature becomes about 0.1, where KSD's cubic kernel does not saturate
CHUNK = 50  # images at once


@torch.inference_mode()
def features(images: Tensor | Iterable[Tensor], device: torch.device) -> Tensor:
    """Return the mean over the image of each of the 512 maps of the layer `fire9`, divided by 10.

    Images are resized to the network's input.

    Args:
        images: uint8, N×3×S×S, or an iterable of such batches.
        device: on which to compute.

    Returns:
        float32, N×512, on the CPU.
    """
    network = squeezenet(device).features
    mean = torch.tensor(MEAN_BGR, device=device).view(1, 3, 1, 1)
    batches = torch.split(images, CHUNK) if isinstance(images, Tensor) else images
    found = []
    for batch in batches:
        pixels = batch.to(device).float().contiguous(memory_format=torch.channels_last)
        large = F.interpolate(pixels, size=(SIDE, SIDE), mode="bilinear", antialias=batch.shape[-1] > SIDE)
        found.append(network(large.flip(1) - mean).mean((2, 3)).div_(SCALE).cpu())
    return torch.cat(found)
