"""Draws what is fixed to a facade: balconies, slabs, fire escapes."""

import numpy as np

from crawler.spiders.demo.town.building import House
from crawler.spiders.demo.town.canvas import Canvas
from crawler.spiders.demo.town.color import Color, mix, shaded

IRON: Color = (38, 40, 44)
STONE: Color = (186, 178, 162)


def _railing(canvas: Canvas, x0: float, y: float, x1: float) -> None:
    top = y + 0.95
    gap = max(0.13, 5.0 / canvas.unit)
    for post in np.arange(x0 + gap / 2, x1, gap):
        canvas.line([(post, y), (post, top)], IRON, 0.02)
    for height in (y + 0.08, y + 0.62, top):
        canvas.line([(x0, height), (x1, height)], IRON, 0.04)


def paint_balcony(canvas: Canvas, x0: float, y: float, x1: float, depth: float) -> None:
    """Draw a railing from `x0` to `x1` at floor height `y`; if it protrudes clearly, on a slab with brackets."""
    if depth > 0.1:
        canvas.block(x0 - 0.08, y - 0.2, x1 + 0.08, y, depth, STONE)
        for bracket in np.arange(x0 + 0.25, x1, 1.15):
            canvas.polygon(
                [
                    (bracket - 0.09, y - 0.2),
                    (bracket + 0.09, y - 0.2),
                    (bracket + 0.06, y - 0.55),
                    (bracket - 0.06, y - 0.5),
                ],
                shaded(STONE, 0.8),
            )
    _railing(canvas, x0, y, x1)


def paint_slab(canvas: Canvas, house: House, x0: float, y: float, x1: float, sky: Color) -> None:
    """Draw a concrete balcony with a closed parapet of glass or coloured panels."""
    canvas.cast(x0, y - 0.05, x1, y + 1.0, 0.9)
    panel = house.door_color if house.courses else mix(sky, (96, 112, 116), 0.5)
    canvas.rect(x0, y + 0.02, x1, y + 1.0, panel)
    for post in np.arange(x0, x1, 0.8):
        canvas.rect(post, y + 0.02, post + 0.03, y + 1.0, shaded(panel, 0.7))
    canvas.rect(x0, y + 0.96, x1, y + 1.02, shaded(house.trim, 0.8))
    canvas.rect(x0 - 0.05, y - 0.16, x1 + 0.05, y + 0.05, house.trim)
    canvas.rect(x0 - 0.05, y - 0.2, x1 + 0.05, y - 0.14, shaded(house.trim, 0.6))


def paint_fire_escape(canvas: Canvas, house: House, x: float) -> None:
    """Draw iron platforms on the middle bays, joined by zigzag stairs."""
    first = house.bays // 2 - 1 if house.bays > 3 else 0
    x0 = x + house.margin + first * house.bay + 0.2
    x1 = x0 + 2 * house.bay - 0.4
    for storey in range(1, house.storeys):
        y = house.floor(storey) + 0.25
        canvas.cast(x0, y - 0.1, x1, y, 1.0)
        canvas.rect(x0, y - 0.1, x1, y, IRON)
        _railing(canvas, x0, y, x1)
        if storey < house.storeys - 1:
            rise = house.storey
            foot, head = (x0 + 0.4, x1 - 0.4) if storey % 2 else (x1 - 0.4, x0 + 0.4)
            for offset in (0.0, 0.5):
                canvas.line([(foot, y + offset), (head, y + rise - 0.1 + offset)], IRON, 0.06)
