"""The training images, in memory as uint8, and the order in which steps see them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from common.errors import UserError
from curate.dataset import read_images, read_names, read_split
from train.labels import number
from train.networks import SIZES
from train.random_streams import Purpose, stream

HOLDOUT = 1  # in split.npy
RESIDENT = 0.5  # of a GPU's free memory that the dataset may take
CPU = torch.device("cpu")


class SplitImages:
    """The images of one split, counted once in memory: on a CPU the pages of the file itself, which the system keeps as
    far as there is room; on a GPU a copy there, unless it would take more than RESIDENT of what is free. `home` is
    where they lie, labels and all."""

    def __init__(
        self,
        images: NDArray[np.uint8],
        rows: NDArray[np.intp],
        device: torch.device = CPU,
        labels: NDArray[np.int64] | None = None,
    ) -> None:
        """Args: all images, which of them are of this split, and the labels of all, where they have some."""
        self.images, self.rows, self.size, self.device = images, rows, images.shape[-1], device
        self.resident: Tensor | None = None
        if device.type == "cuda" and len(rows) * images[0].nbytes < RESIDENT * torch.cuda.mem_get_info(device)[0]:
            self.resident = torch.from_numpy(images[rows]).to(device)
        self.home = CPU if self.resident is None else device
        self.labels = torch.from_numpy(np.zeros(len(rows), np.int64) if labels is None else labels[rows]).to(self.home)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Tensor) -> Tensor:
        """uint8, len(index)×3×S×S, at home."""
        if self.resident is not None:
            return self.resident[index.to(self.home)]
        return torch.from_numpy(self.images[self.rows[index.numpy()]])

    def batch(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Images and their labels on the device: uint8, N×3×S×S, and int64, N. With an index (int64, N) at home nothing
        waits for a GPU."""
        images, labels = self[index], self.labels[index.to(self.home)]
        if self.home != self.device:  # only from pinned memory does a copy run beside the computation
            images, labels = (each.pin_memory().to(self.device, non_blocking=True) for each in (images, labels))
        return images, labels


def read(
    dataset: Path, *, holdout: bool = False, device: torch.device = CPU, labels: Sequence[str] = ()
) -> SplitImages:
    """One split of a dataset, in [0, 255], labelled where labels are given.

    Raises:
        UserError: the dataset is missing or damaged, its images are of another size than the networks', this split of
            it is empty, or a label fits no image.
    """
    images, split = read_images(dataset), read_split(dataset)
    if len(split) != len(images):
        raise UserError(f"{dataset}: found {len(images)} images and {len(split)} rows of split.npy, expected as many")
    if images.shape[-1] not in SIZES:
        raise UserError(f"{dataset}: found images of {images.shape[-1]} pixels, expected one of {SIZES}")
    rows = np.flatnonzero((split == HOLDOUT) == holdout)
    if len(rows) == 0:
        kept = f"found {len(split)} images of the other split"
        raise UserError(f"{dataset}: no {'held-out' if holdout else 'training'} images; {kept}, expected at least one")
    return SplitImages(images, rows, device, number(read_names(dataset), labels) if labels else None)


def some(images: SplitImages, n: int, rng: torch.Generator) -> Tensor:
    """The numbers of at most n of the images, at random: int64."""
    return torch.randperm(len(images), generator=rng, device=rng.device)[:n].cpu()


def scaled(images: Tensor) -> Tensor:
    """From uint8 in [0, 255] to float32 in [-1, 1], where G's tanh lives; channels last, for the convolutions."""
    return images.float().div_(127.5).sub_(1.0).contiguous(memory_format=torch.channels_last)


class BatchOrder:
    """The order in which images are seen, which follows from (seed, step) alone.

    Every image comes once before any comes again; a batch may end one such round and begin the next, so all batches
    are of one size.
    """

    def __init__(self, n: int, batch: int, seed: int, device: torch.device = CPU) -> None:
        self.n, self.batch, self.seed, self.device = n, batch, seed, device
        self._round, self._order = -1, torch.empty(0, dtype=torch.long)

    def at(self, step: int) -> Tensor:
        """The numbers of the images of one step: int64, batch, on the device."""
        parts, place, missing = [], step * self.batch, self.batch
        while missing:
            start = place % self.n
            part = self._order_of(place // self.n)[start : start + missing]
            parts.append(part)
            place += len(part)
            missing -= len(part)
        return torch.cat(parts)

    def _order_of(self, number: int) -> Tensor:
        if number != self._round:
            rng = stream(self.seed, Purpose.ORDER, number)
            self._round, self._order = number, torch.randperm(self.n, generator=rng).to(self.device)
        return self._order
