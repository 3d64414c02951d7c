"""Draws the top of a house: cornices, gables, mansards, dormers, chimneys."""

import numpy as np
from PIL import Image, ImageDraw

from crawler.spiders.demo.town import openings, surface
from crawler.spiders.demo.town.building import House
from crawler.spiders.demo.town.canvas import Canvas, Point
from crawler.spiders.demo.town.color import Color, mix, shaded

POT: Color = (168, 96, 68)


def paint_roof(canvas: Canvas, house: House, x: float, sky: Color, rng: np.random.Generator) -> None:
    """Draw the roof of `house`, left corner at `x`, behind its wall; `paint_cornice` follows the wall."""
    eaves, ridge = house.wall_height, house.height
    if not canvas.sees(x - 1, eaves - 1, x + house.width + 1, ridge + 2):
        return
    _chimneys(canvas, house, x, rng)
    over = 0.35 if house.detached else 0.0
    left, right = x - over, x + house.width + over
    if house.roof in ("eaves", "hipped", "mansard"):
        lean = {"eaves": 0.0 if not house.detached else 0.15, "hipped": house.roof_height * 0.8, "mansard": 0.35}[
            house.roof
        ]
        outline = [(left, eaves), (left + lean, ridge), (right - lean, ridge), (right, eaves)]
        _slope(canvas, house, outline, rng)
        if house.roof == "mansard":
            canvas.block(left + lean - 0.1, ridge - 0.12, right - lean + 0.1, ridge, 0.1, shaded(house.roof_color, 1.1))
        if house.dormers:
            _dormers(canvas, house, x, sky, rng)
    elif house.roof in ("gable", "stepped", "neck"):
        _gable(canvas, house, x, sky, rng)
    elif house.roof == "parapet":
        canvas.tile(x, eaves, x + house.width, ridge, surface.tile(house.wall, house.wall_color, canvas.unit, rng))
        canvas.block(x - 0.05, ridge - 0.12, x + house.width + 0.05, ridge, 0.15, house.trim)
    else:
        canvas.rect(x + 0.3, eaves, x + house.width - 0.3, ridge, shaded(house.roof_color, 0.85))


def paint_cornice(canvas: Canvas, house: House, x: float) -> None:
    """Draw the cornice between wall and roof, and its shadow on the wall."""
    if house.cornice < 0.05 or house.roof in ("gable", "stepped", "neck"):
        return
    y, out = house.wall_height, house.cornice
    tall = 0.25 + 0.5 * out
    color = house.trim
    canvas.cast(x, y - tall, x + house.width, y, out)
    canvas.rect(x, y - tall, x + house.width, y - tall * 0.5, shaded(color, 0.84))
    if out > 0.3:
        gap = max(0.45, 8.0 / canvas.unit)
        for bracket in np.arange(x + gap / 2, x + house.width, gap):
            canvas.rect(bracket - gap * 0.18, y - tall * 1.1, bracket + gap * 0.18, y - tall * 0.4, color)
            canvas.rect(bracket + gap * 0.18, y - tall * 1.1, bracket + gap * 0.26, y - tall * 0.4, shaded(color, 0.6))
    canvas.rect(x - out * 0.4, y - tall * 0.5, x + house.width + out * 0.4, y + 0.04, color)
    canvas.rect(x - out * 0.4, y - tall * 0.5, x + house.width + out * 0.4, y - tall * 0.4, shaded(color, 0.62))
    canvas.rect(x - out * 0.4, y - 0.02, x + house.width + out * 0.4, y + 0.06, shaded(color, 1.1))


def _slope(canvas: Canvas, house: House, outline: list[Point], rng: np.random.Generator) -> None:
    tile = surface.tile(house.roof_material, shaded(house.roof_color, 0.96), canvas.unit, rng)
    _textured(canvas, outline, tile)
    canvas.dim(outline, 225)


def _textured(canvas: Canvas, outline: list[Point], tile: Image.Image) -> None:
    """Fill a polygon with `tile`."""
    x0, x1 = min(x for x, _ in outline), max(x for x, _ in outline)
    y0, y1 = min(y for _, y in outline), max(y for _, y in outline)
    left, top, right, bottom = canvas.box(x0, y0, x1, y1)
    if right <= left or bottom <= top:
        return
    mask = Image.new("L", (right - left, bottom - top), 0)
    points = [canvas.pixel(x, y) for x, y in outline]
    ImageDraw.Draw(mask).polygon([(px - left, py - top) for px, py in points], fill=255)
    canvas.tile(x0, y0, x1, y1, tile, mask)


def _chimneys(canvas: Canvas, house: House, x: float, rng: np.random.Generator) -> None:
    if house.roof in ("flat", "stepped", "neck"):
        return
    brick: Color = mix((142, 86, 66), house.wall_color, 0.35)
    for spot in rng.uniform(0.08, 0.92, house.chimneys):
        middle = x + house.width * float(spot)
        top = house.height + rng.uniform(0.5, 1.1)
        wide = rng.uniform(0.3, 0.6)
        foot = house.wall_height + (0.2 if house.roof != "gable" else 0.0)
        canvas.tile(middle - wide, foot, middle + wide, top, surface.tile("brick", brick, canvas.unit, rng))
        canvas.rect(middle + wide * 0.4, foot, middle + wide, top, shaded(brick, 0.68))
        canvas.rect(middle - wide - 0.08, top - 0.15, middle + wide + 0.08, top, shaded(brick, 0.85))
        for pot in (-0.5, 0.1):
            canvas.rect(middle + pot * wide, top, middle + (pot + 0.35) * wide, top + 0.35, POT)


def _dormers(canvas: Canvas, house: House, x: float, sky: Color, rng: np.random.Generator) -> None:
    width = min(1.15, house.bay * 0.46)
    height = min(1.5, house.roof_height * 0.52)
    step = 1 if house.roof == "mansard" else 2
    kind = "casement" if house.roof == "mansard" else "sash"
    pixels = canvas.pixels((width - 0.3), (height - 0.2))
    face = mix(house.trim, house.roof_color, 0.15)
    for bay in range(0 if step == 1 else house.bays % 2, house.bays, step):
        middle = x + house.margin + (bay + 0.5) * house.bay
        foot = house.wall_height + 0.35
        canvas.cast(middle - width / 2, foot, middle + width / 2, foot + height, 0.8, 40)
        canvas.rect(middle - width / 2, foot, middle + width / 2, foot + height, face)
        canvas.paste(middle - width / 2 + 0.15, foot + 0.1, *openings.window(kind, pixels, house.frame, sky, rng))
        canvas.sink(middle - width / 2 + 0.15, foot + 0.1, middle + width / 2 - 0.15, foot + height - 0.1, 0.1)
        peak = [
            (middle - width / 2 - 0.15, foot + height),
            (middle, foot + height + 0.4),
            (middle + width / 2 + 0.15, foot + height),
        ]
        canvas.polygon(peak, face if house.courses else shaded(house.roof_color, 0.8))
        canvas.line([peak[0], peak[1], peak[2]], shaded(house.roof_color, 0.7), 0.1)


def _gable(canvas: Canvas, house: House, x: float, sky: Color, rng: np.random.Generator) -> None:
    eaves, ridge = house.wall_height, house.height
    middle, width = x + house.width / 2, house.width
    over = 0.4 if house.detached else 0.15
    if house.roof == "gable":
        outline: list[Point] = [(x, eaves), (middle, ridge), (x + width, eaves)]
    elif house.roof == "stepped":
        outline = _steps(x, eaves, width, ridge - eaves)
    else:
        outline = _neck(x, eaves, width, ridge - eaves)
    if house.roof != "gable":
        behind = [(x + 0.1, eaves), (middle, ridge - 0.5), (x + width - 0.1, eaves)]
        canvas.polygon(behind, shaded(house.roof_color, 0.8))
    _textured(canvas, outline, surface.tile(house.wall, house.wall_color, canvas.unit, rng))
    canvas.dim(outline, 255)
    if house.roof == "gable":
        board = house.trim if house.detached or house.timbers else shaded(house.roof_color, 0.75)
        slope = (ridge - eaves) / (width / 2)
        canvas.dim(
            [
                (x, eaves - 0.35),
                (middle, ridge - 0.35),
                (x + width, eaves - 0.35),
                (x + width, eaves),
                (middle, ridge),
                (x, eaves),
            ],
            0,
        )
        canvas.line(
            [(x - over, eaves - over * slope), (middle, ridge), (x + width + over, eaves - over * slope)], board, 0.26
        )
        canvas.line(
            [
                (x - over, eaves - over * slope + 0.16),
                (middle, ridge + 0.16),
                (x + width + over, eaves - over * slope + 0.16),
            ],
            shaded(house.roof_color, 0.7),
            0.12,
        )
    else:
        canvas.line([*outline, outline[0]], house.trim, 0.16)
    if house.timbers and house.roof == "gable":
        for share in (0.3, 0.5, 0.7):
            peak = ridge - abs(share - 0.5) * 2 * (ridge - eaves)
            canvas.rect(x + width * share - 0.08, eaves, x + width * share + 0.08, peak - 0.3, house.timbers)
    wide = min(1.0, house.bay * 0.5)
    tall = min(1.4, house.roof_height * 0.42)
    pixels = canvas.pixels(wide, tall)
    kind = house.window if house.window not in ("french", "band") else "casement"
    foot = eaves + 0.35
    canvas.rect(middle - wide / 2 - 0.1, foot - 0.1, middle + wide / 2 + 0.1, foot + tall + 0.1, house.trim)
    canvas.paste(middle - wide / 2, foot, *openings.window(kind, pixels, house.frame, sky, rng))
    canvas.sink(middle - wide / 2, foot, middle + wide / 2, foot + tall, 0.15)


def _steps(x: float, y: float, width: float, height: float) -> list[Point]:
    count = 4
    rise, run = height / count, width / 2 / (count + 0.6)
    left: list[Point] = [(x, y)]
    for step in range(count):
        left += [(x + step * run, y + (step + 1) * rise), (x + (step + 1) * run, y + (step + 1) * rise)]
    return left + [(2 * x + width - px, py) for px, py in reversed(left)]


def _neck(x: float, y: float, width: float, height: float) -> list[Point]:
    """Return a bell gable: S-shaped shoulders, a straight neck, a rounded head."""
    left: list[Point] = [(x, y)]
    for t in np.linspace(0, 1, 7):
        left.append((x + width * 0.27 * float(t) ** 0.5, y + height * 0.42 * float(t) ** 2))
    left.append((x + width * 0.27, y + height * 0.8))
    for angle in np.linspace(np.pi, np.pi / 2, 5):
        left.append((x + width * (0.5 + 0.23 * float(np.cos(angle))), y + height * (0.8 + 0.2 * float(np.sin(angle)))))
    return left + [(2 * x + width - px, py) for px, py in reversed(left)]
