"""A walk through the latents, and the film of it."""

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

FRAME = 50  # milliseconds; browsers slow down what asks for less than 20
ENLARGED = 4  # times; GIFs are shown pixel by pixel, and 64 pixels are few


def path(stops: Tensor, frames: int) -> Tensor:
    """Walk from stop to stop and back to the first, `frames` latents a leg.

    Args:
        stops: float32, n×length, n ≥ 2.

    Returns:
        float32, n·frames×length; latent i·frames is stop i.
    """
    legs = zip(stops, stops.roll(-1, dims=0), strict=True)
    return torch.cat([slerp(a, b, torch.arange(frames) / frames) for a, b in legs])


def slerp(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Turn from a to b at constant speed: float32, len(t)×length, t in [0, 1].

    Spherical interpolation (Shoemake 1985). A straight line between two normal vectors passes nearer to the origin
    than almost every z of the training (White 2016, arXiv:1609.04468).
    """
    a64, b64, t64 = a.double(), b.double(), t.double()[:, None]
    angle = torch.arccos((a64 @ b64 / (a64.norm() * b64.norm())).clamp(-1, 1))
    if angle.sin() < 1e-9:  # the same direction: nothing to turn
        return ((1 - t64) * a64 + t64 * b64).float()
    between = torch.sin((1 - t64) * angle) * a64 + torch.sin(t64 * angle) * b64
    return (between / torch.sin(angle)).float()


def save_film(images: Tensor, file: Path) -> None:
    """Write uint8 images, n×3×S×S in [0, 255], as a GIF without end, each pixel four times as wide and high.

    All frames share one palette, taken from all of them, so that no colour flickers.
    """
    frames = images.permute(0, 2, 3, 1).contiguous().numpy()
    n, height, width, _ = frames.shape
    palette = Image.fromarray(frames.reshape(n * height, width, 3)).quantize(256, Image.Quantize.MEDIANCUT)
    size = (width * ENLARGED, height * ENLARGED)
    first, *rest = (
        Image.fromarray(frame)
        .quantize(palette=palette, dither=Image.Dither.NONE)
        .resize(size, Image.Resampling.NEAREST)
        for frame in frames
    )
    first.save(file, format="GIF", save_all=True, append_images=rest, duration=FRAME, loop=0)
