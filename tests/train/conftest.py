"""A dataset small enough to train on in a second."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from train import progress_report

SIZE = 32


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    """Tiny networks run fastest on one thread, and results depend on the number."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _report_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_report, "REPORT_EVERY", 0.0)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """32 coloured walls with a window each, uint8 32×3×32×32; every fourth is held out."""
    folder = tmp_path / "dataset"
    folder.mkdir()
    rng = np.random.default_rng(3)
    images = np.empty((32, 3, SIZE, SIZE), np.uint8)
    images[:] = rng.integers(60, 250, size=(32, 3, 1, 1))
    for image, (y, x) in zip(images, rng.integers(4, 20, size=(32, 2)), strict=True):
        image[:, y : y + 8, x : x + 6] = 30
    np.save(folder / "images.npy", images)
    np.save(folder / "split.npy", (np.arange(32) % 4 == 3).astype(np.uint8))
    return folder


@pytest.fixture(scope="session")
def photographs(data: Path) -> torch.Tensor:
    """400 photographs of buildings: uint8, N×3×64×64."""
    paths = sorted((data / "buildings" / "train").glob("*.jpg"))[:400]
    pixels = [np.asarray(Image.open(path).convert("RGB").resize((64, 64), Image.Resampling.BOX)) for path in paths]
    return torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).contiguous()
