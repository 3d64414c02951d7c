"""The facade score: high for buildings, low for nature, and independent of the other pictures of a batch."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from torchvision.models import SqueezeNet1_1_Weights

from curate.crop import center_crop
from curate.decode import Picture, decode
from curate.facade_score import BUILDINGS, NATURE, score
from curate.rules import Thresholds
from curate.schemas import SQUARE_SIDE
from tests.curate.pictures import facade

pytestmark = pytest.mark.integration


def squares(files: list[Path]) -> NDArray[np.uint8]:
    pictures = [decode(path.read_bytes(), SQUARE_SIDE) for path in files]
    return np.stack([center_crop(one.rgb, SQUARE_SIDE) for one in pictures if isinstance(one, Picture)])


def test_the_classes_have_their_names_in_imagenet() -> None:
    names = SqueezeNet1_1_Weights.IMAGENET1K_V1.meta["categories"]
    assert {number: names[number] for number in BUILDINGS} == BUILDINGS
    nature = [names[number] for number in NATURE]
    assert (nature[0], nature[397], nature[398], nature[-1]) == ("tench", "puffer", "alp", "ear")
    assert "bubble" not in nature
    assert not set(BUILDINGS) & set(NATURE)


def test_buildings_score_above_nature(data: Path) -> None:
    """AUC, the probability that a building scores above another picture, is at least 0.95."""
    buildings = score(squares(sorted((data / "buildings/test").glob("*.jpg"))[::2]))
    nature = [
        path
        for name in ("forest", "glacier", "mountain", "sea")
        for path in (data / "not-facades" / name).rglob("*.jpg")
    ]
    others = score(squares(sorted(nature)[::2]))
    assert len(buildings) > 200
    assert len(others) == 160
    above = (buildings[:, None] > others).mean() + (buildings[:, None] == others).mean() / 2
    assert above >= 0.95
    least = Thresholds().min_facade
    assert least is not None
    assert (buildings >= least).mean() > 0.97
    assert (others >= least).mean() < 0.25


def test_drawn_facades_are_facades_as_often_as_photographed_ones() -> None:
    drawn = score(np.stack([center_crop(facade(seed), SQUARE_SIDE) for seed in range(100)]))
    least = Thresholds().min_facade
    assert least is not None
    assert (drawn >= least).mean() > 0.97


@pytest.mark.parametrize("size", [1, 5, 16, 17])
def test_a_score_does_not_depend_on_the_other_pictures(size: int) -> None:
    pictures = np.stack([center_crop(facade(seed), SQUARE_SIDE) for seed in range(20)])
    together = score(pictures)
    parts = [score(pictures[low : low + size]) for low in range(0, len(pictures), size)]
    np.testing.assert_array_equal(np.concatenate(parts), together)
    assert together.min() >= 0
    assert together.max() <= 1
    assert len(score(pictures[:0])) == 0
