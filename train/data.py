"""The training images, in memory as uint8, and the order in which steps see them."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from crawler.errors import UserError
from curate.dataset import read_images, read_split
from train.randomness import Purpose, stream

HOLDOUT = 1  # in split.npy
RESIDENT = 0.5  # of a GPU's free memory that the dataset may take
CPU = torch.device("cpu")


class Rows:
    """The images of one split, counted once in memory: on a CPU the pages of the file itself, which the system keeps as
    far as there is room; on a GPU a copy there, unless it would take more than RESIDENT of what is free."""

    def __init__(self, images: NDArray[np.uint8], rows: NDArray[np.intp], device: torch.device) -> None:
        self.images, self.rows, self.size = images, rows, images.shape[-1]
        self.device = torch.device("cpu")
        if device.type == "cuda" and len(rows) * images[0].nbytes < RESIDENT * torch.cuda.mem_get_info(device)[0]:
            self._resident = torch.from_numpy(images[rows]).to(device)
            self.device = device

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Tensor) -> Tensor:
        """uint8, len(index)×3×S×S, where `device` says."""
        if self.device.type == "cuda":
            return self._resident[index.to(self.device)]
        return torch.from_numpy(self.images[self.rows[index.cpu().numpy()]])


def read(dataset: Path, *, holdout: bool = False, device: torch.device = CPU) -> Rows:
    """One split of a dataset, in [0, 255].

    Raises:
        UserError: the dataset is missing or damaged, or this split of it is empty.
    """
    images, split = read_images(dataset), read_split(dataset)
    rows = np.flatnonzero((split == HOLDOUT) == holdout)
    if len(rows) == 0:
        kept = f"found {len(split)} images of the other split"
        raise UserError(f"{dataset}: no {'held-out' if holdout else 'training'} images; {kept}, expected at least one")
    return Rows(images, rows, device)


def some(images: Rows | Tensor, n: int, rng: torch.Generator) -> Tensor:
    """At most n of the images, at random."""
    return images[torch.randperm(len(images), generator=rng, device=rng.device)[:n]]


def scaled(images: Tensor) -> Tensor:
    """From uint8 in [0, 255] to float32 in [-1, 1], where G's tanh lives; channels last, for the convolutions."""
    return images.float().div_(127.5).sub_(1.0).contiguous(memory_format=torch.channels_last)


class Feed:
    """Batches in an order that follows from (seed, step) alone.

    Every image comes once before any comes again; a batch may end one such round and begin the next, so all batches
    are of one size.
    """

    def __init__(self, images: Rows | Tensor, batch: int, seed: int) -> None:
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
