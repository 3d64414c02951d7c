"""Makes a photograph of a canvas: perspective, sky, light, lens, sensor."""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from crawler.spiders.demo.town.building import Light, Shot
from crawler.spiders.demo.town.canvas import SHADE_SCALE, Canvas

Plane = npt.NDArray[np.float32]

OVERSCAN = 0.12
"""Margin of canvas on each side of the frame, as a fraction of the frame. The perspective shows parts of it."""
SUPERSAMPLE = 2


def canvas_size(shot: Shot) -> tuple[int, int]:
    """Return the size in pixels of the canvas that this shot needs."""
    width, height = shot.size
    return (round(width * SUPERSAMPLE * (1 + 2 * OVERSCAN)), round(height * SUPERSAMPLE * (1 + 2 * OVERSCAN)))


def expose(canvas: Canvas, light: Light, shot: Shot, rng: np.random.Generator) -> Image.Image:
    """Photograph the canvas; returns an RGB image of `shot.size`."""
    mapping = _mapping(shot, canvas.size)
    perspective, bilinear = Image.Transform.PERSPECTIVE, Image.Resampling.BILINEAR
    coarser = tuple(c / SHADE_SCALE for c in mapping[:6]) + mapping[6:]
    shade = canvas.shade.transform(shot.size, perspective, coarser, bilinear, fillcolor=255)
    albedo = canvas.albedo.transform(shot.size, perspective, mapping, bilinear)
    *surfaces, cover = (np.asarray(band, dtype=np.float32) for band in albedo.split())
    planes = _illuminated(surfaces, np.asarray(shade, dtype=np.float32), light, shot, rng)
    _fill_sky(planes, cover, light, rng)
    return _develop(planes, shot, rng)


def _mapping(shot: Shot, canvas: tuple[int, int]) -> tuple[float, ...]:
    """Return the eight coefficients of Pillow's PERSPECTIVE, which maps picture to canvas coordinates."""
    width, height = shot.size
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], dtype=np.float64)
    seen = corners.copy()
    # A nearer side looks larger, so the edge of the frame spans less of the canvas there.
    seen[:, 1] *= 1 + shot.yaw * corners[:, 0]
    seen[:, 0] *= 1 - shot.pitch * corners[:, 1]
    turn = np.array([[np.cos(shot.roll), -np.sin(shot.roll)], [np.sin(shot.roll), np.cos(shot.roll)]])
    aspect = np.array([width, height])
    seen = (seen * aspect) @ turn.T / aspect
    limit = 1 + 2 * OVERSCAN * 0.98
    target = np.clip(seen, -limit, limit) * aspect * SUPERSAMPLE / 2 + np.array(canvas) / 2
    source = (corners + 1) / 2 * aspect
    rows, values = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return tuple(float(c) for c in np.linalg.solve(np.array(rows), np.array(values)))


def _illuminated(
    surfaces: list[Plane], shade: Plane, light: Light, shot: Shot, rng: np.random.Generator
) -> list[Plane]:
    """Add skylight everywhere and sunlight outside shadows, both slightly uneven."""
    height, width = shade.shape
    warm = (1 + 0.09 * light.warmth, 1.0, 1 - 0.12 * light.warmth)
    blue = (0.95, 1.0, 1.09)
    uneven = _noise((width, height), (6, 24), rng) * np.float32(0.045)
    uneven += np.linspace(1.03, 0.93, height, dtype=np.float32)[:, None]
    planes = []
    for surface, sun, sky in zip(surfaces, warm, blue, strict=True):
        gain = shade * np.float32(light.sunshine * 1.12 * sun / 255)
        gain += np.float32((1 - light.sunshine) * sky)
        gain *= uneven
        planes.append(surface * gain)
    return planes


def _fill_sky(planes: list[Plane], cover: Plane, light: Light, rng: np.random.Generator) -> None:
    """Add the sky to `planes` where `cover` (0–255) does not hide it."""
    height, width = cover.shape
    open_rows = np.flatnonzero(cover.min(axis=1) < 255)
    clouds = _noise((width, height), (3, 7, 19), rng)
    if not open_rows.size:
        return
    rows = slice(0, int(open_rows[-1]) + 1)
    free = 1 - cover[rows] / np.float32(255)
    billows = clouds[rows]
    veil = np.clip((billows + np.float32(light.clouds * 3.0 - 1.9)) * np.float32(0.9), 0, 1) * np.float32(0.85)
    ramp = np.linspace(0, 1, height, dtype=np.float32)[rows, None] ** np.float32(0.8)
    for plane, zenith, horizon in zip(planes, light.zenith, light.horizon, strict=True):
        blue = np.float32(zenith) + np.float32(horizon - zenith) * ramp
        white = billows * np.float32(6) + np.float32(horizon * 0.35 + 244 * 0.65)
        plane[rows] += free * (blue + (white - blue) * veil)


def _noise(size: tuple[int, int], octaves: tuple[int, ...], rng: np.random.Generator) -> Plane:
    """Return smooth noise: a sum of octaves with the given bumps per image height, twice as wide as high."""
    width, height = size
    small = (-(-width // 6), -(-height // 6))
    total = np.zeros((small[1], small[0]), dtype=np.float32)
    for share, bumps in enumerate(octaves, start=1):
        coarse = rng.standard_normal((bumps, max(2, bumps * width // (2 * height))), dtype=np.float32)
        total += np.asarray(Image.fromarray(coarse).resize(small, Image.Resampling.BICUBIC)) / np.float32(share)
    return np.array(Image.fromarray(total).resize(size, Image.Resampling.BILINEAR))


def _develop(planes: list[Plane], shot: Shot, rng: np.random.Generator) -> Image.Image:
    """Apply exposure, white balance, saturation, contrast, vignetting, lens blur, noise and highlight compression."""
    height, width = planes[0].shape
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None] ** 2
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :] ** 2
    falloff = 1 - np.float32(0.45 * shot.vignette) * (x + y)
    grey = (planes[0] + planes[1] + planes[2]) * np.float32((1 - shot.saturation) / 3)
    noise = rng.standard_normal((height, width), dtype=np.float32) * np.float32(shot.grain)
    bands = []
    for plane, balance in zip(planes, shot.balance, strict=True):
        plane *= np.float32(shot.saturation)
        plane += grey
        plane *= falloff * np.float32(balance * shot.exposure * shot.contrast)
        plane += noise
        plane += np.float32(118 * (1 - shot.contrast))
        # Like film: highlights are compressed from 190 on and reach white at 320, instead of clipping at 255.
        over = np.maximum(plane - np.float32(190), 0)
        plane -= over * over * np.float32(1 / 260)
        bands.append(Image.fromarray(np.clip(plane, 0, 255).astype(np.uint8)))
    picture = Image.merge("RGB", bands)
    return picture.filter(ImageFilter.BoxBlur(shot.blur)) if shot.blur > 0.15 else picture
