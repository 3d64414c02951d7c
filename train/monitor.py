"""What is measured while training: KSD of the generator, how well D knows the training images, and two alarms."""

import math
from collections.abc import Mapping, Sequence
from functools import cached_property

import torch
from torch import Tensor

from train.data import SplitImages, some
from train.features import features
from train.gan import Gan
from train.generator import generate
from train.metrics import ksd
from train.networks import Generator, noise
from train.random_streams import Purpose, stream

MEASURED = ("ksd", "d_train", "d_heldout")
"""Columns of log.csv that only some rows fill."""

JUDGED = 128  # training and held-out images, each, that D is asked about

ROWS_IN_A_ROW = 2  # an alarm rings at the second measurement running that justifies it
OVERFITTING = 0.3  # of the training images more than of the held-out ones taken for real
COLLAPSE = 1.25  # times the best KSD so far, which counts as NOISE at least
NOISE = 0.002  # KSD may be negative; between two sets of 200 real photographs it is smaller than this


class TrainingMonitor:
    """The same noise and the same images at every measurement. Held-out images are only ever shown to D without a
    gradient, and decide nothing."""

    def __init__(self, training: SplitImages, heldout: SplitImages, gan: Gan) -> None:
        self.gan = gan
        recipe = gan.recipe
        rng = stream(recipe.seed, Purpose.MEASURE, device=gan.device)
        self.reference = training[some(training, recipe.measure_images, rng)]
        self.z = noise(recipe.measure_images, recipe.latent, rng)
        judged = min(JUDGED, len(training), len(heldout))
        self.judged = {
            name: images.batch(some(images, judged, rng))
            for name, images in (("d_train", training), ("d_heldout", heldout))
        }
        self.labels = gan.G.draw_labels(recipe.measure_images, rng)

    @cached_property
    def known(self) -> Tensor:
        """The features of the training images compared, from the first measurement on: a start need not wait for
        them."""
        return features(self.reference, self.gan.device)

    def read(self, network: Generator) -> dict[str, float]:
        """`ksd` of a generator against training images; the shares of training and held-out images D takes for real.

        Several processes get the same answer, the mean of theirs, and so take the same decisions.
        """
        drawn = self.draw(network)
        found = {"ksd": ksd(self.known, features(drawn, self.gan.device))}
        logits = {name: self.gan.scores(images, labels) for name, (images, labels) in self.judged.items()}
        boundary = self.gan.boundary(logits["d_train"], self.scores(drawn[:JUDGED]))
        found |= {name: (each > boundary).float().mean().item() for name, each in logits.items()}
        values = torch.tensor(list(found.values()), dtype=torch.float64, device=self.gan.device)
        self.gan.share.average([values])
        return dict(zip(found, values.tolist(), strict=True))

    def draw(self, network: Generator) -> Tensor:
        """The images measured: uint8, N×3×S×S, on the CPU; their labels are `labels`."""
        return generate(network, network.place(self.z, self.labels))

    def scores(self, drawn: Tensor) -> Tensor:
        """D's logits for the images measured, or the first of them, N; in even parts of JUDGED at most, as large as
        batch norm sees them."""
        parts = math.ceil(len(drawn) / JUDGED)
        shares = zip(drawn.chunk(parts), self.labels[: len(drawn)].chunk(parts), strict=True)
        return torch.cat([self.gan.scores(images.to(self.gan.device), labels) for images, labels in shares])


def alarms(rows: Sequence[Mapping[str, float]]) -> dict[str, int]:
    """The step at which each alarm first rang: `overfitting` (D tells training images from held-out ones) and
    `collapse` (KSD is well above its best). `rows` are those of log.csv; those without a measurement say nothing."""
    rang: dict[str, int] = {}
    best = float("inf")
    running = {"overfitting": 0, "collapse": 0}
    for row in (row for row in rows if "ksd" in row):
        best = min(best, row["ksd"])
        bad = {
            "overfitting": row["d_train"] - row["d_heldout"] > OVERFITTING,
            "collapse": row["ksd"] > COLLAPSE * max(best, NOISE),
        }
        for name in running:
            running[name] = running[name] + 1 if bad[name] else 0
            if running[name] == ROWS_IN_A_ROW:
                rang.setdefault(name, int(row["step"]))
    return rang
