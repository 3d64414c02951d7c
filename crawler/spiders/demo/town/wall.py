"""Draws the wall of a house from plinth to cornice, and everything fixed to it."""

import numpy as np

from crawler.spiders.demo.town import openings, surface
from crawler.spiders.demo.town.balconies import paint_balcony, paint_fire_escape, paint_slab
from crawler.spiders.demo.town.building import House
from crawler.spiders.demo.town.canvas import Canvas
from crawler.spiders.demo.town.color import Color, mix, shaded
from crawler.spiders.demo.town.ground_floor import paint_arch, paint_door, paint_fascia, paint_shop
from crawler.spiders.demo.town.windows import Opening, paint_shutters, paint_window

VARIANTS = 5
"""Number of variants of a window of one size, in curtains, blinds and reflections."""


def paint_facade(canvas: Canvas, house: House, x: float, sky: Color, rng: np.random.Generator) -> None:
    """Draw the wall of `house` with its left corner at `x`. Draw its roof first, with `roofs.paint_roof`."""
    _walls(canvas, house, x, rng)
    if house.timbers:
        _timbers(canvas, house, x, house.timbers)
    if house.quoins:
        _quoins(canvas, house, x)
    if house.pilasters:
        color = mix(house.trim, house.wall_color, 0.25)
        for bay in range(house.bays + 1):
            middle = x + house.margin + bay * house.bay
            canvas.block(middle - 0.14, house.ground, middle + 0.14, house.wall_height, 0.12, color)
    if house.courses:
        for storey in range(1, house.storeys):
            y = house.floor(storey)
            canvas.block(x, y - 0.09, x + house.width, y + 0.09, 0.1, house.trim)
    _upper_storeys(canvas, house, x, sky, rng)
    if house.oriel and house.storeys > 1:
        _oriel(canvas, house, x, sky, rng)
    _ground_floor(canvas, house, x, sky, rng)
    if house.balconies == "escape":
        paint_fire_escape(canvas, house, x)


def _walls(canvas: Canvas, house: House, x: float, rng: np.random.Generator) -> None:
    wall = surface.tile(house.wall, house.wall_color, canvas.unit, rng)
    same = (house.base, house.base_color) == (house.wall, house.wall_color)
    base = wall if same else surface.tile(house.base, house.base_color, canvas.unit, rng)
    canvas.tile(x, house.ground, x + house.width, house.wall_height, wall)
    canvas.tile(x, 0, x + house.width, house.ground, base)
    canvas.dim_rect(x, 0, x + house.width, house.wall_height, 255)
    canvas.block(x, 0, x + house.width, 0.45, 0.06, shaded(house.base_color, 0.78))


def _timbers(canvas: Canvas, house: House, x: float, timber: Color) -> None:
    beam = 0.17
    for storey in range(1, house.storeys):
        low, high = house.floor(storey), house.floor(storey) + house.storey
        for y in (low, high - beam, low + 0.3 * house.storey):
            canvas.rect(x, y, x + house.width, y + beam, timber)
        for bay in range(house.bays + 1):
            post = x + house.margin + bay * house.bay
            canvas.rect(post - beam / 2, low, post + beam / 2, high, timber)
        for side, lean in ((x + beam, 1), (x + house.width - beam, -1)):
            foot = side + lean * 0.8
            canvas.line([(foot, low), (side, high)], timber, beam)


def _quoins(canvas: Canvas, house: House, x: float) -> None:
    height = 0.38
    for course in range(int(house.wall_height / height)):
        width = 0.55 if course % 2 else 0.38
        y = course * height
        canvas.rect(x, y + 0.02, x + width, y + height - 0.02, house.trim)
        canvas.rect(x + house.width - width, y + 0.02, x + house.width, y + height - 0.02, house.trim)


def _upper_storeys(canvas: Canvas, house: House, x: float, sky: Color, rng: np.random.Generator) -> None:
    width = house.bay * house.window_size[0]
    head = openings.rise(house.window, width)
    sprites: dict[float, list[openings.Sprite]] = {}
    for storey in range(1, house.storeys):
        floor = house.floor(storey)
        if not canvas.sees(x, floor, x + house.width, floor + house.storey):
            continue
        top = storey == house.storeys - 1
        height = house.storey * house.window_size[1] * (0.86 if top and house.storeys > 2 else 1.0)
        sill = floor + 0.12 + (0.0 if house.window == "french" else 0.46 * (house.storey - height))
        if height not in sprites:
            pixels = canvas.pixels(width, height)
            sprites[height] = [openings.window(house.window, pixels, house.frame, sky, rng) for _ in range(VARIANTS)]
        picks = rng.integers(VARIANTS, size=house.bays).tolist()
        are_open = (rng.random(house.bays) < 0.9).tolist()
        for bay in range(house.bays):
            left = x + house.margin + (bay + 0.5) * house.bay - width / 2
            if not canvas.sees(left - 1, sill, left + width + 1, sill + height):
                continue
            opening = Opening(left, sill, width, height, head)
            paint_window(canvas, house, opening, sprites[height][picks[bay]], storey)
            if house.shutters:
                paint_shutters(canvas, opening, house.shutters, are_open[bay])
            _railed(canvas, house, opening, storey, bay, sky)
        if house.balconies == "floors" and storey in (1, house.storeys - 1):
            paint_balcony(canvas, x + 0.2, floor + 0.05, x + house.width - 0.2, 0.75)


def _railed(canvas: Canvas, house: House, opening: Opening, storey: int, bay: int, sky: Color) -> None:
    """Draw the balcony, slab or rail of a single window."""
    floor, last = house.floor(storey), storey == house.storeys - 1
    left, right = opening.left - 0.15, opening.right + 0.15
    if house.balconies == "each" and not last:
        paint_balcony(canvas, left, floor + 0.05, right, 0.45)
    elif house.balconies == "slabs" and bay % 2 == storey % 2:
        reach = house.bay * 0.46
        paint_slab(canvas, house, opening.middle - reach, floor, opening.middle + reach, sky)
    elif house.window == "french" and not (house.balconies == "floors" and (last or storey == 1)):
        paint_balcony(canvas, left, floor + 0.05, right, 0.08)


def _oriel(canvas: Canvas, house: House, x: float, sky: Color, rng: np.random.Generator) -> None:
    """Draw a bay window: three panes per storey between two foreshortened sides."""
    bay = int(rng.integers(house.bays))
    middle = x + house.margin + (bay + 0.5) * house.bay
    half, cheek = house.bay * 0.46, house.bay * 0.13
    low, high = house.ground - 0.1, house.wall_height - 0.25
    canvas.cast(middle - half, low, middle + half, high, 0.7)
    color = mix(house.trim, house.wall_color, 0.35)
    canvas.rect(middle - half, low, middle + half, high, color)
    sunny = canvas.sun[0] > 0
    canvas.rect(middle - half, low, middle - half + cheek, high, shaded(color, 1.06 if sunny else 0.66))
    canvas.rect(middle + half - cheek, low, middle + half, high, shaded(color, 0.66 if sunny else 1.06))
    width = 2 * (half - cheek) - 0.3
    height = house.storey * 0.58
    for storey in range(1, house.storeys):
        x0, y = middle - width / 2, house.floor(storey) + 0.85
        canvas.paste(x0, y, *openings.window("sash", canvas.pixels(width, height), house.frame, sky, rng))
        canvas.sink(x0, y, x0 + width, y + height, 0.1)
        canvas.block(middle - half - 0.05, y + height + 0.15, middle + half + 0.05, y + height + 0.32, 0.1, house.trim)


def _ground_floor(canvas: Canvas, house: House, x: float, sky: Color, rng: np.random.Generator) -> None:
    if not canvas.sees(x, -0.2, x + house.width, house.ground):
        return
    for bay, use in enumerate(house.plan):
        left = x + house.margin + bay * house.bay
        if not canvas.sees(left - 0.5, 0, left + house.bay + 0.5, house.ground):
            continue
        if use == "window":
            _ground_window(canvas, house, left, sky, rng)
        elif use == "door":
            paint_door(canvas, house, left, sky, rng)
        elif use == "shop":
            paint_shop(canvas, house, left, sky, rng)
        elif use == "arch":
            paint_arch(canvas, house, left, rng)
    shops = [bay for bay, use in enumerate(house.plan) if use == "shop"]
    if shops:
        paint_fascia(canvas, house, x, shops, rng)


def _ground_window(canvas: Canvas, house: House, left: float, sky: Color, rng: np.random.Generator) -> None:
    width = house.bay * house.window_size[0]
    height = min(house.ground * 0.52, house.storey * house.window_size[1])
    kind = "sash" if house.window == "french" else house.window
    opening = Opening(
        left + (house.bay - width) / 2, house.ground * 0.3, width, height, openings.rise(house.window, width)
    )
    sprite = openings.window(kind, canvas.pixels(width, height), house.frame, sky, rng)
    paint_window(canvas, house, opening, sprite, 0)
    if house.shutters:
        paint_shutters(canvas, opening, house.shutters, is_open=True)
