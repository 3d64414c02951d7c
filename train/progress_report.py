"""The progress line of a training."""

import time

from common.progress import Progress
from train.state import TrainingState

REPORT_EVERY = 0.2  # seconds between two reports


class ProgressReporter:
    """Reports step, speed, losses and KSD to a callback, at most every REPORT_EVERY seconds and after the last step."""

    def __init__(self, progress: Progress, state: TrainingState) -> None:
        self.progress, self.state = progress, state
        self.first_step, self.started, self.reported = state.step, time.monotonic(), 0.0

    def report(self) -> None:
        """Report the present state, if it is time to."""
        state, recipe, now = self.state, self.state.gan.recipe, time.monotonic()
        if now - self.reported < REPORT_EVERY and state.step < recipe.steps:
            return
        self.reported = now
        rate = max(0, state.step - self.first_step) * recipe.batch / (now - self.started)
        notes = [f"{rate:.0f} images/s"]
        if state.rows:
            notes.append("loss D {loss_d:.2f} G {loss_g:.2f}".format_map(state.rows[-1]))
        measured = [row["ksd"] for row in state.rows if "ksd" in row]
        if measured:
            notes.append(f"KSD {measured[-1]:.3f}")
        notes += [f"{name} since step {step}" for name, step in state.alarms().items()]
        self.progress(state.step, recipe.steps, "  ".join(notes))
