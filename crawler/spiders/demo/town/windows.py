"""Draws a window in its wall: surround, pane, head, sill, shutters."""

from typing import NamedTuple

import numpy as np

from crawler.spiders.demo.town import openings
from crawler.spiders.demo.town.building import House
from crawler.spiders.demo.town.canvas import Canvas
from crawler.spiders.demo.town.color import Color, shaded

REVEAL = 0.22
"""Distance of a pane behind the wall, in metres."""
BORDER = 0.16
"""Width of a moulded surround, metres."""


class Opening(NamedTuple):
    """Position of a window: left, bottom, width and height, and height of its arch, in metres."""

    left: float
    bottom: float
    width: float
    height: float
    head: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def top(self) -> float:
        return self.bottom + self.height

    @property
    def middle(self) -> float:
        return self.left + self.width / 2


def paint_window(canvas: Canvas, house: House, opening: Opening, sprite: openings.Sprite, storey: int) -> None:
    """Draw one window with its surround, but without shutters; windows of storey 1 have pediments."""
    if house.surround in ("moulded", "pediment"):
        _moulding(canvas, opening, house.trim)
    elif house.surround == "voussoirs":
        _voussoirs(canvas, opening, shaded(house.wall_color, 0.72))
    canvas.paste(opening.left, opening.bottom, *sprite)
    canvas.sink(opening.left, opening.bottom, opening.right, opening.top, REVEAL)
    if opening.head:
        if house.surround != "plain":
            _keystone(canvas, opening, house.trim)
    elif house.surround == "lintel":
        canvas.block(opening.left - 0.18, opening.top, opening.right + 0.18, opening.top + 0.24, 0.05, house.trim)
    elif house.surround == "pediment":
        _crown(canvas, opening, house.trim, gabled=storey == 1)
    if house.window not in ("french", "band"):
        sill = shaded(house.wall_color, 0.85) if house.surround == "plain" else house.trim
        canvas.block(opening.left - 0.12, opening.bottom - 0.12, opening.right + 0.12, opening.bottom, 0.12, sill)


def paint_shutters(canvas: Canvas, opening: Opening, color: Color, is_open: bool) -> None:
    """Draw two louvred leaves, beside the window or over it."""
    leaf = opening.width / 2
    top = opening.top - 0.6 * opening.head
    slat, gap = max(0.09, 3.2 / canvas.unit), shaded(color, 0.74)
    for left in (opening.left - leaf - 0.03, opening.right + 0.03) if is_open else (opening.left, opening.middle):
        canvas.cast(left, opening.bottom, left + leaf, top, 0.06)
        canvas.rect(left, opening.bottom, left + leaf, top, color)
        for y in np.arange(opening.bottom + 0.1, top - 0.12, slat).tolist():
            canvas.rect(left + 0.07, y, left + leaf - 0.07, y + slat * 0.45, gap)
        canvas.rect(left + leaf - 0.025, opening.bottom, left + leaf, top, shaded(color, 0.6))


def _moulding(canvas: Canvas, opening: Opening, trim: Color) -> None:
    left, right, springing = opening.left - BORDER, opening.right + BORDER, opening.top - opening.head
    canvas.cast(left, opening.bottom, right, opening.top if opening.head else opening.top + BORDER, 0.07)
    if opening.head:
        canvas.rect(left, opening.bottom, right, springing, trim)
        canvas.ellipse(left, opening.top - 2 * opening.head - BORDER, right, opening.top + BORDER, trim)
    else:
        canvas.rect(left, opening.bottom, right, opening.top + BORDER, trim)
    canvas.rect(left, opening.bottom, left + 0.03, springing, shaded(trim, 0.82))


def _voussoirs(canvas: Canvas, opening: Opening, brick: Color) -> None:
    """Draw the arch of bricks over an opening; it is flat if the head is flat."""
    left, right, top = opening.left, opening.right, opening.top
    if opening.head:
        canvas.ellipse(left - 0.2, top - 2 * opening.head - 0.2, right + 0.2, top + 0.2, brick)
    else:
        canvas.polygon([(left, top), (left - 0.12, top + 0.3), (right + 0.12, top + 0.3), (right, top)], brick)


def _keystone(canvas: Canvas, opening: Opening, trim: Color) -> None:
    x, low, high = opening.middle, opening.top - 0.1, opening.top + 0.28
    canvas.polygon([(x - 0.09, low), (x - 0.14, high), (x + 0.14, high), (x + 0.09, low)], trim)


def _crown(canvas: Canvas, opening: Opening, trim: Color, gabled: bool) -> None:
    """Draw a small cornice and, if `gabled`, a triangle on it."""
    low = opening.top + BORDER
    high = low + 0.12
    canvas.block(opening.left - 0.3, low, opening.right + 0.3, high, 0.22, trim)
    if gabled:
        canvas.polygon([(opening.left - 0.3, high), (opening.middle, low + 0.5), (opening.right + 0.3, high)], trim)
        field = [(opening.left - 0.05, low + 0.15), (opening.middle, low + 0.4), (opening.right + 0.05, low + 0.15)]
        canvas.polygon(field, shaded(trim, 0.84))
