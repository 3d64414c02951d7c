"""Drawn facades, and rows of image tables."""

import hashlib
import io
from functools import cache

import numpy as np
import pyarrow as pa
from PIL import Image

from crawler.archive.schemas import IMAGES, METADATA_COLUMNS


def facade(seed: int, width: int = 240, height: int = 300) -> Image.Image:
    """A drawn facade, another for each seed: wall, sky, rows of windows that are not all alike."""
    rng = np.random.default_rng(seed)
    pixels = np.empty((height, width, 3))
    pixels[:] = rng.uniform(90, 200, 3)
    pixels += np.linspace(20, -20, height)[:, None, None] + np.linspace(-15, 15, width)[None, :, None]
    sky = int(height * rng.uniform(0.08, 0.2))
    pixels[:sky] = np.linspace([120, 170, 230], [190, 215, 240], sky)[:, None]
    rows, columns = rng.integers(4, 8), rng.integers(3, 7)
    for top in np.linspace(sky + 12, height - 40, rows):
        for left in np.linspace(12, width - 36, columns):
            tall, wide = rng.integers(16, 28), rng.integers(12, 22)
            pixels[int(top) : int(top) + tall, int(left) : int(left) + wide] = rng.uniform(10, 90, 3)
    pixels += rng.normal(0, 3, pixels.shape)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **({"quality": 92} if kind == "JPEG" else {}) | options)
    return out.getvalue()


@cache
def jpeg(seed: int) -> bytes:
    """A small facade as a file."""
    return encoded(facade(seed, 140, 170))


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def image_row(digest: str, **values: object) -> dict[str, object]:
    """Return a row of an image table for a picture under an open licence."""
    row: dict[str, object] = {field.name: "" if pa.types.is_string(field.type) else None for field in IMAGES}
    row |= {column.name: None for column in METADATA_COLUMNS}
    row |= {"sha256": digest, "nbytes": 1, "image_url": f"https://a.invalid/{digest[:8]}.jpg", "license": "CC0-1.0"}
    return row | {"tags": [], "others": [], "attribution": "“A house” by Ann, CC0 1.0"} | values
