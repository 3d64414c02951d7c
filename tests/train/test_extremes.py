from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from train.data import SplitImages
from train.extremes import COLUMNS, SHOWN, nearest, save_by_neighbour, save_by_score
from train.mark import Mark
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
    save_by_score(walls(levels), scores, tmp_path, Mark())
    ranked = sorted(levels, key=lambda level: -scores[level])
    assert greys(tmp_path / "highest.png") == ranked[:SHOWN]
    assert greys(tmp_path / "lowest.png") == ranked[::-1][:SHOWN]


def test_a_copy_is_found_in_whatever_batch_it_is() -> None:
    known = torch.randn(1000, 64, generator=torch.Generator().manual_seed(0))
    originals = torch.tensor([999, 0, 70, 69, 500])
    distance, neighbour = nearest(known[originals], iter(known.split(70)))
    assert neighbour.tolist() == originals.tolist()
    assert distance.tolist() == [0.0] * 5


def test_batches_change_no_distance_and_of_equal_ones_the_first_is_nearest() -> None:
    rng = torch.Generator().manual_seed(0)
    seen, known = torch.randn(50, 8, generator=rng), torch.randn(100, 8, generator=rng)
    twice = torch.cat([known, known])
    distance, neighbour = nearest(seen, twice.split(30))
    expected = torch.stack([(known - one).double().norm(dim=1) for one in seen]).min(1)
    torch.testing.assert_close(distance, expected.values)
    assert neighbour.tolist() == expected.indices.tolist()


def test_each_image_stands_above_its_nearest_training_image(tmp_path: Path) -> None:
    drawn, training = [10 + 5 * place for place in range(40)], [0, 100, 230]
    seen, known = (torch.tensor(levels, dtype=torch.float32)[:, None] for levels in (drawn, training))
    distance, neighbour = nearest(seen, [known])
    rows = SplitImages(walls([255, *training]).numpy(), np.arange(1, 4))
    save_by_neighbour(walls(drawn), distance, rows, neighbour, tmp_path / "neighbours", Mark())
    by_distance = sorted(drawn, key=lambda level: min(abs(level - other) for other in training))
    found = greys(tmp_path / "neighbours" / "nearest.png")
    above, below = found[:8] + found[16:24], found[8:16] + found[24:]
    assert [abs(a - b) for a, b in zip(above, below, strict=True)] == [
        min(abs(level - other) for other in training) for level in by_distance[:SHOWN]
    ]
    assert greys(tmp_path / "neighbours" / "farthest.png")[0] == by_distance[-1]
