"""The state of a training: everything that a resumed run needs."""

from copy import deepcopy
from dataclasses import dataclass, field, fields
from typing import Any

import torch
from torch import Tensor

from train.gan import STATS, Gan
from train.monitor import TrainingMonitor, alarms

ROLLBACK_LR_SCALE = 0.5  # of both learning rates after a roll-back: the same steps would diverge again


class NotFiniteError(Exception):
    """A loss or a weight is NaN or infinite."""

    def __init__(self, step: int) -> None:
        """Args: step: the number of updates after which it was found."""
        super().__init__(f"step {step}: a loss or a weight is not finite")
        self.step = step


@dataclass
class TrainingState:
    """The networks, their optimizers and what the loop has recorded.

    All fields but `gan` are numbers, texts, tensors, and lists and dictionaries of them, so that they can be saved.
    """

    gan: Gan
    step: int = 0  # updates done
    rows: list[dict[str, float]] = field(default_factory=list)  # of log.csv
    unlogged: list[Tensor] = field(default_factory=list)  # STATS of each step since the last row
    best: dict[str, Any] = field(default_factory=dict)  # step, ksd and weights of the generator to publish
    rollback_point: dict[str, Any] = field(default_factory=dict)  # step and state of `gan`
    rolled_back_at: int = 0  # the step that was not finite, after which the run rolled back; 0 if it did not

    def add(self, stats: Tensor) -> None:
        """Count an update, given what `Gan.update` returned."""
        self.unlogged.append(stats)
        self.step += 1

    def log(self) -> None:
        """Append a row: the means of STATS since the last row. Waits for the device.

        Raises:
            NotFiniteError: a loss was not finite; names the first such step.
        """
        stats = torch.stack(self.unlogged).cpu()
        bad = ~stats.isfinite().all(1)
        if bad.any():
            raise NotFiniteError(self.step - len(stats) + 1 + int(bad.nonzero()[0, 0]))
        means = dict(zip(STATS, stats.mean(0).tolist(), strict=True))
        self.rows.append({"step": self.step, "images": self.step * self.gan.recipe.batch} | means)
        self.unlogged.clear()

    def measure(self, monitor: TrainingMonitor) -> None:
        """Add measurements to the last row; keep the weights if they are the ones to publish.

        Raises:
            NotFiniteError: a weight is not finite, which no loss may have shown yet.
        """
        if not self.gan.is_finite():
            raise NotFiniteError(self.step)
        recipe, network = self.gan.recipe, self.gan.published_generator()
        found = monitor.measure(network)
        self.rows[-1] |= found
        if recipe.keep == "last" or not self.best or found["ksd"] < self.best["ksd"]:
            self.best = {"step": self.step, "ksd": found["ksd"], "weights": network.state_dict()}
        if recipe.roll_back:
            self.set_rollback_point()

    def should_stop_early(self) -> bool:
        """Return whether the last `recipe.patience` measurements were no better than the best one before them."""
        patience = self.gan.recipe.patience
        if not patience or not self.rows or "ksd" not in self.rows[-1]:  # cheap, as the loop asks before every step
            return False
        measured = [row["ksd"] for row in self.rows if "ksd" in row]
        return patience < len(measured) and min(measured[:-patience]) <= min(measured[-patience:])

    def alarms(self) -> dict[str, int]:
        """Return the step at which each alarm was first raised, a roll-back included; see `train.monitor.alarms`."""
        return alarms(self.rows) | ({"rolled_back": self.rolled_back_at} if self.rolled_back_at else {})

    def set_rollback_point(self) -> None:
        """Copy the networks, for `roll_back` to restore."""
        self.rollback_point = {"step": self.step, "gan": deepcopy(self.gan.state_dict())}

    def roll_back(self, not_finite: int) -> None:
        """Return to the roll-back point and halve both learning rates; `not_finite` is the step that is the reason."""
        self.step, self.rolled_back_at = self.rollback_point["step"], not_finite
        self.rows = [row for row in self.rows if row["step"] <= self.step]
        self.unlogged.clear()
        self.gan.load_state_dict(deepcopy(self.rollback_point["gan"]))
        self.gan.lr_scale *= ROLLBACK_LR_SCALE

    def state_dict(self) -> dict[str, Any]:
        """Return all fields, for `train.checkpoint.save`; the tensors are not copied."""
        return {each.name: getattr(self, each.name) for each in fields(self)} | {"gan": self.gan.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned.

        Raises:
            AttributeError, KeyError, RuntimeError, TypeError, ValueError: it is the state of another training.
        """
        if state.keys() != {each.name for each in fields(self)}:
            raise ValueError(f"found {', '.join(state)}")
        self.gan.load_state_dict(state["gan"])
        for name, value in state.items():
            if name != "gan":
                setattr(self, name, value)
