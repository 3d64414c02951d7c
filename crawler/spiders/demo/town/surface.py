"""Tiles for walls and roofs: brick, stone, stucco, siding, concrete, slate, clay."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageChops

from crawler.spiders.demo.town.color import Color

LIMIT = 256
"""In pixels: a unit is at most half as large as this, and a tile less than twice as large."""


@dataclass(frozen=True, slots=True)
class Material:
    """The pattern of a surface. Lengths in metres; spreads are standard deviations of a gain around 1."""

    block: tuple[float, float]  # width, height of one unit
    joint: float  # width of the joint between units; 0: none
    joint_gain: float  # lightness of the joint relative to the unit
    spread: float  # of lightness from unit to unit
    tint: float  # of each channel from unit to unit
    grain: float  # of lightness from pixel to pixel
    bonded: bool = True  # every other course is shifted by half a unit


MATERIALS = {
    "brick": Material((0.24, 0.085), 0.014, 1.22, 0.13, 0.04, 0.05),
    "painted brick": Material((0.24, 0.085), 0.012, 0.86, 0.025, 0.005, 0.03),
    "stone": Material((0.85, 0.38), 0.018, 0.82, 0.045, 0.012, 0.04),
    "rubble": Material((0.42, 0.24), 0.03, 1.12, 0.10, 0.014, 0.07),
    "stucco": Material((4.0, 3.0), 0.0, 1.0, 0.01, 0.004, 0.03),
    "siding": Material((3.4, 0.16), 0.022, 0.70, 0.025, 0.004, 0.02),
    "concrete": Material((2.4, 1.5), 0.03, 0.70, 0.035, 0.006, 0.035, False),
    "slate": Material((0.26, 0.17), 0.014, 0.68, 0.12, 0.03, 0.05),
    "clay": Material((0.22, 0.24), 0.03, 0.62, 0.12, 0.04, 0.05),
    "zinc": Material((0.55, 6.0), 0.03, 0.75, 0.03, 0.008, 0.025, False),
}


@cache
def _grain(strength: float) -> Image.Image:
    """Return white noise around mid-grey; all surfaces share it, since making it costs more than drawing a wall."""
    noise = np.random.default_rng(0).standard_normal((2 * LIMIT, 2 * LIMIT), dtype=np.float32)
    grey = Image.fromarray(np.clip(noise * np.float32(strength * 160) + 128, 0, 255).astype(np.uint8))
    return Image.merge("RGB", (grey, grey, grey))


def tile(material: str, color: Color, unit: float, rng: np.random.Generator) -> Image.Image:
    """Return a seamless RGB tile of about 200×200 pixels, at `unit` pixels per metre."""
    kind = MATERIALS[material]
    half = min(LIMIT // 2, max(1, round(kind.block[0] * unit / 2)))
    width, height = 2 * half, min(LIMIT // 2, max(2, round(kind.block[1] * unit)))
    columns, courses = -(-LIMIT * 3 // 4 // width), 2 * -(-LIMIT * 3 // 8 // height)
    gains = rng.normal(1.0, kind.spread, (courses, columns, 1)) * rng.normal(1.0, kind.tint, (courses, columns, 3))
    blocks = np.repeat(np.clip(gains * color, 0, 255).astype(np.uint8), 2, axis=1)
    if kind.bonded:
        blocks[1::2] = np.roll(blocks[1::2], 1, axis=1)
    patch = Image.fromarray(blocks).resize((columns * width, courses * height), Image.Resampling.NEAREST)
    joint = max(1, round(kind.joint * unit))
    # With less than three pixels per course, only joints would be visible.
    if kind.joint and height >= 3:
        pixels = np.array(patch).reshape(courses, height, columns * width, 3)
        mortar = np.clip(np.multiply(color, kind.joint_gain), 0, 255).astype(np.uint8)
        pixels[:, :joint] = mortar
        for offset in range(joint if width >= 4 else 0):
            pixels[0::2, :, offset::width] = mortar
            pixels[1::2, :, offset + (half if kind.bonded else 0) :: width] = mortar
        patch = Image.fromarray(pixels.reshape(courses * height, columns * width, 3))
    grain = _grain(kind.grain).crop((0, 0, *patch.size))
    return ImageChops.add(patch, grain, scale=1, offset=-128)
