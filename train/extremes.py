"""Grids of the most extreme images of a model: by D's score, and by the distance to the nearest training image."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from common.files import replacing
from train.data import SplitImages
from train.mark import Mark
from train.samples import grid, png

SHOWN = 16  # images of each grid
COLUMNS = 8


def save_by_score(images: Tensor, scores: Tensor, folder: Path, mark: Mark) -> None:
    """Write `highest.png` and `lowest.png`: the images with D's highest and lowest scores.

    Args:
        images: uint8, N×3×S×S, on the CPU.
        scores: D's logits, N, on the CPU.
        folder: an existing folder.
        mark: of these images.
    """
    order = scores.argsort(descending=True, stable=True)
    for name, chosen in (("highest", order[:SHOWN]), ("lowest", order.flip(0)[:SHOWN])):
        (folder / f"{name}.png").write_bytes(png(grid(images[chosen], COLUMNS), mark))


def nearest(queries: Tensor, references: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """Find the nearest reference of each query.

    Args:
        queries: features, float, N×d.
        references: features in batches, M×d in all; only one batch is in memory at a time.

    Returns:
        The Euclidean distances, float64, N, and the indices of the references, int64, N, in [0, M); the lowest index
        if several are equally near.
    """
    queries = queries.double()
    distance = torch.full((len(queries),), torch.inf, dtype=torch.float64)
    index = torch.zeros(len(queries), dtype=torch.int64)
    start = 0
    for batch in references:
        # cdist's mode of matrix products is faster but inexact: equal vectors would not have a distance of 0.
        in_batch, position = torch.cdist(queries, batch.double(), compute_mode="donot_use_mm_for_euclid_dist").min(1)
        index = torch.where(in_batch < distance, position + start, index)
        distance = torch.minimum(in_batch, distance)
        start += len(batch)
    return distance, index


def save_by_neighbour(
    generated: Tensor, distance: Tensor, training: SplitImages, neighbour: Tensor, folder: Path, mark: Mark
) -> None:
    """Write a folder with `nearest.png` and `farthest.png`, atomically: the generated images that are nearest to and
    farthest from a training image, each above that training image.

    A generated image that equals its neighbour was memorized.

    Args:
        generated: uint8, N×3×S×S, on the CPU.
        distance: from each to its nearest training image, N.
        training: all training images; only those that are shown are read.
        neighbour: the index of the nearest training image, int64, N.
        folder: to write.
        mark: of the generated images; the grids are marked as composites.
    """
    order = distance.argsort(stable=True)
    with replacing(folder) as draft:
        draft.mkdir()
        for name, chosen in (("nearest", order[:SHOWN]), ("farthest", order.flip(0)[:SHOWN])):
            rows = []
            for part in torch.split(chosen, COLUMNS):
                rows += [generated[part], training[neighbour[part]]]
            sheet = grid(torch.cat(rows), COLUMNS)
            (draft / f"{name}.png").write_bytes(png(sheet, replace(mark, composite=True)))
