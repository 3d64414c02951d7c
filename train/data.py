"""The training images, resident in memory as uint8, and the order in which steps see them."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from crawler.errors import UserError
from curate.dataset import read_images, read_split
from train.randomness import Purpose, stream

HOLDOUT = 1  # in split.npy


def read(dataset: Path, *, holdout: bool = False) -> Tensor:
    """Read one split of a dataset into memory: uint8, N×3×S×S in [0, 255].

    Raises:
        UserError: the dataset is missing or damaged, or this split of it is empty.
    """
    images, split = read_images(dataset), read_split(dataset)
    chosen = torch.from_numpy(np.ascontiguousarray(images[(split == HOLDOUT) == holdout]))
    if len(chosen) == 0:
        kept = f"found {len(split)} images of the other split"
        raise UserError(f"{dataset}: no {'held-out' if holdout else 'training'} images; {kept}, expected at least one")
    return chosen


def scaled(images: Tensor) -> Tensor:
    """From uint8 in [0, 255] to float32 in [-1, 1], where G's tanh lives; channels last, for the convolutions."""
    return images.float().div_(127.5).sub_(1.0).contiguous(memory_format=torch.channels_last)


class Feed:
    """Batches in an order that follows from (seed, step) alone.

    Every image comes once before any comes again; a batch may end one such round and begin the next, so all batches
    are of one size.
    """

    def __init__(self, images: Tensor, batch: int, seed: int) -> None:
        self.images, self.batch, self.seed = images, batch, seed
        self._round, self._order = -1, torch.empty(0, dtype=torch.long)

    def at(self, step: int) -> Tensor:
        """The batch of one step: uint8, batch×3×S×S, on the device of the images."""
        n = len(self.images)
        parts, place, missing = [], step * self.batch, self.batch
        while missing:
            start = place % n
            part = self._order_of(place // n)[start : start + missing]
            parts.append(part)
            place += len(part)
            missing -= len(part)
        return self.images[torch.cat(parts)]

    def _order_of(self, number: int) -> Tensor:
        if number != self._round:
            rng = stream(self.seed, Purpose.ORDER, number)
            order = torch.randperm(len(self.images), generator=rng)
            self._round, self._order = number, order.to(self.images.device)
        return self._order
