"""Sprites for the openings of a facade: windows, doors, shop fronts. Sizes in pixels."""

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from crawler.spiders.demo.town.color import Color, mix, shaded, varied

Sprite = tuple[Image.Image, Image.Image | None]
"""An RGB picture and the L mask of its outline; None if the outline is the whole rectangle."""

PANES: dict[str, tuple[int, int]] = {
    "sash": (3, 4),
    "plain sash": (1, 2),
    "casement": (2, 3),
    "french": (2, 4),
    "arched": (2, 3),
    "segmental": (2, 4),
    "lattice": (4, 6),
    "modern": (2, 1),
    "band": (3, 1),
}
"""Columns and rows of panes of each kind of window."""

LINEN: Color = (226, 220, 206)
LAMPLIGHT: Color = (244, 204, 132)
DARK: Color = (30, 34, 40)


@lru_cache(maxsize=64)
def arch_mask(width: int, height: int, rise: int) -> Image.Image:
    """Return the outline of an opening with an elliptical arch, `rise` pixels high, at the top."""
    mask = Image.new("L", (width, height), 0)
    pen = ImageDraw.Draw(mask)
    pen.rectangle((0, rise, width, height), fill=255)
    pen.ellipse((0, 0, width - 1, 2 * rise), fill=255)
    return mask


def rise(kind: str, width: float) -> float:
    """Return the height of the arch of a window `width` wide, in the same unit; 0 if it has none."""
    return {"arched": 0.5, "segmental": 0.16}.get(kind, 0.0) * width


def window(kind: str, size: tuple[int, int], frame: Color, sky: Color, rng: np.random.Generator) -> Sprite:
    """Return one window of `kind`; curtains, blinds, lamps and reflections depend on `rng`."""
    width, height = size
    image = _glass(size, sky, rng)
    pen = ImageDraw.Draw(image)
    _furnish(pen, size, rng)
    columns, rows = PANES[kind]
    outer = max(1, round(0.055 * width))
    bar = max(1, round(0.022 * width))
    if kind == "modern":
        split = round(width * 0.66)
        pen.rectangle((split - bar, 0, split + bar, height), fill=frame)
    else:
        for column in range(1, columns):
            x = round(width * column / columns)
            middle = 2 * column == columns
            thick = bar + (bar if middle and kind in ("french", "casement", "arched", "segmental") else 0)
            pen.rectangle((x - thick // 2 - thick % 2, 0, x + thick // 2, height), fill=frame)
        for row in range(1, rows):
            y = round(height * row / rows)
            meeting = "sash" in kind and 2 * row == rows
            thick = bar * 2 if meeting else bar
            pen.rectangle((0, y - thick // 2 - thick % 2, width, y + thick // 2), fill=frame)
            if meeting:
                pen.rectangle((0, y + thick // 2, width, y + thick // 2 + bar), fill=shaded(frame, 0.55))
    pen.rectangle((0, 0, width - 1, height - 1), outline=frame, width=outer)
    head = round(rise(kind, width))
    if not head:
        return image, None
    pen.arc((0, 0, width - 1, 2 * head), 180, 360, fill=frame, width=outer + 1)
    pen.rectangle((0, head - bar, width, head + bar - 1), fill=frame)
    return image, arch_mask(width, height, head)


def door(kind: str, size: tuple[int, int], color: Color, sky: Color, rng: np.random.Generator) -> Sprite:
    """Return a front door; `kind` is panelled, double, arched or glazed. All but the last have a fanlight."""
    width, height = size
    image = _glass(size, sky, rng)
    pen = ImageDraw.Draw(image)
    head = round(width * 0.5) if kind == "arched" else round(height * 0.16)
    bar = max(1, round(0.05 * width))
    if kind == "glazed":
        pen.rectangle((0, 0, width - 1, height - 1), outline=color, width=2 * bar)
        pen.rectangle((0, round(height * 0.72), width, height), fill=color)
        return image, None
    pen.rectangle((0, head, width, height), fill=color)
    pen.rectangle((0, head - bar, width, head), fill=shaded(color, 1.25))
    leaves = 2 if kind in ("double", "arched") else 1
    for leaf in range(leaves):
        x0, x1 = width * leaf / leaves, width * (leaf + 1) / leaves
        for top, bottom in ((0.06, 0.42), (0.5, 0.68), (0.74, 0.94)):
            box = (
                round(x0 + 0.2 * (x1 - x0)),
                round(head + top * (height - head)),
                round(x1 - 0.2 * (x1 - x0)),
                round(head + bottom * (height - head)),
            )
            pen.rectangle(box, fill=shaded(color, 0.86), outline=shaded(color, 0.66), width=max(1, bar // 3))
    if leaves == 2:
        pen.line((width / 2, head, width / 2, height), fill=shaded(color, 0.5), width=max(1, bar // 2))
    if kind != "arched":
        pen.rectangle((0, 0, width - 1, height - 1), outline=shaded(color, 1.15), width=bar)
        return image, None
    for angle in (210, 240, 270, 300, 330):
        pen.arc((0, 0, width - 1, 2 * head), angle - 2, angle + 2, fill=color, width=head)
    pen.arc((0, 0, width - 1, 2 * head), 180, 360, fill=color, width=bar)
    return image, arch_mask(width, height, head)


def shop(size: tuple[int, int], frame: Color, sky: Color, rng: np.random.Generator) -> Sprite:
    """Return a shop window: dark or lit interior, goods, a stall riser, mullions."""
    width, height = size
    lit = rng.random() < 0.45
    depth: Color = (96, 78, 54) if lit else (38, 40, 44)
    image = Image.new("RGB", size, depth)
    pen = ImageDraw.Draw(image)
    riser = round(height * rng.uniform(0.12, 0.24))
    floor = height - riser
    if lit:
        for _ in range(int(rng.integers(2, 6))):
            x, y, r = rng.uniform(0, width), rng.uniform(0.05, 0.3) * height, max(1.0, width * 0.03)
            pen.ellipse((x - r, y - r, x + r, y + r), fill=LAMPLIGHT)
    for _ in range(int(rng.integers(6, 16))):
        goods = varied((150, 120, 100), rng, 0.35)
        x, w, h = rng.uniform(0, width), rng.uniform(0.03, 0.14) * width, rng.uniform(0.08, 0.38) * height
        pen.rectangle((x, floor - h, x + w, floor), fill=mix(depth, goods, 0.65))
    shine = _glass(size, sky, rng)
    image = Image.blend(image, shine, 0.32)
    pen = ImageDraw.Draw(image)
    bar = max(1, round(0.014 * height) + 1)
    pen.rectangle((0, floor, width, height), fill=frame)
    pen.rectangle((0, floor, width, floor + bar), fill=shaded(frame, 1.3))
    for column in range(1, int(rng.integers(2, 5))):
        x = round(width * column / 3)
        pen.rectangle((x - bar, 0, x + bar, height), fill=frame)
    pen.rectangle((0, 0, width - 1, height - 1), outline=frame, width=2 * bar)
    return image, None


def sign(size: tuple[int, int], board: Color, letters: Color, rng: np.random.Generator) -> Image.Image:
    """Return a fascia board with marks like a name."""
    width, height = size
    image = Image.new("RGB", size, board)
    pen = ImageDraw.Draw(image)
    tall = height * 0.46
    x = width * rng.uniform(0.1, 0.3)
    end = width - x
    while x < end:
        if rng.random() > 0.16:
            w = tall * rng.uniform(0.35, 0.7)
            stroke = max(1, round(tall * 0.2))
            top = (height - tall) / 2
            if rng.random() < 0.5:
                pen.rectangle((x, top, x + w, top + tall), outline=letters, width=stroke)
            else:
                pen.line((x, top + tall, x + w / 2, top, x + w, top + tall), fill=letters, width=stroke)
        x += tall * 0.85
    pen.rectangle((0, 0, width - 1, height - 1), outline=shaded(board, 0.7), width=max(1, height // 14))
    return image


def _glass(size: tuple[int, int], sky: Color, rng: np.random.Generator) -> Image.Image:
    """Return panes that reflect a bright sky above and dark houses below, each at a different angle."""
    width, height = size
    mirror = rng.uniform(0.08, 0.62)
    top, bottom = mix(DARK, sky, mirror), mix(DARK, sky, mirror * 0.35)
    image = Image.new("RGB", size, top)
    image.paste(bottom, (0, 0, width, height), _ramp(width, height))
    if rng.random() < 0.4:
        pen = ImageDraw.Draw(image)
        x = rng.uniform(-0.4, 0.9) * width
        w = rng.uniform(0.15, 0.5) * width
        lean = rng.uniform(0.2, 0.6) * width
        glare = mix(top, sky, 0.35)
        pen.polygon([(x + lean, 0), (x + lean + w, 0), (x + w, height), (x, height)], fill=glare)
    return image


@lru_cache(maxsize=64)
def _ramp(width: int, height: int) -> Image.Image:
    """Return a gradient from 0 at the top to 255 at the bottom."""
    return Image.linear_gradient("L").resize((width, height), Image.Resampling.BOX)


def _furnish(pen: ImageDraw.ImageDraw, size: tuple[int, int], rng: np.random.Generator) -> None:
    """Draw curtains, a blind, a lamp or nothing behind the glass."""
    width, height = size
    cloth = mix(DARK, varied(LINEN, rng, 0.05), rng.uniform(0.45, 0.85))
    habit = rng.random()
    if habit < 0.34:
        side = width * rng.uniform(0.14, 0.34)
        for left, right, middle in ((0.0, side, 0.0), (width - side, float(width), float(width))):
            edge = right if middle == 0 else left
            pen.polygon(
                [
                    (left, 0),
                    (right, 0),
                    (edge, height * 0.3),
                    (middle + (edge - middle) * 0.55, height),
                    (middle, height),
                ],
                fill=cloth,
            )
            for fold in (0.3, 0.6):
                x = middle + (edge - middle) * fold
                pen.line((x, 0, x, height), fill=shaded(cloth, 0.82), width=max(1, width // 40))
    elif habit < 0.52:
        drop = height * rng.uniform(0.18, 0.75)
        pen.rectangle((0, 0, width, drop), fill=cloth)
        pen.line((0, drop, width, drop), fill=shaded(cloth, 0.7), width=max(1, height // 60))
    elif habit < 0.60:
        pen.rectangle((0, 0, width, height), fill=shaded(cloth, 0.85))
    elif habit < 0.66:
        pen.rectangle((0, 0, width, height), fill=mix(DARK, LAMPLIGHT, rng.uniform(0.4, 0.8)))
