"""The training loop, from a dataset to a model."""

import csv
import hashlib
import shutil
import time
from pathlib import Path

import torch
from torch import Tensor

from common.errors import UserError
from common.files import replacing
from common.progress import Progress
from curate.dataset import dataset_hash, read_names
from train import checkpoint, data, extremes, generator, hardware, labels, samples
from train.distributed import joined
from train.gan import FIGURES, Gan
from train.interrupt import interrupts
from train.journal import Journal, ProgressReporter
from train.monitor import MEASURED, TrainingMonitor
from train.networks import Generator, noise
from train.random_streams import Purpose, stream
from train.recipe import Recipe

LOG_EVERY = 10  # steps a row of log.csv averages over; the only moments at which the loop waits for the device
SAVE_EVERY = 30.0  # seconds of work that a kill may cost
SAVE_SHARE = 0.005  # of the time that saving may take: on a slow disk a kill costs more
SNAPSHOTS = 20  # frames of the film, besides the one before the first step
GRID = 64  # images in a snapshot
GRID_SEED = 64  # the same noise for every model, whatever its recipe's seed


def train(
    dataset: Path, recipe: Recipe, out: Path, state: Path, progress: Progress = lambda done, total, note: None
) -> None:
    """Train one model, together with the other processes where torchrun started several.

    Args:
        dataset: a folder with images.npy (uint8, N×3×S×S) and split.npy.
        out: where generator.safetensors, samples/, progress.gif and log.csv are written, each whole, when all is done.
        state: a folder of this run's own, where it keeps its state until it is done. A run that was killed resumes
            from there, to the bytes it would have written undisturbed; a state of other data, another recipe, another
            precision or another type of device is left unread.

    Raises:
        UserError: the dataset is missing or damaged; a package is not installed; a state is damaged; a loss or a
            weight is no longer finite, in which case the best generator so far lies beside the state; memory does not
            suffice; another process has ended; or SIGINT or SIGTERM came, in which case the state was saved.
    """
    dataset_id = dataset_hash(dataset)
    with (
        interrupts() as interrupted,  # around the rest: torchrun ends the others when one process has died
        joined() as share,
        hardware.determinism(recipe.deterministic),
        hardware.enough_memory(recipe),
    ):
        generator.versions()  # a missing package is an error now, not after the last step
        if recipe.batch % share.world:
            raise UserError(f"batch: found {recipe.batch}; expected a multiple of {share.world}, the processes")
        device = hardware.pick_device()
        precision = hardware.pick_precision(recipe, device)
        folder = state / checkpoint.key(recipe, dataset_id, _labels_id(dataset, recipe), precision, device.type)
        images, heldout = (
            data.read(dataset, holdout=holdout, device=device, labels=recipe.labels) for holdout in (False, True)
        )
        gan = Gan(recipe, images.size, device, precision, share)
        gan.meet(images.labels)
        feed = data.BatchOrder(len(images), recipe.batch, recipe.seed, images.home)
        gauge = TrainingMonitor(images, heldout, gan)
        journal = _resume(gan, folder, device)
        teller = ProgressReporter(progress if share.first else lambda *report: None, journal, recipe)
        if journal.step == 0:
            _snapshot(gan, 0, folder)
        if recipe.roll_back and not journal.refuge:
            journal.shelter(gan)

        save_at = time.monotonic() + SAVE_EVERY
        while journal.step < recipe.steps and not journal.exhausted(recipe):
            real, their_labels = images.batch(share.of(feed.at(journal.step)))
            journal.pending.append(gan.update(data.scaled(real), journal.step, their_labels))
            journal.step += 1

            measuring = journal.step % recipe.measure_every == 0 or journal.step == recipe.steps
            logging = measuring or journal.step % LOG_EVERY == 0
            bad = journal.log(recipe) if logging else None
            if bad is None and measuring and not gan.is_finite():  # what no loss has seen yet
                bad = journal.step
            if bad is not None:
                if journal.rolled_back or not recipe.roll_back:
                    raise _not_finite(journal, bad, _keep_best(journal, gan, dataset_id, folder))
                journal.roll_back(gan, bad)
                continue
            if measuring:
                _measure(journal, gan, gauge)
            if journal.step in _snapshot_steps(recipe):
                _snapshot(gan, journal.step, folder)
            # Several processes stop at the same step only if they agree on it, which is a wait.
            stopping = (logging or share.world == 1) and share.any(interrupted(), device)
            if share.first and (stopping or time.monotonic() > save_at):
                began = time.monotonic()
                checkpoint.save(vars(journal) | {"gan": gan.state()}, folder)
                save_at = time.monotonic() + max(SAVE_EVERY, (time.monotonic() - began) / SAVE_SHARE)
            if stopping:
                raise UserError(f"{out}: stopped at step {journal.step} of {recipe.steps}; run it again to go on")
            teller.tell()

        drawn = gauge.draw(_best(gan, journal))
        scores = gauge.scores(drawn).cpu()
        if share.first:
            _publish(journal, _making(journal, gan, dataset_id), out)
            _publish_samples(_frames(journal, recipe, folder), drawn, scores, out)
            shutil.rmtree(state)


def _labels_id(dataset: Path, recipe: Recipe) -> str:
    """What the labels of all images are, where the recipe has some."""
    if not recipe.labels:
        return ""
    return hashlib.sha256(labels.number(read_names(dataset), recipe.labels).tobytes()).hexdigest()


def _resume(gan: Gan, folder: Path, device: torch.device) -> Journal:
    with checkpoint.reading(folder):
        found = checkpoint.load(folder, device)
        if found is None:
            return Journal()
        gan.restore(found.pop("gan"))
        return Journal(**found)


def _not_finite(journal: Journal, bad: int, kept: str) -> UserError:
    again = f" again, after one at step {journal.rolled_back}" if journal.rolled_back else ""
    return UserError(
        f"step {bad}: a loss or a weight is not finite{again}; {kept}; expected finite ones: lower lr_g or lr_d"
        + ("" if journal.rolled_back else ", or set roll_back")
    )


def _keep_best(journal: Journal, gan: Gan, dataset: str, folder: Path) -> str:
    """Write the generator that would have been published so far beside the state; say where."""
    if not journal.best:
        return "no generator was measured before"
    path = folder / "generator.safetensors"
    if gan.share.first:
        generator.save(journal.best["weights"], _making(journal, gan, dataset), path)
    return f"the best generator so far, of step {journal.best['step']}, is kept in {path}"


def _measure(journal: Journal, gan: Gan, gauge: TrainingMonitor) -> None:
    """Write the measurements into the row of this step, and keep the weights if they are to be published."""
    network = gan.published()
    journal.rows[-1] |= (found := gauge.read(network))
    if gan.recipe.keep == "last" or not journal.best or found["ksd"] < journal.best["ksd"]:
        journal.best = {"step": journal.step, "ksd": found["ksd"], "weights": network.state_dict()}
    if gan.recipe.roll_back:
        journal.shelter(gan)


def _snapshot_steps(recipe: Recipe) -> set[int]:
    return {round(recipe.steps * frame / SNAPSHOTS) for frame in range(SNAPSHOTS + 1)}


def _snapshot(gan: Gan, step: int, folder: Path) -> None:
    """Draw the fixed noise's images beside the state; a resumed run draws the same again."""
    rng = stream(GRID_SEED, Purpose.GRID, device=gan.device)
    z, network = noise(GRID, gan.recipe.latent, rng), gan.published()
    drawn = samples.grid(generator.generate(network, network.place(z, network.draw_labels(GRID, rng))))
    if gan.share.first:
        with replacing(folder / "samples" / f"step-{step:06d}.png") as draft:
            drawn.save(draft, format="PNG")


def _best(gan: Gan, journal: Journal) -> Generator:
    """The generator that is to be published."""
    network = gan.published()
    network.load_state_dict(journal.best["weights"])
    return network


def _making(journal: Journal, gan: Gan, dataset: str) -> generator.Making:
    return generator.Making(
        recipe=gan.recipe,
        dataset=dataset,
        size=gan.size,
        step=journal.best["step"],
        ksd=journal.best["ksd"],
        alarms=journal.alarms(),
        device=gan.device.type,
        precision=gan.precision,
        threads=torch.get_num_threads(),
        processes=gan.share.world,
        versions=generator.versions(),
    )


def _frames(journal: Journal, recipe: Recipe, folder: Path) -> list[Path]:
    steps = sorted(step for step in _snapshot_steps(recipe) if step <= journal.step)
    return [folder / "samples" / f"step-{step:06d}.png" for step in steps]


def _publish(journal: Journal, making: generator.Making, out: Path) -> None:
    generator.save(journal.best["weights"], making, out / "generator.safetensors")
    with replacing(out / "log.csv") as draft, draft.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["step", "images", *FIGURES, *MEASURED], lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: f"{value:.6g}" for name, value in row.items()} for row in journal.rows)


def _publish_samples(frames: list[Path], drawn: Tensor, scores: Tensor, out: Path) -> None:
    """The snapshots, their film, and which of the images drawn D takes for real most and least of all."""
    with replacing(out / "samples") as draft:
        draft.mkdir()
        for frame in frames:
            shutil.copyfile(frame, draft / frame.name)
        extremes.save_by_score(drawn, scores, draft)
    with replacing(out / "progress.gif") as draft:
        samples.save_film(frames, draft)
