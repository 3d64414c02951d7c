"""Alignment: known changes are undone, what stays different is found, and no pair depends on another."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from curate.duplicates.alignment import similarity
from curate.rules import Duplicates

IDENTITY = np.eye(2, 3)
THRESHOLD = Duplicates().similarity
Thumbnail = NDArray[np.uint8]


def scene(seed: int) -> Image.Image:
    """Return a picture of 256 × 256 with detail at several scales, another for each seed."""
    rng = np.random.default_rng(seed)
    layers = [
        np.asarray(Image.fromarray(rng.uniform(0, 255, (side, side)).astype(np.float32)).resize((256, 256)))
        for side in (8, 16, 32, 64)
    ]
    return Image.fromarray((np.mean(layers, axis=0) * 2 - 128).clip(0, 255).astype(np.uint8))


def seen(image: Image.Image, *, angle: float = 0, scale: float = 1, x: float = 0, y: float = 0) -> Thumbnail:
    """Return the middle of a scene as a thumbnail: 160 pixels, turned (degrees), scaled and shifted (in sides)."""
    c, s = (function(math.radians(angle)) * 160 / 64 / scale for function in (math.cos, math.sin))
    left, top = 128 + 160 * x, 128 + 160 * y
    matrix = (c, -s, left - 32 * (c - s), s, c, top - 32 * (c + s))
    return np.asarray(image.transform((64, 64), Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC))


def value(first: Thumbnail, second: Thumbnail, *guesses: NDArray[np.float64]) -> float:
    """Return the similarity of one pair."""
    return float(similarity(first[None], second[None], np.array([guesses or (IDENTITY,)]))[0])


def test_a_picture_is_like_itself() -> None:
    thumbnail = seen(scene(1))
    assert value(thumbnail, thumbnail) > 0.99


@pytest.mark.parametrize("seed", range(4))
def test_two_scenes_are_unlike(seed: int) -> None:
    assert abs(value(seen(scene(seed)), seen(scene(seed + 10)))) < 0.3


@pytest.mark.parametrize(
    "change",
    [
        {"x": 0.03},
        {"y": -0.04},
        {"angle": 3},
        {"scale": 1.08},
        {"scale": 0.93},
        {"angle": -2, "scale": 1.05, "x": 0.02, "y": 0.02},
    ],
    ids=str,
)
def test_shift_scale_and_rotation_are_undone(change: dict[str, float]) -> None:
    for seed in range(3):
        first, second = seen(scene(seed)), seen(scene(seed), **change)
        assert value(first, second) > 0.85
        assert value(second, first) > 0.85


@settings(max_examples=25, deadline=None)
@given(st.floats(0.25, 1.0), st.floats(-30, 30), st.floats(-0.04, 0.04))
def test_brightness_and_contrast_do_not_count(gain: float, bias: float, shift: float) -> None:
    first, shifted = seen(scene(2)), seen(scene(2), x=shift, scale=1.05)
    second = ((shifted.astype(float) - 128) * gain + 128 + bias).round().clip(0, 255).astype(np.uint8)
    assert value(first, second) > 0.85


def test_a_negative_is_no_copy() -> None:
    first = seen(scene(3))
    assert value(first, 255 - first) < 0


def test_a_caption_may_cover_less_than_a_third_and_not_more() -> None:
    first = seen(scene(4))
    rng = np.random.default_rng(4)
    for lines, is_copy in ((16, True), (24, False)):  # of 64: a quarter, and three eighths
        captioned = first.copy()
        captioned[64 - lines :] = rng.integers(0, 2, (lines, 64)) * 255
        assert (value(first, captioned) >= THRESHOLD) == is_copy


def test_a_right_guess_among_wrong_ones_is_enough() -> None:
    """The second picture is the middle of the first, at twice its size: too far for the descent from the identity."""
    first, second = seen(scene(5)), seen(scene(5), scale=2)
    middle = np.array([[2, 0, -0.5], [0, 2, -0.5]])
    mirror = np.array([[-1.0, 0, 1], [0, 1, 0]])
    assert value(first, second, mirror, IDENTITY) < THRESHOLD
    assert value(first, second, mirror, middle, IDENTITY) > 0.8


def test_a_mirrored_copy_is_found_by_the_guess_that_mirrors() -> None:
    first = seen(scene(6))
    mirror = np.array([[-1.0, 0, 1], [0, 1, 0]])
    assert value(first, first[:, ::-1].copy(), IDENTITY, mirror) > 0.95


def test_too_little_overlap_is_no_similarity() -> None:
    first, second = seen(scene(7)), seen(scene(7), x=0.5)
    assert value(first, second, np.array([[1, 0, -0.5], [0, 1, 0]])) == 0


def test_flat_pictures_are_like_nothing() -> None:
    flat = np.full((64, 64), 128, np.uint8)
    for other in (flat, seen(scene(8)), np.zeros((64, 64), np.uint8)):
        assert value(flat, other) < THRESHOLD
    assert value(flat, flat) == 0


def test_a_pair_does_not_depend_on_the_others() -> None:
    pictures = [seen(scene(seed)) for seed in range(35)]  # more than are aligned at a time
    first, second = np.stack(pictures), np.stack([seen(scene(seed), x=0.02) for seed in range(35)])
    together = similarity(first, second, np.broadcast_to(IDENTITY, (35, 1, 2, 3)))
    alone = [value(one, other) for one, other in zip(first, second, strict=True)]
    np.testing.assert_array_equal(together, np.array(alone, np.float32))
    assert similarity(first[:0], second[:0], np.empty((0, 1, 2, 3))).shape == (0,)
