"""Draws a building from its description."""

import io
import math

import numpy as np
from PIL import Image

from crawler.spiders.demo.town.building import Building, House
from crawler.spiders.demo.town.camera import SUPERSAMPLE, canvas_size, expose
from crawler.spiders.demo.town.canvas import Canvas
from crawler.spiders.demo.town.color import Color, mix
from crawler.spiders.demo.town.roofs import paint_cornice, paint_roof
from crawler.spiders.demo.town.street import paint_ground, paint_street
from crawler.spiders.demo.town.wall import paint_facade

DETAIL = 2
"""The random stream for curtains, bricks and grain; `design` uses the others."""


def draw(building: Building) -> Image.Image:
    """Return the picture of a building, RGB of `building.shot.size`. A pure function of its argument."""
    rng = np.random.default_rng([building.seed, building.number, DETAIL])
    canvas = frame(building)
    sky = mix(building.light.horizon, building.light.zenith, 0.4)
    paint_ground(canvas, building, rng)
    house = building.house
    if building.left:
        _paint_house(canvas, building.left, -building.left.width, sky, rng)
    if building.right:
        _paint_house(canvas, building.right, house.width, sky, rng)
    _paint_house(canvas, house, 0.0, sky, rng)
    paint_street(canvas, building, rng)
    if building.light.opposite:
        low, high = building.light.opposite
        canvas.overshadow([(canvas.left, -9), (canvas.left, low), (canvas.right, high), (canvas.right, -9)], 20)
    return expose(canvas, building.light, building.shot, rng)


def jpeg(building: Building) -> bytes:
    """Return the picture as a JPEG file."""
    file = io.BytesIO()
    draw(building).save(file, "JPEG", quality=building.shot.quality)
    return file.getvalue()


def frame(building: Building) -> Canvas:
    """Return a canvas on which the house fills the frame as `shot` specifies."""
    house, shot = building.house, building.shot
    size = canvas_size(shot)
    side = min(shot.size) * SUPERSAMPLE
    unit = shot.zoom * side / math.sqrt(house.width * house.height)
    visible = shot.size[1] / min(shot.size) * side / unit
    # The frame shows at most a strip of road, and a third of sky.
    aim_y = house.height * shot.aim[1]
    aim_y = min(max(aim_y, visible / 2 - 1.6), max(visible / 2 - 1.6, house.height - visible * 0.32))
    origin = (size[0] / 2 - house.width * shot.aim[0] * unit, size[1] / 2 + aim_y * unit)
    return Canvas(size, unit, origin, building.light.sun)


def _paint_house(canvas: Canvas, house: House, x: float, sky: Color, rng: np.random.Generator) -> None:
    if not canvas.sees(x - 1, -1, x + house.width + 1, house.height + 2):
        return
    paint_roof(canvas, house, x, sky, rng)
    paint_facade(canvas, house, x, sky, rng)
    paint_cornice(canvas, house, x)
