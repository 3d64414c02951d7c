"""The best and the worst of what a model draws: by D's score, and by how near the nearest training image is."""

from pathlib import Path

import torch
from torch import Tensor

from crawler.files import replacing
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


def save_by_neighbour(generated: Tensor, seen: Tensor, training: Tensor, known: Tensor, folder: Path) -> None:
    """Write `nearest.png` and `farthest.png` into a folder of their own, whole or not at all: the generated images with
    the nearest and with the farthest training image, which stands below each.

    A nearest image that equals its neighbour was learnt by heart.

    Args:
        generated, training: uint8, N×3×S×S and M×3×S×S.
        seen, known: their features, N×d and M×d.
        folder: to write.
    """
    distance, neighbour = torch.cdist(seen.double(), known.double()).min(1)
    order = distance.argsort(stable=True)
    with replacing(folder) as draft:
        draft.mkdir()
        for name, chosen in (("nearest", order[:SHOWN]), ("farthest", order.flip(0)[:SHOWN])):
            rows = []
            for part in torch.split(chosen, COLUMNS):
                rows += [generated[part], training[neighbour[part]]]
            grid(torch.cat(rows), COLUMNS).save(draft / f"{name}.png")
