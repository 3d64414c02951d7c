from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from train.extremes import COLUMNS, SHOWN, save_by_neighbour, save_by_score
from train.samples import GAP


def walls(greys: list[int]) -> Tensor:
    """Images 8×8, each of one grey."""
    return torch.tensor(greys, dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, 3, 8, 8)


def greys(path: Path) -> list[int]:
    """The grey of each image of a grid, read like a page."""
    pixels = np.asarray(Image.open(path))[4 :: 8 + GAP, 4 :: 8 + GAP, 0]
    assert pixels.shape[1] == COLUMNS
    return [int(value) for value in pixels.flatten()]


def test_by_score_the_best_stand_first_at_one_end_and_last_at_the_other(tmp_path: Path) -> None:
    levels = list(range(40))
    scores = torch.tensor([float((level * 7) % 40) for level in levels])
    save_by_score(walls(levels), scores, tmp_path)
    ranked = sorted(levels, key=lambda level: -scores[level])
    assert greys(tmp_path / "highest.png") == ranked[:SHOWN]
    assert greys(tmp_path / "lowest.png") == ranked[::-1][:SHOWN]


def test_each_image_stands_above_its_nearest_training_image(tmp_path: Path) -> None:
    drawn, training = [10 + 5 * place for place in range(40)], [0, 100, 230]
    seen, known = (torch.tensor(levels, dtype=torch.float32)[:, None] for levels in (drawn, training))
    save_by_neighbour(walls(drawn), seen, walls(training), known, tmp_path / "neighbours")
    by_distance = sorted(drawn, key=lambda level: min(abs(level - other) for other in training))
    found = greys(tmp_path / "neighbours" / "nearest.png")
    above, below = found[:8] + found[16:24], found[8:16] + found[24:]
    assert [abs(a - b) for a, b in zip(above, below, strict=True)] == [
        min(abs(level - other) for other in training) for level in by_distance[:SHOWN]
    ]
    assert greys(tmp_path / "neighbours" / "farthest.png")[0] == by_distance[-1]
