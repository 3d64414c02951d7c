"""Training images in memory, as uint8, and the order in which they form batches."""

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
from train.random_streams import RandomStream

HOLDOUT = 1  # in split.npy
MAX_RESIDENT = 0.5  # fraction of a GPU's free memory that the images of a split may take
CPU = torch.device("cpu")


class SplitImages:
    """The images and labels of one split.

    On the CPU the images stay memory-mapped; on a GPU they are copied to its memory if they take less than MAX_RESIDENT
    of what is free. `storage` is the device on which images and labels are.
    """

    def __init__(
        self,
        images: NDArray[np.uint8],
        rows: NDArray[np.intp],
        device: torch.device = CPU,
        labels: NDArray[np.int64] | None = None,
    ) -> None:
        """Select the images of the split.

        Args:
            images: uint8, N×3×S×S: all images of the dataset.
            rows: indices of the images of this split.
            device: on which `batch` returns them.
            labels: int64, N: of all images; None for zeros.
        """
        self.images, self.rows, self.size, self.device = images, rows, images.shape[-1], device
        self.resident: Tensor | None = None
        if device.type == "cuda" and len(rows) * images[0].nbytes < MAX_RESIDENT * torch.cuda.mem_get_info(device)[0]:
            self.resident = torch.from_numpy(images[rows]).to(device)
        self.storage = CPU if self.resident is None else device
        selected = np.zeros(len(rows), np.int64) if labels is None else labels[rows]
        self.labels = torch.from_numpy(selected).to(self.storage)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Tensor) -> Tensor:
        """Return images by their index (int64, n) in the split: uint8, n×3×S×S, on `storage`."""
        if self.resident is not None:
            return self.resident[index.to(self.storage)]
        return torch.from_numpy(self.images[self.rows[index.numpy()]])

    def batch(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Return images (uint8, n×3×S×S) and labels (int64, n) by their index (int64, n), on the device.

        If the index is on `storage`, the host does not wait for the GPU.
        """
        images, labels = self[index], self.labels[index.to(self.storage)]
        if self.storage != self.device:  # copies from pinned memory run in parallel with the computation
            images, labels = (each.pin_memory().to(self.device, non_blocking=True) for each in (images, labels))
        return images, labels


def read(
    dataset: Path, *, holdout: bool = False, device: torch.device = CPU, labels: Sequence[str] = ()
) -> SplitImages:
    """Read one split of a dataset.

    Args:
        dataset: a folder with images.npy, split.npy and, for labels, names.parquet.
        holdout: read the held-out images instead of the training images.
        labels: as in a recipe.

    Raises:
        UserError: the dataset is missing or damaged, the networks have no such size of images, the split is empty, or
            no image matches a label.
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


def choose(images: SplitImages, n: int, rng: torch.Generator) -> Tensor:
    """Choose n of the images at random, or all if there are fewer: their indices, int64, on the CPU."""
    return torch.randperm(len(images), generator=rng, device=rng.device)[:n].cpu()


def scaled(images: Tensor) -> Tensor:
    """Convert uint8 in [0, 255] to float32 in [-1, 1], the range of G; in channels_last format, which is faster."""
    return images.float().div_(127.5).sub_(1.0).contiguous(memory_format=torch.channels_last)


class BatchOrder:
    """The images of each batch, which depend on (seed, step) only.

    Each epoch is a random permutation of all images. A batch may contain the end of an epoch and the start of the next
    one, so that all batches have the same size.
    """

    def __init__(self, n: int, batch: int, seed: int, device: torch.device = CPU) -> None:
        """Args: the number of images, that of images per batch, the recipe's seed, and the device for the indices."""
        self.n, self.batch, self.seed, self.device = n, batch, seed, device
        self._epoch, self._permutation = -1, torch.empty(0, dtype=torch.long)

    def at(self, step: int) -> Tensor:
        """Return the indices of the images of a step: int64, batch, on the device."""
        parts, position, missing = [], step * self.batch, self.batch
        while missing:
            start = position % self.n
            part = self._permutation_of(position // self.n)[start : start + missing]
            parts.append(part)
            position += len(part)
            missing -= len(part)
        return torch.cat(parts)

    def _permutation_of(self, epoch: int) -> Tensor:
        if epoch != self._epoch:
            rng = RandomStream.BATCH_ORDER.rng(self.seed, epoch)
            self._epoch, self._permutation = epoch, torch.randperm(self.n, generator=rng).to(self.device)
        return self._permutation
