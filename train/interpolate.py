"""Interpolation between latents, and its animation."""

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from train import samples
from train.mark import Mark

FRAME_MS = 50  # browsers slow down GIFs whose frames are shorter than 20 ms
SCALE = 4  # GIFs are shown pixel by pixel, and images of 64 pixels are small


def path(stops: Tensor, frames: int) -> Tensor:
    """Interpolate from each latent to the next and from the last to the first.

    Args:
        stops: float32, n×length, n ≥ 2.
        frames: latents from a stop to the next one.

    Returns:
        float32, n·frames×length; latent i·frames is stop i.
    """
    pairs = zip(stops, stops.roll(-1, dims=0), strict=True)
    return torch.cat([slerp(a, b, torch.arange(frames) / frames) for a, b in pairs])


def slerp(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Interpolate spherically between two latents (Shoemake 1985, doi:10.1145/325165.325242).

    Points on the straight line between two normal vectors are nearer to the origin than almost every z of the training
    (White 2016, arXiv:1609.04468).

    Args:
        a, b: float32, length.
        t: float32, n, in [0, 1].

    Returns:
        float32, n×length; a at t = 0, b at t = 1.
    """
    a64, b64, t64 = a.double(), b.double(), t.double()[:, None]
    angle = torch.arccos((a64 @ b64 / (a64.norm() * b64.norm())).clamp(-1, 1))
    if angle.sin() < 1e-9:  # parallel vectors define no plane
        return ((1 - t64) * a64 + t64 * b64).float()
    between = torch.sin((1 - t64) * angle) * a64 + torch.sin(t64 * angle) * b64
    return (between / torch.sin(angle)).float()


def save_gif(images: Tensor, file: Path, mark: Mark) -> None:
    """Write images (uint8, n×3×S×S) as an endless GIF with a mark, enlarged four times, in one palette."""
    frames = images.permute(0, 2, 3, 1).contiguous().numpy()
    n, height, width, _ = frames.shape
    everything = Image.fromarray(frames.reshape(n * height, width, 3))
    samples.save_gif(map(Image.fromarray, frames), FRAME_MS, file, mark, colors_of=everything, scale=SCALE)
