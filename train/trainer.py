"""The training loop, from a dataset to a model."""

import csv
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from crawler.errors import UserError
from crawler.files import replacing
from curate.dataset import dataset_hash
from train import checkpoint, data, generator, hardware, samples
from train.gan import FIGURES, Gan
from train.gauge import MEASURED, Gauge, alarms
from train.interrupt import interrupts
from train.networks import noise
from train.randomness import Purpose, stream
from train.recipe import Recipe

Progress = Callable[[int, int | None, str], None]

LOG_EVERY = 10  # steps a row of log.csv averages over; the only moments at which the loop waits for the device
TELL_EVERY = 0.2  # seconds between two reports of progress
SAVE_EVERY = 30.0  # seconds of work that a kill may cost
SNAPSHOTS = 20  # frames of the film, besides the one before the first step
GRID = 64  # images in a snapshot
GRID_SEED = 64  # the same noise for every model, whatever its recipe's seed


@dataclass
class Journal:
    """What a run remembers besides its networks: numbers, texts and tensors only, so that it can be saved with them."""

    step: int = 0  # updates done
    rows: list[dict[str, float]] = field(default_factory=list)
    pending: list[Tensor] = field(default_factory=list)  # FIGURES of the steps since the last row
    best: dict[str, Any] = field(default_factory=dict)  # step, ksd and weights of what would be published now


def train(
    dataset: Path, recipe: Recipe, out: Path, state: Path, progress: Progress = lambda done, total, note: None
) -> None:
    """Train one model.

    Args:
        dataset: a folder with images.npy (uint8, N×3×S×S) and split.npy.
        out: where generator.safetensors, samples/, progress.gif and log.csv are written, each whole, when all is done.
        state: a folder of this run's own, where it keeps its state until it is done. A run that was killed resumes
            from there, to the bytes it would have written undisturbed; a state of other data or another recipe is
            left unread.

    Raises:
        UserError: the dataset is missing or damaged; a state is damaged; a loss is no longer finite; or SIGINT or
            SIGTERM came, in which case the state was saved.
    """
    device = hardware.pick_device()
    precision = hardware.pick_precision(recipe, device)
    dataset_id = dataset_hash(dataset)
    folder = state / checkpoint.key(recipe, dataset_id)
    images, heldout = (data.read(dataset, holdout=holdout).to(device) for holdout in (False, True))
    size = images.shape[-1]

    with hardware.determinism(recipe.deterministic), interrupts() as interrupted:
        gan = Gan(recipe, size, device, precision)
        feed = data.Feed(images, recipe.batch, recipe.seed)
        gauge = Gauge(images, heldout, gan)
        journal = _resume(gan, folder, device)
        teller = Teller(progress, journal, recipe)
        if journal.step == 0:
            _snapshot(gan, 0, folder)

        saved = time.monotonic()
        while journal.step < recipe.steps and not _exhausted(journal, recipe):
            real = data.scaled(feed.at(journal.step))
            journal.pending.append(gan.update(real, journal.step))
            journal.step += 1

            measuring = journal.step % recipe.measure_every == 0 or journal.step == recipe.steps
            if measuring or journal.step % LOG_EVERY == 0:
                _log(journal, recipe)
            if measuring:
                _measure(journal, gan, gauge)
            if journal.step in _snapshot_steps(recipe):
                _snapshot(gan, journal.step, folder)
            if interrupted() or time.monotonic() - saved > SAVE_EVERY:
                checkpoint.save(asdict(journal) | {"gan": gan.state()}, folder)
                saved = time.monotonic()
            if interrupted():
                raise UserError(f"{out}: stopped at step {journal.step} of {recipe.steps}; run it again to go on")
            teller.tell()

        making = generator.Making(
            recipe=recipe,
            dataset=dataset_id,
            size=size,
            step=journal.best["step"],
            ksd=journal.best["ksd"],
            alarms=alarms(journal.rows),
            device=device.type,
            precision=precision,
            threads=torch.get_num_threads(),
            versions=generator.versions(),
        )
        _publish(journal, making, folder, out)
    shutil.rmtree(state)


class Teller:
    """Says how far the training is, at most every TELL_EVERY seconds."""

    def __init__(self, progress: Progress, journal: Journal, recipe: Recipe) -> None:
        self.progress, self.journal, self.recipe = progress, journal, recipe
        self.first, self.started, self.told = journal.step, time.monotonic(), 0.0

    def tell(self) -> None:
        now = time.monotonic()
        if now - self.told < TELL_EVERY and self.journal.step < self.recipe.steps:
            return
        self.told = now
        rate = (self.journal.step - self.first) * self.recipe.batch / (now - self.started)
        notes = [f"{rate:.0f} images/s"]
        if self.journal.rows:
            notes.append("loss D {loss_d:.2f} G {loss_g:.2f}".format_map(self.journal.rows[-1]))
        measured = [row["ksd"] for row in self.journal.rows if "ksd" in row]
        if measured:
            notes.append(f"KSD {measured[-1]:.3f}")
        notes += [f"{name} since step {step}" for name, step in alarms(self.journal.rows).items()]
        self.progress(self.journal.step, self.recipe.steps, "  ".join(notes))


def _resume(gan: Gan, folder: Path, device: torch.device) -> Journal:
    found = checkpoint.load(folder, device)
    if found is None:
        return Journal()
    gan.restore(found.pop("gan"))
    return Journal(**found)


def _log(journal: Journal, recipe: Recipe) -> None:
    """Turn the pending figures into a row."""
    figures = torch.stack(journal.pending).cpu()
    finite = figures.isfinite().all(1)
    if not finite.all():
        step = journal.step - len(figures) + 1 + int((~finite).nonzero()[0, 0])
        raise UserError(
            f"step {step}: a loss is not finite; the best weights so far: step {journal.best.get('step', 0)}; "
            "expected finite losses: lower lr_g or lr_d"
        )
    means = dict(zip(FIGURES, figures.mean(0).tolist(), strict=True))
    journal.rows.append({"step": journal.step, "images": journal.step * recipe.batch} | means)
    journal.pending.clear()


def _measure(journal: Journal, gan: Gan, gauge: Gauge) -> None:
    """Write the measurements into the row of this step, and keep the weights if they are to be published."""
    network = gan.published()
    journal.rows[-1] |= (found := gauge.read(network))
    if gan.recipe.keep == "last" or not journal.best or found["ksd"] < journal.best["ksd"]:
        journal.best = {"step": journal.step, "ksd": found["ksd"], "weights": network.state_dict()}


def _exhausted(journal: Journal, recipe: Recipe) -> bool:
    """Whether the last `patience` measurements were no better than the best before them."""
    measured = [row["ksd"] for row in journal.rows if "ksd" in row]
    return 0 < recipe.patience < len(measured) and min(measured[: -recipe.patience]) <= min(
        measured[-recipe.patience :]
    )


def _snapshot_steps(recipe: Recipe) -> set[int]:
    return {round(recipe.steps * frame / SNAPSHOTS) for frame in range(SNAPSHOTS + 1)}


def _snapshot(gan: Gan, step: int, folder: Path) -> None:
    """Draw the fixed noise's images beside the state; a resumed run draws the same again."""
    z = noise(GRID, gan.recipe.latent, stream(GRID_SEED, Purpose.GRID, device=gan.device))
    with replacing(folder / "samples" / f"step-{step:06d}.png") as draft:
        samples.grid(generator.generate(gan.published(), z)).save(draft, format="PNG")


def _publish(journal: Journal, making: generator.Making, folder: Path, out: Path) -> None:
    generator.save(journal.best["weights"], making, out / "generator.safetensors")
    steps = sorted(step for step in _snapshot_steps(making.recipe) if step <= journal.step)
    frames = [folder / "samples" / f"step-{step:06d}.png" for step in steps]
    with replacing(out / "samples") as draft:
        draft.mkdir()
        for frame in frames:
            shutil.copyfile(frame, draft / frame.name)
    with replacing(out / "progress.gif") as draft:
        samples.save_film(frames, draft)
    with replacing(out / "log.csv") as draft, draft.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["step", "images", *FIGURES, *MEASURED], lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: f"{value:.6g}" for name, value in row.items()} for row in journal.rows)
