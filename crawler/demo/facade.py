"""The wall of a house from plinth to cornice, and everything fixed to it."""

import numpy as np

from crawler.demo import openings, surface
from crawler.demo.balconies import paint_balcony, paint_fire_escape, paint_slab
from crawler.demo.building import House
from crawler.demo.canvas import Canvas
from crawler.demo.color import Color, mix, shaded
from crawler.demo.ground import paint_arch, paint_door, paint_fascia, paint_shop

REVEAL = 0.22
"""How far a pane lies behind the wall, metres."""
VARIANTS = 5
"""How many windows of one size differ in curtains, blinds and reflections."""


def paint_facade(canvas: Canvas, house: House, x: float, sky: Color, rng: np.random.Generator) -> None:
    """Draw the wall of `house` with its left corner at `x`; its roof is drawn before, by `roofs.paint_roof`."""
    _walls(canvas, house, x, rng)
    if house.timbers:
        _timbers(canvas, house, x, house.timbers)
    if house.quoins:
        _quoins(canvas, house, x)
    if house.pilasters:
        for bay in range(house.bays + 1):
            middle = x + house.margin + bay * house.bay
            canvas.block(
                middle - 0.14,
                house.ground,
                middle + 0.14,
                house.wall_height,
                0.12,
                mix(house.trim, house.wall_color, 0.25),
            )
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
    canvas.tile(
        x,
        house.ground,
        x + house.width,
        house.wall_height,
        surface.tile(house.wall, house.wall_color, canvas.unit, rng),
    )
    canvas.tile(x, 0, x + house.width, house.ground, surface.tile(house.base, house.base_color, canvas.unit, rng))
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
    tall = house.window == "french"
    sprites: dict[float, list[openings.Sprite]] = {}
    for storey in range(1, house.storeys):
        floor = house.floor(storey)
        top = storey == house.storeys - 1
        height = house.storey * house.window_size[1] * (0.86 if top and house.storeys > 2 else 1.0)
        sill = floor + (0.12 if tall else 0.46 * (house.storey - height) + 0.12)
        if not canvas.sees(x, floor, x + house.width, floor + house.storey):
            continue
        if height not in sprites:
            pixels = canvas.pixels(width, height)
            sprites[height] = [openings.window(house.window, pixels, house.frame, sky, rng) for _ in range(VARIANTS)]
        gallery = house.balconies == "floors" and storey in (1, house.storeys - 1)
        picks = rng.integers(VARIANTS, size=house.bays)
        open_shutters = rng.random(house.bays) < 0.9
        for bay in range(house.bays):
            middle = x + house.margin + (bay + 0.5) * house.bay
            left = middle - width / 2
            if not canvas.sees(left - 1, sill, left + width + 1, sill + height):
                continue
            _window(canvas, house, (left, sill, width, height), sprites[height][picks[bay]], storey)
            if house.shutters:
                _shutters(canvas, house, (left, sill, width, height), house.shutters, bool(open_shutters[bay]))
            if (house.balconies == "each" and not top) or (tall and not gallery):
                paint_balcony(
                    canvas, left - 0.15, floor + 0.05, left + width + 0.15, 0.45 if house.balconies == "each" else 0.08
                )
            if house.balconies == "slabs" and bay % 2 == storey % 2 and house.bays > 2:
                paint_slab(canvas, house, middle - house.bay * 0.46, floor, middle + house.bay * 0.46, sky)
        if gallery:
            paint_balcony(canvas, x + 0.2, floor + 0.05, x + house.width - 0.2, 0.75)


def _window(
    canvas: Canvas, house: House, box: tuple[float, float, float, float], sprite: openings.Sprite, storey: int
) -> None:
    x, y, width, height = box
    head = openings.rise(house.window, width)
    arched = head > 0
    border = 0.16
    if house.surround in ("moulded", "pediment"):
        canvas.cast(x - border, y, x + width + border, y + height + (0 if arched else border), 0.07)
        canvas.rect(x - border, y, x + width + border, y + height - head, house.trim)
        if arched:
            canvas.ellipse(
                x - border, y + height - 2 * head - border, x + width + border, y + height + border, house.trim
            )
        else:
            canvas.rect(x - border, y + height - head, x + width + border, y + height + border, house.trim)
        canvas.rect(x - border, y, x - border + 0.03, y + height - head, shaded(house.trim, 0.82))
    if house.surround == "voussoirs":
        tone = shaded(house.wall_color, 0.72)
        if arched:
            canvas.ellipse(x - 0.2, y + height - 2 * head - 0.2, x + width + 0.2, y + height + 0.2, tone)
        else:
            canvas.polygon(
                [
                    (x, y + height),
                    (x - 0.12, y + height + 0.3),
                    (x + width + 0.12, y + height + 0.3),
                    (x + width, y + height),
                ],
                tone,
            )
    canvas.paste(x, y, *sprite)
    canvas.sink(x, y, x + width, y + height, REVEAL)
    if house.surround == "lintel" and not arched:
        canvas.block(x - 0.18, y + height, x + width + 0.18, y + height + 0.24, 0.05, house.trim)
    if arched and house.surround != "plain":
        key = x + width / 2
        canvas.polygon(
            [
                (key - 0.09, y + height - 0.1),
                (key - 0.14, y + height + 0.28),
                (key + 0.14, y + height + 0.28),
                (key + 0.09, y + height - 0.1),
            ],
            house.trim,
        )
    if house.surround == "pediment" and not arched:
        cornice = y + height + border
        canvas.block(x - 0.3, cornice, x + width + 0.3, cornice + 0.12, 0.22, house.trim)
        if storey == 1:
            canvas.polygon(
                [(x - 0.3, cornice + 0.12), (x + width / 2, cornice + 0.5), (x + width + 0.3, cornice + 0.12)],
                house.trim,
            )
            canvas.polygon(
                [(x - 0.05, cornice + 0.15), (x + width / 2, cornice + 0.4), (x + width + 0.05, cornice + 0.15)],
                shaded(house.trim, 0.84),
            )
    if house.window not in ("french", "band"):
        canvas.block(
            x - 0.12,
            y - 0.12,
            x + width + 0.12,
            y,
            0.12,
            house.trim if house.surround != "plain" else shaded(house.wall_color, 0.85),
        )


def _shutters(
    canvas: Canvas, house: House, box: tuple[float, float, float, float], color: Color, is_open: bool
) -> None:
    x, y, width, height = box
    leaf = width / 2
    top = y + height - (openings.rise(house.window, width) * 0.6)
    spots = (x - leaf - 0.03, x + width + 0.03) if is_open else (x, x + leaf)
    for left in spots:
        canvas.cast(left, y, left + leaf, top, 0.06)
        canvas.rect(left, y, left + leaf, top, color)
        slats, gap = max(0.09, 3.2 / canvas.unit), shaded(color, 0.74)
        for slat in np.arange(y + 0.1, top - 0.12, slats):
            canvas.rect(left + 0.07, slat, left + leaf - 0.07, slat + slats * 0.45, gap)
        canvas.rect(left + leaf - 0.025, y, left + leaf, top, shaded(color, 0.6))


def _oriel(canvas: Canvas, house: House, x: float, sky: Color, rng: np.random.Generator) -> None:
    """A bay window: three panes a storey between two foreshortened cheeks."""
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
    pixels = canvas.pixels(width, height)
    for storey in range(1, house.storeys):
        y = house.floor(storey) + 0.85
        canvas.paste(
            middle - width / 2,
            y,
            *openings.window("band" if house.window == "band" else "sash", pixels, house.frame, sky, rng),
        )
        canvas.sink(middle - width / 2, y, middle + width / 2, y + height, 0.1)
        canvas.block(middle - half - 0.05, y + height + 0.15, middle + half + 0.05, y + height + 0.32, 0.1, house.trim)


def _ground_floor(canvas: Canvas, house: House, x: float, sky: Color, rng: np.random.Generator) -> None:
    if not canvas.sees(x, -0.2, x + house.width, house.ground):
        return
    for bay, use in enumerate(house.plan):
        left = x + house.margin + bay * house.bay
        if not canvas.sees(left - 0.5, 0, left + house.bay + 0.5, house.ground):
            continue
        if use == "window":
            width = house.bay * house.window_size[0]
            height = min(house.ground * 0.52, house.storey * house.window_size[1])
            kind = "sash" if house.window == "french" else house.window
            pixels = canvas.pixels(width, height)
            sprite = openings.window(kind, pixels, house.frame, sky, rng)
            box = (left + (house.bay - width) / 2, house.ground * 0.3, width, height)
            _window(canvas, house, box, sprite, 0)
            if house.shutters:
                _shutters(canvas, house, box, house.shutters, True)
        elif use == "door":
            paint_door(canvas, house, left, sky, rng)
        elif use == "shop":
            paint_shop(canvas, house, left, sky, rng)
        elif use == "arch":
            paint_arch(canvas, house, left, rng)
    shops = [bay for bay, use in enumerate(house.plan) if use == "shop"]
    if shops:
        paint_fascia(canvas, house, x, shops, rng)
