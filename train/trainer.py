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
from train.features import features
from train.gan import FIGURES, Gan
from train.interrupt import interrupts
from train.metrics import ksd
from train.networks import Generator, noise
from train.randomness import Purpose, stream
from train.recipe import Recipe

Progress = Callable[[int, int | None, str], None]

LOG_EVERY = 10  # steps a row of log.csv averages over; the only moments at which the loop waits for the device
SAVE_EVERY = 30.0  # seconds of work that a kill may cost
SNAPSHOTS = 24  # frames of the film, besides the one before the first step
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
    images = data.read(dataset).to(device)
    size = images.shape[-1]

    with hardware.determinism(recipe.deterministic), interrupts() as interrupted:
        gan = Gan(recipe, size, device, precision)
        feed = data.Feed(images, recipe.batch, recipe.seed)
        gauge = Gauge(images, recipe)
        journal = _resume(gan, folder, device)
        meter = Meter(journal.step, recipe)
        if journal.step == 0:
            _snapshot(gan, 0, folder)

        saved = time.monotonic()
        while journal.step < recipe.steps:
            real = data.scaled(feed.at(journal.step))
            journal.pending.append(gan.update(real, journal.step))
            journal.step += 1

            measuring = journal.step % recipe.measure_every == 0 or journal.step == recipe.steps
            if measuring or journal.step % LOG_EVERY == 0:
                _log(journal, recipe)
            if measuring:
                _measure(journal, gan.published(), gauge, recipe)
            if journal.step in _snapshot_steps(recipe):
                _snapshot(gan, journal.step, folder)
            if interrupted() or time.monotonic() - saved > SAVE_EVERY:
                checkpoint.save(asdict(journal) | {"gan": gan.state()}, folder)
                saved = time.monotonic()
            if interrupted():
                raise UserError(f"{out}: stopped at step {journal.step} of {recipe.steps}; run it again to go on")
            progress(journal.step, recipe.steps, meter.note(journal))

        making = generator.Making(
            recipe=recipe,
            dataset=dataset_id,
            size=size,
            step=journal.best["step"],
            ksd=journal.best["ksd"],
            device=device.type,
            precision=precision,
            threads=torch.get_num_threads(),
            versions=generator.versions(),
        )
        _publish(journal, making, folder, out)
    shutil.rmtree(state)


class Gauge:
    """KSD of a generator against training images, with the same noise and the same images every time."""

    def __init__(self, images: Tensor, recipe: Recipe) -> None:
        rng = stream(recipe.seed, Purpose.MEASURE, device=images.device)
        chosen = torch.randperm(len(images), generator=rng, device=images.device)[: recipe.measure_images]
        self.real = features(images[chosen], images.device)
        self.z = noise(recipe.measure_images, recipe.latent, rng)

    def ksd(self, network: Generator) -> float:
        return ksd(self.real, features(generator.generate(network, self.z), self.z.device))


class Meter:
    """The note beside the progress bar: speed, losses, the last KSD."""

    def __init__(self, step: int, recipe: Recipe) -> None:
        self.step, self.recipe, self.started = step, recipe, time.monotonic()

    def note(self, journal: Journal) -> str:
        rate = (journal.step - self.step) * self.recipe.batch / (time.monotonic() - self.started)
        parts = [f"{rate:.0f} images/s"]
        if journal.rows:
            parts.append(f"loss D {journal.rows[-1]['loss_d']:.2f} G {journal.rows[-1]['loss_g']:.2f}")
        measured = [row["ksd"] for row in journal.rows if "ksd" in row]
        if measured:
            parts.append(f"KSD {measured[-1]:.3f}")
        return "  ".join(parts)


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


def _measure(journal: Journal, network: Generator, gauge: Gauge, recipe: Recipe) -> None:
    """Take KSD, write it into the row of this step, and keep the weights if they are to be published."""
    value = gauge.ksd(network)
    journal.rows[-1]["ksd"] = value
    if recipe.keep == "last" or not journal.best or value < journal.best["ksd"]:
        journal.best = {"step": journal.step, "ksd": value, "weights": network.state_dict()}


def _snapshot_steps(recipe: Recipe) -> set[int]:
    return {round(recipe.steps * frame / SNAPSHOTS) for frame in range(SNAPSHOTS + 1)}


def _snapshot(gan: Gan, step: int, folder: Path) -> None:
    """Draw the fixed noise's images beside the state; a resumed run draws the same again."""
    z = noise(GRID, gan.recipe.latent, stream(GRID_SEED, Purpose.GRID, device=gan.device))
    with replacing(folder / "samples" / f"step-{step:06d}.png") as draft:
        samples.grid(generator.generate(gan.published(), z)).save(draft, format="PNG")


def _publish(journal: Journal, making: generator.Making, folder: Path, out: Path) -> None:
    generator.save(journal.best["weights"], making, out / "generator.safetensors")
    frames = [folder / "samples" / f"step-{step:06d}.png" for step in sorted(_snapshot_steps(making.recipe))]
    with replacing(out / "samples") as draft:
        draft.mkdir()
        for frame in frames:
            shutil.copyfile(frame, draft / frame.name)
    with replacing(out / "progress.gif") as draft:
        samples.save_film(frames, draft)
    with replacing(out / "log.csv") as draft, draft.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["step", "images", *FIGURES, "ksd"], lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: f"{value:.6g}" for name, value in row.items()} for row in journal.rows)
