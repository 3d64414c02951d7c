"""What a run remembers besides its networks, and what it does with the figures that its steps leave."""

import time
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from common.progress import Progress
from train.gan import FIGURES, Gan
from train.monitor import alarms
from train.recipe import Recipe

TELL_EVERY = 0.2  # seconds between two reports of progress
SLOWER = 0.5  # both learning rates times this after a roll-back: the same steps again would end the same way


@dataclass
class Journal:
    """Numbers, texts and tensors only, so that it can be saved with the networks."""

    step: int = 0  # updates done
    rows: list[dict[str, float]] = field(default_factory=list)
    pending: list[Tensor] = field(default_factory=list)  # FIGURES of the steps since the last row
    best: dict[str, Any] = field(default_factory=dict)  # step, ksd and weights of what would be published now
    refuge: dict[str, Any] = field(default_factory=dict)  # step and networks to roll back to, where the recipe asks
    rolled_back: int = 0  # the step whose loss was not finite, after which the run rolled back

    def log(self, recipe: Recipe) -> int | None:
        """Turn the pending figures into a row; the first step with one that is not finite, if any."""
        figures = torch.stack(self.pending).cpu()
        bad = ~figures.isfinite().all(1)
        if bad.any():
            return self.step - len(figures) + 1 + int(bad.nonzero()[0, 0])
        means = dict(zip(FIGURES, figures.mean(0).tolist(), strict=True))
        self.rows.append({"step": self.step, "images": self.step * recipe.batch} | means)
        self.pending.clear()
        return None

    def exhausted(self, recipe: Recipe) -> bool:
        """Whether the last `patience` measurements were no better than the best before them.

        The loop asks at every step, so only a row that was just measured is worth reading the others for.
        """
        if not recipe.patience or not self.rows or "ksd" not in self.rows[-1]:
            return False
        measured = [row["ksd"] for row in self.rows if "ksd" in row]
        return recipe.patience < len(measured) and min(measured[: -recipe.patience]) <= min(
            measured[-recipe.patience :]
        )

    def alarms(self) -> dict[str, int]:
        """The step at which each alarm first rang, a roll-back included."""
        return alarms(self.rows) | ({"rolled_back": self.rolled_back} if self.rolled_back else {})

    def shelter(self, gan: Gan) -> None:
        """Remember this moment as the one to roll back to."""
        self.refuge = {"step": self.step, "gan": deepcopy(gan.state())}

    def roll_back(self, gan: Gan, bad: int) -> None:
        """Return to the last shelter, from where on both networks learn more slowly."""
        self.step, self.rolled_back = self.refuge["step"], bad
        self.rows = [row for row in self.rows if row["step"] <= self.step]
        self.pending.clear()
        gan.restore(deepcopy(self.refuge["gan"]))
        gan.pace *= SLOWER


class ProgressReporter:
    """Says how far the training is, at most every TELL_EVERY seconds."""

    def __init__(self, progress: Progress, journal: Journal, recipe: Recipe) -> None:
        self.progress, self.journal, self.recipe = progress, journal, recipe
        self.first, self.started, self.told = journal.step, time.monotonic(), 0.0

    def tell(self) -> None:
        now = time.monotonic()
        if now - self.told < TELL_EVERY and self.journal.step < self.recipe.steps:
            return
        self.told = now
        rate = max(0, self.journal.step - self.first) * self.recipe.batch / (now - self.started)
        notes = [f"{rate:.0f} images/s"]
        if self.journal.rows:
            notes.append("loss D {loss_d:.2f} G {loss_g:.2f}".format_map(self.journal.rows[-1]))
        measured = [row["ksd"] for row in self.journal.rows if "ksd" in row]
        if measured:
            notes.append(f"KSD {measured[-1]:.3f}")
        notes += [f"{name} since step {step}" for name, step in self.journal.alarms().items()]
        self.progress(self.journal.step, self.recipe.steps, "  ".join(notes))
