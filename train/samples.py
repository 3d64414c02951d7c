"""Images as a person looks at them: grids and the film of a training."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

GAP = 2  # white pixels between two images
FRAME = 150  # milliseconds a frame of the film
LAST_FRAME = 3000


def grid(images: Tensor, columns: int | None = None) -> Image.Image:
    """Lay out uint8 images, N×3×S×S in [0, 255], row by row; as close to a square as they allow unless told."""
    n, _, size, _ = images.shape
    columns = columns or math.ceil(math.sqrt(n))
    rows = math.ceil(n / columns)
    pitch = size + GAP
    sheet = np.full((rows * pitch - GAP, columns * pitch - GAP, 3), 255, np.uint8)
    for place, image in enumerate(images.permute(0, 2, 3, 1).cpu().numpy()):
        y, x = (position * pitch for position in divmod(place, columns))
        sheet[y : y + size, x : x + size] = image
    return Image.fromarray(sheet)


def save_film(frames: Sequence[Path], path: Path) -> None:
    """Write PNG files of one size as a looping GIF; the last frame stays for three seconds."""
    images = [Image.open(frame).convert("RGB") for frame in frames]
    # One palette for all frames, from the last: equal colours do not flicker, and the end looks best.
    palette = images[-1].quantize(256, method=Image.Quantize.MEDIANCUT)
    first, *rest = (image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images)
    durations = [FRAME] * len(rest) + [LAST_FRAME]
    first.save(path, format="GIF", save_all=True, append_images=rest, duration=durations, loop=0)
