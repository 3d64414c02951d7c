"""Measures whether the images of a model are copies of its training images."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from common.errors import UserError
from common.progress import Progress
from pipelines.audit.history import versions
from pipelines.audit.likeness import Likeness, judge, nearest
from pipelines.audit.trainings import data_of
from pipelines.versions.version import Version
from train.mark import Mark, of_generator

if TYPE_CHECKING:
    from torch import Tensor

Pixels = NDArray[np.uint8]

PAIRS = 24  # the closest ones, which are reported
SIDE = 16  # side in pixels at which images are compared; with more, a small shift would hide a copy


@dataclass(frozen=True)
class Pair:
    """A generated image and the training image nearest to it."""

    image: int  # index of the generated image
    mirrored: bool  # whether the mirrored training image is the nearest
    distance: float
    row: Mapping[str, Any]  # of the training image in the manifest


@dataclass(frozen=True)
class Memorization:
    """The result of `measure_memorization`."""

    model: str
    recorded: str  # version that contains the model
    dataset: str  # version that it was trained on
    seed: int  # of the latents
    trained_on: int  # number of training images
    pixels: Likeness
    features: Likeness
    pairs: tuple[Pair, ...]  # by features, the closest first


@dataclass(frozen=True)
class PairImages:
    """The pixels of the pairs, n × 3 × S × S each."""

    generated: Pixels
    originals: Pixels  # mirrored where `Pair.mirrored`
    mark: Mark  # of the generated ones


def measure_memorization(
    version: Version, model: str, n: int, seed: int, progress: Progress
) -> tuple[Memorization, PairImages]:
    """Draw images, and compare their distances to the training images with those of held-out real images.

    Args:
        version: Contains the model.
        model: Name in params.yaml.
        n: Number of images to draw.
        seed: Of the latents.
        progress: Reports the images that are done.

    Raises:
        UserError: The version does not contain the model, or no version has the data that it was trained on.
    """
    import torch

    from train import generator, latents
    from train.features import features

    weights = version.outputs("train", "*.safetensors").get(model)
    if weights is None:
        known = ", ".join(sorted(version.outputs("train", "*.safetensors"))) or "none"
        raise UserError(f"{model}: no such model at {version.name}; expected one of: {known}")
    dataset = _trained_on(version, model)
    file = version.file(weights)
    network, _ = generator.load(file)
    labels = network.draw_labels(n, torch.Generator().manual_seed(seed))
    z = network.condition(latents.draw(n, network.latent, seed)[:, :, None, None], labels).detach().flatten(1)
    images, split = dataset.array("images.npy"), np.asarray(dataset.array("split.npy"))
    train, held_out = images[split == 0], images[split == 1]
    if not len(train) or not len(held_out):
        raise UserError(
            f"{dataset.name}: found {len(train)} training and {len(held_out)} held-out images; expected both"
        )

    done = 0
    total = n + 2 * len(train) + len(held_out)

    def counted(tensor: "Tensor", note: str) -> "Tensor":
        nonlocal done
        parts = []
        for part in torch.split(tensor, 200):
            progress(done, total, note)
            parts.append(features(part, torch.device("cpu")))
            done += len(part)
        return torch.cat(parts)

    progress(0, total, "drawing")
    drawn = latents.images(network, z)
    real = torch.from_numpy(np.concatenate([train, train[:, :, :, ::-1]]))  # a model may have learned mirrored images
    others = torch.from_numpy(np.ascontiguousarray(held_out))
    vectors = [
        counted(part, note).numpy() for part, note in ((drawn, "generated"), (real, "training"), (others, "held out"))
    ]
    small = [_small(part.numpy()) for part in (drawn, real, others)]
    by_features, by_pixels = (
        judge(nearest(one, two, relative=relative), nearest(three, two, relative=relative))
        for (one, two, three), relative in ((vectors, False), (small, True))
    )
    progress(total, total, "")

    closest = np.argsort(by_features.generated.distance, kind="stable")[:PAIRS]
    originals = by_features.generated.index[closest]
    found = Memorization(
        model=model,
        recorded=version.name,
        dataset=dataset.name,
        seed=seed,
        trained_on=len(train),
        pixels=by_pixels,
        features=by_features,
        pairs=_pairs(dataset, by_features, closest, originals, np.flatnonzero(split == 0)),
    )
    return found, PairImages(drawn[closest].numpy(), real[originals].numpy(), of_generator(file))


def _trained_on(version: Version, model: str) -> Version:
    """The version with the data that a model was trained on, by their hashes."""
    read = {path.rsplit("/", 1)[-1]: item.md5 for path, item in version.lock.stages[f"train@{model}"].deps.items()}
    candidates = (version, *(one for one, _ in versions(version.repository, everywhere=True)))
    for candidate in candidates:
        if candidate.lock.dataset and data_of(candidate) == (read.get("images.npy"), read.get("split.npy")):
            return candidate
    raise UserError(
        f"{model} at {version.name}: trained on images.npy with md5 {read.get('images.npy')}, which no version contains"
    )


def _small(images: Pixels) -> NDArray[np.float32]:
    """The means of SIDE × SIDE fields, scaled so that a distance is a root mean square of levels (0 to 255)."""
    n, channels, size, _ = images.shape
    step = size // SIDE
    fields = images.reshape(n, channels, SIDE, step, SIDE, step).mean(axis=(3, 5), dtype=np.float32)
    scaled: NDArray[np.float32] = fields.reshape(n, -1) / np.float32(np.sqrt(channels * SIDE * SIDE))
    return scaled


def _pairs(
    dataset: Version, found: Likeness, closest: NDArray[np.intp], originals: NDArray[np.int64], rows: NDArray[np.intp]
) -> tuple[Pair, ...]:
    chosen = [int(rows[index % len(rows)]) for index in originals]
    by_row = {row["row"]: row for row in dataset.rows(where=pc.field("row").isin(sorted(set(chosen))))}
    return tuple(
        Pair(int(image), bool(index >= len(rows)), float(found.generated.distance[image]), by_row[row])
        for image, index, row in zip(closest, originals, chosen, strict=True)
    )
