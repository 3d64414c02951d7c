"""Draws the bays of the ground floor: doors, shop fronts, arcades."""

import numpy as np

from crawler.spiders.demo.town import openings
from crawler.spiders.demo.town.building import House
from crawler.spiders.demo.town.canvas import Canvas
from crawler.spiders.demo.town.color import Color, mix, shaded


def paint_door(canvas: Canvas, house: House, left: float, sky: Color, rng: np.random.Generator) -> None:
    width = min(house.bay * 0.56, 1.7 if house.door in ("double", "arched") else 1.2)
    height = min(house.ground * 0.78, 2.7)
    x = left + (house.bay - width) / 2
    step = 0.3
    pixels = canvas.pixels(width, height)
    border = 0.18
    head = width / 2 if house.door == "arched" else 0.0
    if house.surround != "plain":
        canvas.cast(x - border, 0, x + width + border, step + height, 0.08)
        canvas.rect(x - border, 0, x + width + border, step + height - head, house.trim)
        if head:
            canvas.ellipse(
                x - border, step + height - width - border, x + width + border, step + height + border, house.trim
            )
        else:
            canvas.block(
                x - border - 0.15, step + height, x + width + border + 0.15, step + height + 0.24, 0.3, house.trim
            )
    canvas.paste(x, step, *openings.door(house.door, pixels, house.door_color, sky, rng))
    canvas.sink(x, step, x + width, step + height, 0.3)
    for tread in range(2):
        reach = 0.45 - 0.2 * tread
        canvas.rect(
            x - reach,
            tread * step / 2,
            x + width + reach,
            (tread + 1) * step / 2,
            shaded((178, 172, 162), 1.0 - 0.14 * (1 - tread)),
        )


def paint_shop(canvas: Canvas, house: House, left: float, sky: Color, rng: np.random.Generator) -> None:
    width, height = house.bay - 0.14, house.ground * 0.66
    pixels = canvas.pixels(width, height)
    canvas.paste(left + 0.07, 0.1, *openings.shop(pixels, house.shop_color, sky, rng))
    canvas.sink(left + 0.07, 0.1, left + house.bay - 0.07, 0.1 + height, 0.25)


def paint_fascia(canvas: Canvas, house: House, x: float, shops: list[int], rng: np.random.Generator) -> None:
    """Draw name boards and awnings over each row of shop windows."""
    runs: list[list[int]] = []
    for bay in shops:
        if runs and runs[-1][-1] == bay - 1:
            runs[-1].append(bay)
        else:
            runs.append([bay])
    letters: Color = (236, 222, 176) if sum(house.shop_color) < 330 else (52, 44, 40)
    for run in runs:
        x0 = x + house.margin + run[0] * house.bay
        x1 = x + house.margin + (run[-1] + 1) * house.bay
        y = house.ground * 0.7
        board = house.ground * 0.15
        pixels = canvas.pixels(x1 - x0, board)
        canvas.block(x0, y, x1, y + board, 0.2, house.shop_color)
        canvas.paste(x0, y, openings.sign(pixels, house.shop_color, letters, rng))
        if house.awning:
            _awning(canvas, x0 + 0.1, y + 0.05, x1 - 0.1, house.awning)


def _awning(canvas: Canvas, x0: float, y: float, x1: float, color: Color) -> None:
    drop, out = 0.75, 0.28
    canvas.cast(x0, y - drop, x1, y, 0.9)
    stripes = max(2, round((x1 - x0) / 0.35))
    for stripe in range(stripes):
        a, b = stripe / stripes, (stripe + 1) / stripes
        cloth = color if stripe % 2 == 0 else mix(color, (240, 236, 226), 0.75)
        top = (x0 + (x1 - x0) * a, x0 + (x1 - x0) * b)
        foot = (x0 - out + (x1 - x0 + 2 * out) * a, x0 - out + (x1 - x0 + 2 * out) * b)
        canvas.polygon([(top[0], y), (top[1], y), (foot[1], y - drop), (foot[0], y - drop)], cloth)
        canvas.rect(foot[0], y - drop - 0.2, foot[1], y - drop, shaded(cloth, 0.78))


def paint_arch(canvas: Canvas, house: House, left: float, rng: np.random.Generator) -> None:
    """Draw one arch of an arcade: dark interior with a lit back wall, pier and voussoirs."""
    width = house.bay * 0.74
    x = left + (house.bay - width) / 2
    springing = house.ground * 0.84 - width / 2
    ring = 0.2
    depth = mix((44, 38, 34), house.base_color, 0.2)
    canvas.ellipse(x - ring, springing - width / 2 - ring, x + width + ring, springing + width / 2 + ring, house.trim)
    canvas.rect(x - ring, 0, x + width + ring, springing, house.base_color)
    canvas.rect(x - ring - 0.06, springing - 0.1, x + width + ring + 0.06, springing + 0.08, house.trim)
    canvas.ellipse(x, springing - width / 2, x + width, springing + width / 2, depth)
    canvas.rect(x, 0, x + width, springing, depth)
    canvas.dim_ellipse(x, springing - width / 2, x + width, springing + width / 2, 60)
    canvas.dim_rect(x, 0, x + width, springing, 60)
    glow = mix(depth, openings.LAMPLIGHT, rng.uniform(0.12, 0.45))
    inner = width * 0.28
    canvas.rect(x + inner, 0, x + width - inner * 0.6, springing * 0.82, glow)
    canvas.rect(x + inner + 0.15, 0, x + width - inner * 0.6 - 0.15, springing * 0.74, shaded(glow, 0.6))
    canvas.rect(x, 0, x + width, 0.18, shaded((168, 160, 148), 0.7))
