"""The best and the worst of what a model draws: by D's score, and by how near the nearest training image is."""

from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor

from common.files import replacing
from train.data import SplitImages
from train.samples import grid

SHOWN = 16  # images at either end
COLUMNS = 8


def save_by_score(images: Tensor, scores: Tensor, folder: Path) -> None:
    """Write `highest.png` and `lowest.png`: the images that D takes for real most and least of all.

    Args:
        images: uint8, N×3×S×S.
        scores: D's logits, N.
        folder: which exists.
    """
    order = scores.argsort(descending=True, stable=True)
    grid(images[order[:SHOWN]], COLUMNS).save(folder / "highest.png")
    grid(images[order.flip(0)[:SHOWN]], COLUMNS).save(folder / "lowest.png")


def nearest(seen: Tensor, known: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """The distance of each image to the nearest of others, and which one that is: the first, where several are.

    Args:
        seen: features, N×d.
        known: those of the others, batch by batch, M×d in all; only one batch is held at a time.

    Returns:
        float64, N, and int64, N, in [0, M).
    """
    seen = seen.double()
    distance = torch.full((len(seen),), torch.inf, dtype=torch.float64)
    neighbour = torch.zeros(len(seen), dtype=torch.int64)
    passed = 0
    for batch in known:
        # By a matrix product it would be faster, and a copy would not be at 0.
        here, place = torch.cdist(seen, batch.double(), compute_mode="donot_use_mm_for_euclid_dist").min(1)
        neighbour = torch.where(here < distance, place + passed, neighbour)
        distance = torch.minimum(here, distance)
        passed += len(batch)
    return distance, neighbour


def save_by_neighbour(
    generated: Tensor, distance: Tensor, training: SplitImages, neighbour: Tensor, folder: Path
) -> None:
    """Write `nearest.png` and `farthest.png` into a folder of their own, whole or not at all: the generated images with
    the nearest and with the farthest training image, which stands below each.

    A nearest image that equals its neighbour was learnt by heart.

    Args:
        generated: uint8, N×3×S×S.
        distance: of each to its nearest training image, N.
        training: of which no image is read but those that are shown.
        neighbour: the number of the nearest there, int64, N.
        folder: to write.
    """
    order = distance.argsort(stable=True)
    with replacing(folder) as draft:
        draft.mkdir()
        for name, chosen in (("nearest", order[:SHOWN]), ("farthest", order.flip(0)[:SHOWN])):
            rows = []
            for part in torch.split(chosen, COLUMNS):
                rows += [generated[part], training[neighbour[part]]]
            grid(torch.cat(rows), COLUMNS).save(draft / f"{name}.png")
