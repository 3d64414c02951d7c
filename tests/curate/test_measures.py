"""Measures: checked against slow versions of their formulas, and on pictures with known values."""

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy.ndimage import uniform_filter1d

from curate import measures
from curate.crop import center_crop
from curate.schemas import MEASURES
from tests.curate.pictures import facade


def crops(*images: Image.Image) -> NDArray[np.uint8]:
    return np.stack([center_crop(image, 64) for image in images])


def measured(image: Image.Image, name: str) -> float:
    return float(measures.measure(crops(image))[name][0])


def wall(seed: int) -> Image.Image:
    """A dark wall with windows and no sky, 200 × 200."""
    return facade(seed, 200, 400).crop((0, 120, 200, 320)).point(lambda level: round(level * 0.7))


FACADES = crops(*(facade(seed) for seed in range(30)))


def test_every_measure_has_its_column() -> None:
    values = measures.measure(FACADES)
    assert (*values, "facade") == MEASURES
    for value in values.values():
        assert value.shape == (30,)
        assert value.dtype == np.float32
        assert np.isfinite(value).all()


def test_a_measure_does_not_depend_on_its_neighbours() -> None:
    together = measures.measure(FACADES)
    for row in range(len(FACADES)):
        for name, value in measures.measure(FACADES[row : row + 1]).items():
            assert value[0] == together[name][row], name


def test_luma_is_pillows() -> None:
    for row, seed in enumerate(range(30)):
        expected = np.asarray(Image.fromarray(FACADES[row].transpose(1, 2, 0)).convert("L"))
        np.testing.assert_array_equal(measures.luma_of(FACADES)[row], expected, err_msg=str(seed))


def test_sharpness_is_one_minus_the_blur_effect() -> None:
    def blur_effect(picture: NDArray[np.uint8]) -> float:
        """Step by step as in the article, along each axis."""
        effects = []
        for axis in (0, 1):
            sharp = np.abs(np.diff(picture.astype(float), axis=axis))
            blurred = np.abs(np.diff(uniform_filter1d(picture.astype(float), 9, axis=axis, mode="nearest"), axis=axis))
            effects.append((sharp.sum() - np.maximum(0, sharp - blurred).sum()) / sharp.sum())
        return max(effects)

    luma = measures.luma_of(FACADES)
    expected = [1 - blur_effect(picture) for picture in luma]
    np.testing.assert_allclose(measures.sharpness(luma), expected, atol=1e-9)


def test_blur_lowers_sharpness(photographs: list[Path]) -> None:
    for path in photographs[::10]:
        image = Image.open(path).convert("RGB").resize((150, 150))
        values = [measured(image.filter(ImageFilter.GaussianBlur(sigma)), "sharpness") for sigma in (0, 1, 2, 4, 8)]
        assert values == sorted(values, reverse=True)


def test_percentiles_are_numpys() -> None:
    luma = measures.luma_of(FACADES)
    histograms = measures.histograms_of(measures.levels_of(luma))
    for share in (0.05, 0.5, 0.99):
        expected = np.percentile(luma.reshape(len(luma), -1), 100 * share, axis=1, method="inverted_cdf") / 255
        np.testing.assert_allclose(measures.percentile(histograms, share), expected)


def test_contrast_is_the_standard_deviation() -> None:
    luma = measures.luma_of(FACADES)
    expected = luma.reshape(len(luma), -1).std(axis=1) / 255
    histograms = measures.histograms_of(measures.levels_of(luma))
    np.testing.assert_allclose(measures.contrast(histograms), expected, atol=1e-12)


def test_entropy_counts_bits() -> None:
    for levels in (1, 2, 16, 256):
        pixels = (np.arange(64 * 64) % levels * (256 // levels)).astype(np.uint8).reshape(64, 64)
        image = Image.fromarray(pixels).convert("RGB")
        assert measured(image, "entropy") == pytest.approx(math.log2(levels))


def test_colorfulness_is_hasler_and_suesstrunks() -> None:
    red, green, blue = FACADES.astype(float).reshape(30, 3, -1).transpose(1, 0, 2)
    one, other = red - green, 0.5 * (red + green) - blue
    expected = np.sqrt(one.std(1) ** 2 + other.std(1) ** 2) + 0.3 * np.sqrt(one.mean(1) ** 2 + other.mean(1) ** 2)
    np.testing.assert_allclose(measures.colorfulness(*measures.moments(FACADES)), expected)


def test_chroma_is_zero_for_a_single_tonal_scale() -> None:
    colored = facade(3)
    grey = colored.convert("L")
    sepia = Image.merge("RGB", [grey.point(lambda level, k=k: round(level * k)) for k in (1.0, 0.85, 0.65)])
    assert measured(grey.convert("RGB"), "chroma") == 0
    assert measured(sepia, "chroma") < 1
    assert measured(colored, "chroma") > 5


def test_paper_is_in_both_halves_and_sky_is_not() -> None:
    sheet = Image.new("RGB", (200, 200), (250, 248, 240))
    sheet.paste((60, 60, 60), (50, 50, 150, 150))
    sky = wall(4)
    sky.paste((250, 250, 250), (0, 0, 200, 90))
    assert measured(sheet, "paper") == pytest.approx(0.75, abs=0.04)
    assert measured(sky, "paper") < 0.05


def test_paper_counts_pixels() -> None:
    luma = measures.luma_of(FACADES)
    for picture, value in zip(luma.astype(int), measures.paper(measures.levels_of(luma)), strict=True):
        tone = max(range(176, 256), key=lambda level: (abs(picture - level) <= 5).sum())
        shares = [(abs(half - tone) <= 5).mean() for half in (picture[:32], picture[32:])]
        assert value == pytest.approx(min(shares))


@pytest.mark.parametrize("edge", ["left", "top", "right", "bottom"])
@pytest.mark.parametrize("tone", [0, 220, 255])
def test_a_strip_along_an_edge_is_a_border(edge: str, tone: int) -> None:
    framed = wall(5)
    boxes = {"left": (0, 0, 25, 200), "top": (0, 0, 200, 25), "right": (175, 0, 200, 200), "bottom": (0, 175, 200, 200)}
    framed.paste((tone, tone, tone), boxes[edge])
    assert measured(wall(5), "border") == 0
    assert measured(framed, "border") == pytest.approx(1 / 8, abs=1 / 64)


def test_a_flat_sky_is_no_border() -> None:
    skyline = wall(6)
    skyline.paste((180, 210, 250), (0, 0, 200, 60))
    skyline.paste((90, 70, 60), (30, 25, 110, 60))  # one house is taller than the rest
    assert measured(skyline, "border") == 0
