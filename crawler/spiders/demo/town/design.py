"""Designs a building from (seed, number): every choice is drawn from one generator, in a fixed order."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from crawler.spiders.demo.town.building import Building, House, Light, Shot, Street
from crawler.spiders.demo.town.color import distance, mix, shaded, varied
from crawler.spiders.demo.town.districts import AWNINGS, DISTRICTS, SHOPS, District, Weights

Option = TypeVar("Option")

BUILDING, TWIN = 0, 1
"""The random stream of this module, of those that a building has."""


def design(seed: int, number: int) -> Building:
    """Return the building with this number; consecutive numbers belong to consecutive districts."""
    rng = np.random.default_rng([seed, number, BUILDING])
    return _building(seed, number, DISTRICTS[number % len(DISTRICTS)], rng)


def twin(original: Building, number: int) -> Building:
    """Return another building of the same district, style and window grid, seen from the same position.

    A perceptual hash easily confuses the two; a person does not.
    """
    district = next(district for district in DISTRICTS if district.name == original.district)
    rng = np.random.default_rng([original.seed, number, TWIN])
    drafts = [_building(original.seed, number, district, rng) for _ in range(8)]
    other = max(drafts, key=lambda draft: distance(draft.house.wall_color, original.house.wall_color))
    grid = original.house
    house = replace(
        other.house,
        storeys=grid.storeys,
        bays=grid.bays,
        bay=grid.bay,
        storey=grid.storey,
        ground=grid.ground,
        margin=grid.margin,
        window=grid.window,
        window_size=grid.window_size,
        roof=grid.roof,
        roof_height=grid.roof_height,
        plan=tuple(reversed(grid.plan)),
    )
    view = original.shot
    shot = replace(
        other.shot, size=view.size, zoom=view.zoom, aim=view.aim, yaw=view.yaw, pitch=view.pitch, roll=view.roll
    )
    return replace(other, house=house, shot=shot)


def _building(seed: int, number: int, district: District, rng: np.random.Generator) -> Building:
    house = _house(district, rng)
    neighbours = [
        None if district.detached or rng.random() < 0.12 else _neighbour(_house(district, rng), house) for _ in range(2)
    ]
    light = _light(rng)
    return Building(
        seed=seed,
        number=number,
        district=district.name,
        house=house,
        left=neighbours[0],
        right=neighbours[1],
        street=_street(district, rng),
        light=light,
        shot=_shot(house, rng),
    )


def _house(district: District, rng: np.random.Generator) -> House:
    bays = int(rng.integers(district.bays[0], district.bays[1] + 1))
    wall = _pick(rng, tuple(district.walls))
    wall_color = varied(_pick(rng, district.walls[wall]), rng, 0.06)
    base = _weighted(rng, district.base)
    same = base == "same"
    trim = varied(_pick(rng, district.trim), rng, 0.04)
    if distance(trim, wall_color) < 30:
        trim = shaded(trim, 1.1 if sum(wall_color) < 600 else 0.86)
    roof = _weighted(rng, district.roofs)
    height = rng.uniform(*district.roof_height)
    if roof in ("flat", "parapet"):
        height = min(height, 1.0)
    roof_color = varied(_pick(rng, district.roof_colors), rng, 0.07)
    shutters = rng.random() < district.shutters
    window = _weighted(rng, district.windows)
    width = rng.uniform(*district.window_width)
    return House(
        storeys=int(rng.integers(district.storeys[0], district.storeys[1] + 1)),
        bays=bays,
        bay=rng.uniform(*district.bay),
        storey=rng.uniform(*district.storey),
        ground=rng.uniform(*district.ground),
        margin=rng.uniform(0.25, 0.6),
        wall=wall,
        wall_color=wall_color,
        base=wall if same else base,
        base_color=wall_color if same else varied(mix(trim, wall_color, 0.3), rng, 0.05),
        trim=trim,
        window=window,
        window_size=(min(width, 0.46) if shutters else width, rng.uniform(*district.window_height)),
        frame=_pick(rng, district.frames),
        surround=_weighted(rng, district.surrounds),
        shutters=varied(_pick(rng, district.shutter_colors), rng) if shutters else None,
        balconies=_weighted(rng, district.balconies),
        plan=_plan(_weighted(rng, district.floors), bays, rng),
        door=_weighted(rng, district.doors),
        door_color=varied(_pick(rng, district.door_colors), rng),
        shop_color=varied(_pick(rng, SHOPS), rng),
        awning=varied(_pick(rng, AWNINGS), rng) if rng.random() < district.awning else None,
        courses=rng.random() < district.courses,
        quoins=rng.random() < district.quoins,
        pilasters=rng.random() < district.pilasters,
        timbers=varied((74, 52, 40), rng, 0.15) if wall == "stucco" and rng.random() < district.timbers else None,
        oriel=rng.random() < district.oriel,
        cornice=rng.uniform(*district.cornice),
        roof=roof,
        roof_material=district.roof_material,
        roof_color=roof_color,
        roof_height=height,
        dormers=rng.random() < district.dormers,
        chimneys=int(rng.integers(0, 3)),
        detached=district.detached,
    )


def _plan(use: str, bays: int, rng: np.random.Generator) -> tuple[str, ...]:
    bay = {"home": "window", "shop": "shop", "arcade": "arch"}[use]
    plan = [bay] * bays
    if use != "arcade":
        plan[int(rng.integers(bays))] = "door"
    return tuple(plan)


def _neighbour(house: House, beside: House) -> House:
    """Return a neighbour whose storeys are nearly, but not exactly, as high as those of the house."""
    return replace(
        house, storeys=max(2, beside.storeys + (house.bays % 3) - 1), ground=(house.ground + beside.ground) / 2
    )


def _light(rng: np.random.Generator) -> Light:
    clouds = float(rng.choice([rng.uniform(0, 0.3), rng.uniform(0.3, 0.7), rng.uniform(0.8, 1.0)]))
    overcast = clouds > 0.75
    warmth = float(np.clip(rng.normal(0.1, 0.45), -1, 1))
    zenith = varied(mix((74, 126, 196), (128, 140, 170), max(0.0, warmth) * 0.6), rng, 0.07)
    horizon = varied(mix((188, 208, 228), (244, 214, 176), max(0.0, warmth)), rng, 0.03)
    if overcast:
        zenith, horizon = varied((186, 190, 196), rng, 0.06), varied((220, 221, 222), rng, 0.03)
    shaded_street = not overcast and rng.random() < 0.2
    edge = rng.uniform(1.0, 7.0, 2)
    return Light(
        sun=(float(rng.choice([-1.0, 1.0])) * rng.uniform(0.25, 1.1), rng.uniform(0.45, 1.3)),
        sunshine=rng.uniform(0.04, 0.14) if overcast else rng.uniform(0.34, 0.62),
        warmth=warmth,
        zenith=zenith,
        horizon=horizon,
        clouds=clouds,
        opposite=(float(edge[0]), float(edge[1])) if shaded_street else None,
    )


def _street(district: District, rng: np.random.Generator) -> Street:
    sides = (rng.uniform(-0.12, 0.1), rng.uniform(0.9, 1.12))
    trees = sides[: int(rng.integers(1, 3))] if rng.random() < 0.5 else sides[1:]
    trees = trees if rng.random() < district.trees else ()
    spots = rng.uniform(0.0, 1.0, 4)
    paint = varied(_pick(rng, ((36, 38, 42), (150, 34, 36), (188, 190, 194), (52, 72, 104), (228, 228, 226))), rng)
    return Street(
        pavement=varied((158, 152, 144), rng, 0.08),
        trees=trees,
        leaf=varied(_pick(rng, ((78, 112, 52), (96, 122, 60), (62, 96, 58), (168, 128, 52))), rng, 0.1),
        lamp=float(spots[0]) if rng.random() < 0.12 else None,
        car=(float(spots[1]), paint) if rng.random() < 0.1 and not district.detached else None,
        hedge=district.detached and rng.random() < 0.6,
        people=tuple(spots[2:].tolist()) if rng.random() < 0.1 else (),
    )


def _shot(house: House, rng: np.random.Generator) -> Shot:
    long_side = float(np.clip(rng.lognormal(np.log(355), 0.30), 256, 800))
    aspect = _pick(rng, (1.0, 3 / 4, 4 / 5, 2 / 3, 4 / 3, 3 / 2))
    if house.height > 1.5 * house.width:
        aspect = min(aspect, 1.0)
    width, height = (long_side * aspect, long_side) if aspect < 1 else (long_side, long_side / aspect)
    exposure = float(np.exp(rng.normal(-0.03, 0.11)))
    warm = rng.normal(0, 0.03)
    return Shot(
        size=(max(256, round(width)), max(256, round(height))),
        zoom=rng.uniform(0.92, 1.28),
        aim=(rng.normal(0.5, 0.04), rng.normal(0.46, 0.05)),
        yaw=rng.normal(0, 0.03),
        pitch=abs(rng.normal(0, 0.035)),
        roll=rng.normal(0, 0.006),
        exposure=exposure,
        contrast=rng.uniform(0.88, 1.16),
        saturation=rng.uniform(0.75, 1.2),
        balance=(1 + warm, 1 + rng.normal(0, 0.008), 1 - warm),
        vignette=rng.uniform(0, 0.22),
        grain=rng.uniform(0.8, 5.0),
        blur=max(0.0, rng.normal(0.1, 0.3)),
        quality=int(rng.integers(72, 95)),
    )


def _pick(rng: np.random.Generator, options: Sequence[Option]) -> Option:
    return options[int(rng.integers(len(options)))]


def _weighted(rng: np.random.Generator, weights: Weights) -> str:
    names = tuple(weights)
    return names[int(rng.choice(len(names), p=np.array(list(weights.values())) / sum(weights.values())))]
