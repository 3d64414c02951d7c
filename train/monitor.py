"""Measurements during a training: KSD of the generator, overfitting of D, and the alarms that follow from them."""

import math
from collections.abc import Mapping, Sequence
from functools import cached_property

import torch
from torch import Tensor

from train.data import SplitImages, choose
from train.features import features
from train.gan import Gan
from train.generator import generate
from train.metrics import ksd
from train.networks import Generator, noise
from train.random_streams import RandomStream

MEASUREMENTS = ("ksd", "d_train", "d_heldout")
"""Columns of log.csv that only the rows of measured steps fill."""

N_PROBE_IMAGES = 128  # from each split, to compare D's logits on

CONSECUTIVE = 2  # measurements that must justify an alarm before it is raised
OVERFITTING_GAP = 0.3  # between the fractions of training and held-out images that D classifies as real
COLLAPSE_FACTOR = 1.25  # of the lowest KSD so far, or of KSD_NOISE if that is larger
KSD_NOISE = 0.002  # KSD may be negative; between two sets of 200 real photographs it is smaller than this


class TrainingMonitor:
    """Measures a generator and D, with the same noise and the same images every time.

    D sees held-out images without a gradient, and nothing in the training depends on them.
    """

    def __init__(self, training: SplitImages, heldout: SplitImages, gan: Gan) -> None:
        self.gan = gan
        recipe = gan.recipe
        rng = RandomStream.MEASURE.rng(recipe.seed, device=gan.device)
        self.reference_images = training[choose(training, recipe.measure_images, rng)]
        self.z = noise(recipe.measure_images, recipe.latent, rng)
        n = min(N_PROBE_IMAGES, len(training), len(heldout))
        self.probe_images = {
            name: images.batch(choose(images, n, rng))
            for name, images in (("d_train", training), ("d_heldout", heldout))
        }
        self.labels = gan.G.draw_labels(recipe.measure_images, rng)

    @cached_property
    def reference_features(self) -> Tensor:
        """Features of the reference images, computed at the first measurement so that training starts sooner."""
        return features(self.reference_images, self.gan.device)

    def measure(self, network: Generator) -> dict[str, float]:
        """Return MEASUREMENTS, the means over all processes.

        Returns:
            `ksd`, of images of the generator against training images; `d_train` and `d_heldout`, the fractions of
            training and of held-out images that D classifies as real.
        """
        drawn = self.draw(network)
        found = {"ksd": ksd(self.reference_features, features(drawn, self.gan.device))}
        logits = {name: self.gan.scores(images, labels) for name, (images, labels) in self.probe_images.items()}
        threshold = self.gan.decision_threshold(logits["d_train"], self.scores(drawn[:N_PROBE_IMAGES]))
        found |= {name: (each > threshold).float().mean().item() for name, each in logits.items()}
        values = torch.tensor(list(found.values()), dtype=torch.float64, device=self.gan.device)
        self.gan.group.all_reduce_mean([values])
        return dict(zip(found, values.tolist(), strict=True))

    def draw(self, network: Generator) -> Tensor:
        """Return the images that are measured: uint8, N×3×S×S, on the CPU; `labels` are their labels."""
        return generate(network, network.condition(self.z, self.labels))

    def scores(self, drawn: Tensor) -> Tensor:
        """Return D's logits, N, for the images that `draw` returned, or for the first of them.

        D sees them in equal parts of at most N_PROBE_IMAGES, since its batch norm depends on the size of a batch.
        """
        n = math.ceil(len(drawn) / N_PROBE_IMAGES)
        parts = zip(drawn.chunk(n), self.labels[: len(drawn)].chunk(n), strict=True)
        return torch.cat([self.gan.scores(images.to(self.gan.device), labels) for images, labels in parts])


def alarms(rows: Sequence[Mapping[str, float]]) -> dict[str, int]:
    """Return the step at which each alarm was first raised.

    `overfitting`: D classifies many more training images than held-out images as real. `collapse`: KSD is well above
    its lowest value. Both must be true at CONSECUTIVE measurements.

    Args:
        rows: those of log.csv; rows without a measurement are ignored.
    """
    raised: dict[str, int] = {}
    lowest = float("inf")
    consecutive = {"overfitting": 0, "collapse": 0}
    for row in (row for row in rows if "ksd" in row):
        lowest = min(lowest, row["ksd"])
        bad = {
            "overfitting": row["d_train"] - row["d_heldout"] > OVERFITTING_GAP,
            "collapse": row["ksd"] > COLLAPSE_FACTOR * max(lowest, KSD_NOISE),
        }
        for name in consecutive:
            consecutive[name] = consecutive[name] + 1 if bad[name] else 0
            if consecutive[name] == CONSECUTIVE:
                raised.setdefault(name, int(row["step"]))
    return raised
