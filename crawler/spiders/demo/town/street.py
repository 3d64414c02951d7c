"""Draws what is in front of the houses: pavement, trees, lamps, a car, people, hedges."""

import numpy as np

from crawler.spiders.demo.town.building import Building
from crawler.spiders.demo.town.canvas import Canvas
from crawler.spiders.demo.town.color import Color, mix, shaded, varied

IRON: Color = (44, 48, 48)


def paint_ground(canvas: Canvas, building: Building, rng: np.random.Generator) -> None:
    """Draw pavement, kerb and road, and a lawn in front of a detached house."""
    pavement = building.street.pavement
    left, right = canvas.left, canvas.right
    if building.house.detached:
        grass = varied((104, 128, 72), rng, 0.1)
        canvas.rect(left, -6, right, 0.05, grass)
        door = building.house.plan.index("door")
        middle = building.house.margin + (door + 0.5) * building.house.bay
        canvas.polygon(
            [(middle - 0.6, 0.05), (middle + 0.6, 0.05), (middle + 1.4, -2.4), (middle - 1.4, -2.4)], pavement
        )
        canvas.rect(left, -6, right, -2.4, pavement)
        return
    canvas.rect(left, -1.3, right, 0.0, pavement)
    for seam in np.arange(left, right, 0.9):
        canvas.line([(seam, 0.0), (seam * 1.12, -1.3)], shaded(pavement, 0.88), 0.02)
    canvas.rect(left, -1.45, right, -1.3, shaded(pavement, 1.12))
    canvas.rect(left, -8, right, -1.45, shaded(mix(pavement, (92, 92, 96), 0.7), 0.8))


def paint_street(canvas: Canvas, building: Building, rng: np.random.Generator) -> None:
    """Draw everything between the camera and the houses."""
    street, width = building.street, building.house.width
    if street.hedge:
        _hedge(canvas, building, rng)
    for spot in street.people:
        _person(canvas, spot * width, rng)
    if street.lamp is not None:
        _lamp(canvas, street.lamp * width)
    for spot in street.trees:
        _tree(canvas, spot * width, street.leaf, rng)
    if street.car is not None:
        _car(canvas, street.car[0] * width, street.car[1])


def _tree(canvas: Canvas, x: float, leaf: Color, rng: np.random.Generator) -> None:
    height, crown = rng.uniform(4.5, 7.0), rng.uniform(1.4, 2.3)
    bark = varied((84, 70, 58), rng)
    canvas.polygon([(x - 0.17, -0.7), (x + 0.17, -0.7), (x + 0.1, height), (x - 0.1, height)], bark)
    for reach in rng.uniform(-0.7, 0.7, 5):
        canvas.line([(x, height * 0.6), (x + crown * float(reach), height + crown * 0.4)], bark, 0.08)
    shadow = x + canvas.sun[0] * 0.8
    canvas.dim_ellipse(shadow - crown * 0.9, height - crown * 1.3, shadow + crown * 0.9, height + crown * 0.7, 70)
    # Branches first, then the leaves of each: a crown is uneven and partly transparent at its edge.
    leaves = 36
    boughs = rng.normal(0, 0.42, (10, 1, 2)) * (crown, crown * 1.1)
    offsets = rng.normal(0, 0.3 * crown, (len(boughs), leaves, 2))
    towards_sun = (-0.22 * np.sign(canvas.sun[0]), 0.3)
    light = 0.74 + (offsets @ towards_sun + 0.16 * boughs[..., 1]) / crown + rng.normal(0, 0.1, offsets.shape[:2])
    radius = crown * rng.uniform(0.03, 0.10, light.shape)
    order = np.argsort(boughs[:, 0, 1])
    places = (boughs + offsets + (x, height))[order].reshape(-1, 2).tolist()
    for (px, py), r, lit in zip(places, radius[order].ravel().tolist(), light[order].ravel().tolist(), strict=True):
        canvas.ellipse(px - r, py - r * 0.8, px + r, py + r * 0.8, shaded(leaf, lit))
    canvas.dim_ellipse(x - crown * 0.8, height - crown * 0.9, x + crown * 0.8, height + crown * 0.9, 235)


def _hedge(canvas: Canvas, building: Building, rng: np.random.Generator) -> None:
    leaf = shaded(building.street.leaf, 0.85)
    door = building.house.plan.index("door")
    gate = building.house.margin + (door + 0.5) * building.house.bay
    height = rng.uniform(0.5, 0.9)
    for x in np.arange(canvas.left, canvas.right, 0.13):
        if abs(x - gate) < 0.9:
            continue
        for y in np.arange(0, height, 0.16):
            tone = shaded(leaf, float(rng.normal(0.7 + 0.35 * y / height, 0.1)))
            r = rng.uniform(0.1, 0.17)
            canvas.ellipse(x - r, y - r, x + r, y + r, tone)
    canvas.dim_rect(canvas.left, 0, canvas.right, height, 255)


def _lamp(canvas: Canvas, x: float) -> None:
    canvas.line([(x, -0.9), (x, 3.9)], IRON, 0.1)
    canvas.rect(x - 0.13, -0.9, x + 0.13, -0.2, IRON)
    canvas.polygon([(x - 0.14, 3.9), (x + 0.14, 3.9), (x + 0.24, 4.4), (x - 0.24, 4.4)], (232, 226, 204))
    canvas.polygon([(x - 0.28, 4.4), (x + 0.28, 4.4), (x, 4.7)], IRON)


def _person(canvas: Canvas, x: float, rng: np.random.Generator) -> None:
    coat = varied((84, 76, 84), rng, 0.35)
    legs = varied((50, 52, 64), rng, 0.3)
    canvas.polygon(
        [
            (x - 0.16, -0.6),
            (x - 0.04, -0.6),
            (x, 0.3),
            (x + 0.08, -0.6),
            (x + 0.2, -0.6),
            (x + 0.16, 0.35),
            (x - 0.16, 0.35),
        ],
        legs,
    )
    canvas.polygon([(x - 0.2, 0.25), (x + 0.2, 0.25), (x + 0.23, 0.82), (x, 0.95), (x - 0.23, 0.82)], coat)
    canvas.ellipse(x - 0.11, 0.9, x + 0.11, 1.16, (196, 152, 126))


def _car(canvas: Canvas, x: float, paint: Color) -> None:
    y = -1.5
    glass: Color = (58, 68, 78)
    canvas.dim_rect(x - 2.1, y - 0.15, x + 2.1, y + 0.1, 0)
    canvas.polygon(
        [(x - 1.5, y + 0.85), (x - 0.9, y + 1.42), (x + 0.7, y + 1.42), (x + 1.35, y + 0.85)], shaded(paint, 0.9)
    )
    canvas.polygon([(x - 1.3, y + 0.87), (x - 0.82, y + 1.34), (x - 0.1, y + 1.34), (x - 0.1, y + 0.87)], glass)
    canvas.polygon([(x, y + 0.87), (x, y + 1.34), (x + 0.63, y + 1.34), (x + 1.15, y + 0.87)], glass)
    canvas.polygon(
        [
            (x - 2.1, y + 0.25),
            (x - 2.05, y + 0.75),
            (x - 1.4, y + 0.9),
            (x + 1.4, y + 0.9),
            (x + 2.1, y + 0.7),
            (x + 2.1, y + 0.25),
        ],
        paint,
    )
    canvas.rect(x - 2.05, y + 0.62, x + 2.05, y + 0.66, shaded(paint, 1.25))
    for wheel in (x - 1.3, x + 1.3):
        canvas.ellipse(wheel - 0.34, y - 0.05, wheel + 0.34, y + 0.62, (26, 26, 28))
        canvas.ellipse(wheel - 0.17, y + 0.12, wheel + 0.17, y + 0.45, (140, 142, 146))
