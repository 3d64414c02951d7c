from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageSequence

from train.mark import Mark
from train.samples import GAP, grid, save_training_gif


def walls(n: int) -> torch.Tensor:
    """n images 8×8, image k of the grey 10·k."""
    return torch.arange(n, dtype=torch.uint8).mul(10).view(n, 1, 1, 1).expand(n, 3, 8, 8)


def test_a_grid_is_read_like_a_page() -> None:
    sheet = np.asarray(grid(walls(6), columns=3))
    assert sheet.shape == (2 * (8 + GAP) - GAP, 3 * (8 + GAP) - GAP, 3)
    assert [int(sheet[y, x, 0]) for y in (4, 14) for x in (4, 14, 24)] == [0, 10, 20, 30, 40, 50]
    assert (sheet[:, 8 : 8 + GAP] == 255).all()


def test_a_grid_is_nearly_square_and_may_end_short() -> None:
    sheet = np.asarray(grid(walls(7)))
    assert sheet.shape[:2] == (28, 28)
    assert (sheet[20:, 10:] == 255).all()


def test_the_gif_of_a_training_shows_every_frame_and_the_last_one_longest(tmp_path: Path) -> None:
    paths = []
    for number in range(4):
        picture = walls(9).roll(number, dims=0)
        paths.append(tmp_path / f"{number}.png")
        grid(picture).save(paths[-1])
    save_training_gif(paths, tmp_path / "progress.gif", Mark())
    gif = Image.open(tmp_path / "progress.gif")
    durations = []
    for number, path in enumerate(paths):
        gif.seek(number)
        durations.append(gif.info["duration"])
        difference = np.asarray(gif.convert("RGB"), int) - np.asarray(Image.open(path), int)
        assert np.abs(difference).max() <= 2
    assert len(ImageSequence.all_frames(gif)) == 4
    assert gif.info["loop"] == 0
    assert durations[-1] > 5 * durations[0]
