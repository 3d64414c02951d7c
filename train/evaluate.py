"""The evaluation of a trained generator: metrics.json, and the images nearest to training images."""

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import torch
from torch import Tensor

from common.errors import UserError
from common.files import replacing
from common.progress import Progress
from train import data, extremes, generator, hardware, mark, metrics
from train.features import CHUNK, features
from train.networks import noise
from train.random_streams import RandomStream
from train.recipe import EvaluateParams

DIGITS = 6


def evaluate(
    dataset: Path,
    model: Path,
    params: EvaluateParams,
    out: Path,
    neighbours: Path,
    progress: Progress = lambda done, total, note: None,
) -> None:
    """Write metrics.json and the generated images with the nearest and the farthest training images.

    Each metric has three values: generated against held-out images (`ksd`), its floor, training against held-out images
    (`ksd_floor`), and generated against training images (`ksd_train`). A generator whose `ksd_train` is better than its
    `ksd` has memorized training images.

    Args:
        dataset: a folder with images.npy and split.npy; each split has more than `metrics.NEIGHBOURS` images.
        model: generator.safetensors.
        params: among them the number of generated images, and of training and held-out images at most.
        out: metrics.json: numbers by name, rounded to six digits.
        neighbours: the folder for nearest.png and farthest.png; see `train.extremes.save_by_neighbour`. The nearest
            images are searched among all training images.
        progress: called with the images done, all images, and a note.

    Raises:
        UserError: the model or the dataset is missing or damaged, or a split is too small.
    """
    device = hardware.pick_device()
    network, provenance = generator.load(model)
    rng = RandomStream.EVALUATE.rng(params.seed)
    z = noise(params.n, provenance.recipe.latent, rng)
    all_training, all_heldout = data.read(dataset), data.read(dataset, holdout=True)
    order = data.choose(all_training, len(all_training), rng)
    compared, others = order[: params.n], order[params.n :].sort().values
    training, heldout = all_training[compared], all_heldout[data.choose(all_heldout, params.n, rng)]
    for name, images in (("training", training), ("held-out", heldout)):
        if len(images) <= metrics.NEIGHBOURS:
            raise UserError(f"{dataset}: found {len(images)} {name} images, expected more than {metrics.NEIGHBOURS}")
    z = network.condition(z, network.draw_labels(params.n, rng))
    sets = {"generated": generator.generate(network, z), "training": training, "heldout": heldout}
    total = sum(map(len, sets.values())) + len(others)
    done = 0

    def features_of(batches: Iterable[Tensor], note: str) -> Iterator[Tensor]:
        nonlocal done
        for batch in batches:
            computed = features(batch, device)
            done += len(batch)
            progress(done, total, note)
            yield computed

    with hardware.determinism(wanted=True):
        by_set = {name: torch.cat([*features_of(torch.split(images, CHUNK), name)]) for name, images in sets.items()}
        rest = (all_training[others[start : start + CHUNK]] for start in range(0, len(others), CHUNK))
        distance, position = extremes.nearest(
            by_set["generated"], chain([by_set["training"]], features_of(rest, "neighbours"))
        )
    neighbour = torch.cat([compared, others])[position]
    extremes.save_by_neighbour(
        sets["generated"], distance, all_training, neighbour, neighbours, mark.of_generator(model)
    )

    found: dict[str, float] = {"step": provenance.step}
    found |= {f"{name}_since": step for name, step in provenance.alarms.items()}
    found |= {f"n_{name}": len(images) for name, images in sets.items()}
    for suffix, real, other in (
        ("", "heldout", "generated"),
        ("_floor", "heldout", "training"),
        ("_train", "training", "generated"),
    ):
        values = compare(sets[real], by_set[real], sets[other], by_set[other], params.seed)
        found |= {name + suffix: value for name, value in values.items()}
    with replacing(out) as draft:
        draft.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def compare(real: Tensor, real_features: Tensor, other: Tensor, other_features: Tensor, seed: int) -> dict[str, float]:
    """Return all metrics between two sets of images, rounded to six digits.

    Args:
        real, other: uint8, N×3×S×S and M×3×S×S.
        real_features, other_features: of these images; see `train.features`.
        seed: of SWD's random choices.
    """
    values = {
        "fsd": metrics.fsd(real_features, other_features),
        "ksd": metrics.ksd(real_features, other_features),
        "swd": metrics.swd(real, other, seed),
    } | metrics.precision_recall(real_features, other_features)
    return {name: float(f"{value:.{DIGITS}g}") for name, value in values.items()}
