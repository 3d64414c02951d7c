from pathlib import Path

import numpy as np
import pytest
import torch

from common.errors import UserError
from train.data import BatchOrder, read, scaled


def test_the_two_splits_share_nothing_and_miss_nothing(dataset: Path) -> None:
    images = torch.from_numpy(np.load(dataset / "images.npy"))
    training, heldout = read(dataset), read(dataset, holdout=True)
    torch.testing.assert_close(heldout[torch.arange(8)], images[3::4])
    assert len(training) == 24


def test_an_empty_split_is_an_error_that_says_so(dataset: Path) -> None:
    np.save(dataset / "split.npy", np.zeros(32, np.uint8))
    with pytest.raises(UserError, match="no held-out images"):
        read(dataset, holdout=True)


def test_scaling_covers_minus_one_to_one() -> None:
    ramp = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    values = scaled(ramp)
    assert (values.min(), values.max()) == (-1, 1)


def test_every_image_comes_once_before_any_comes_again() -> None:
    batches = BatchOrder(10, batch=4, seed=1)
    order = torch.cat([batches.at(step) for step in range(10)]).tolist()
    rounds = [order[start : start + 10] for start in range(0, 40, 10)]
    assert all(sorted(one) == list(range(10)) for one in rounds)
    assert len({tuple(one) for one in rounds}) == 4


def test_a_batch_larger_than_the_dataset_goes_round() -> None:
    batches = BatchOrder(3, batch=7, seed=0)
    assert batches.at(0).bincount().tolist() in ([3, 2, 2], [2, 3, 2], [2, 2, 3])


def test_a_step_needs_no_step_before_it() -> None:
    walked = BatchOrder(10, batch=4, seed=1)
    for step in range(6):
        last = walked.at(step)
    assert torch.equal(BatchOrder(10, batch=4, seed=1).at(5), last)


def test_reading_allocates_no_memory_for_the_images(dataset: Path) -> None:
    assert isinstance(read(dataset).images, np.memmap)
