"""The training loop, from a dataset to a model."""

import hashlib
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from common.errors import UserError
from common.progress import Progress
from curate.dataset import dataset_hash, read_names
from train import checkpoint, data, hardware, labels, provenance, publish
from train.distributed import ProcessGroup, process_group
from train.gan import Gan
from train.interrupt import interrupts
from train.monitor import TrainingMonitor
from train.progress_report import ProgressReporter
from train.recipe import Recipe
from train.state import NotFiniteError, TrainingState

LOG_EVERY = 10  # steps; only to log and to measure does the loop wait for the device
SAVE_EVERY = 30.0  # seconds of work that a kill may cost
SAVE_FRACTION = 0.005  # of the time that saves may take: on a slow disk they are rarer, and a kill costs more


@dataclass(frozen=True)
class Session:
    """What the loop works with."""

    dataset_id: str  # hash of the dataset
    folder: Path  # of the state and the snapshots
    images: data.SplitImages
    order: data.BatchOrder
    monitor: TrainingMonitor
    state: TrainingState


def train(
    dataset: Path, recipe: Recipe, out: Path, state: Path, progress: Progress = lambda done, total, note: None
) -> None:
    """Train one model, together with the other processes if torchrun started several.

    Args:
        dataset: a folder with images.npy (uint8, N×3×S×S), split.npy and, for labels, names.parquet.
        out: the folder for generator.safetensors, samples/, progress.gif and log.csv, each written atomically after
            the last step.
        state: a folder for the state of this training, removed at the end. A killed run resumes from it, to the bytes
            that an undisturbed run writes. States of other data, another recipe, precision or type of device are
            ignored.
        progress: called with the steps done, all steps, and a note.

    Raises:
        UserError: the dataset is missing or damaged; a package is not installed; the state is damaged; a loss or a
            weight is not finite (the best generator so far is kept in `state`); memory does not suffice; another
            process has ended; or SIGINT or SIGTERM was received (the state was saved).
    """
    with (
        interrupts() as interrupted,  # the outermost: torchrun sends SIGTERM if another process has died
        process_group() as group,
        hardware.determinism(recipe.deterministic),
        hardware.enough_memory(recipe),
    ):
        session = _set_up(dataset, recipe, state, group)
        run, gan, folder = session.state, session.state.gan, session.folder
        reporter = ProgressReporter(progress if group.is_main else lambda *report: None, run)
        snapshot_steps = publish.snapshot_steps(recipe)
        save_at = time.monotonic() + SAVE_EVERY

        while run.step < recipe.steps and not run.should_stop_early():
            real, real_labels = session.images.batch(group.shard(session.order.at(run.step)))
            run.add(gan.update(data.scaled(real), run.step, real_labels))

            measure_due = run.step % recipe.measure_every == 0 or run.step == recipe.steps
            log_due = measure_due or run.step % LOG_EVERY == 0
            try:
                if log_due:
                    run.log()
                if measure_due:
                    run.measure(session.monitor)
            except NotFiniteError as error:
                if run.rolled_back_at or not recipe.roll_back:
                    raise _diverged(session, error.step) from None
                run.roll_back(error.step)
                continue
            if run.step in snapshot_steps:
                publish.save_snapshot(gan, run.step, session.dataset_id, folder)
            # Several processes have to agree on the step at which they stop, and that waits for the device.
            stop = (log_due or group.world_size == 1) and group.any(interrupted(), gan.device)
            if group.is_main and (stop or time.monotonic() > save_at):
                started = time.monotonic()
                checkpoint.save(run.state_dict(), folder)
                save_at = time.monotonic() + max(SAVE_EVERY, (time.monotonic() - started) / SAVE_FRACTION)
            if stop:
                raise UserError(f"{out}: stopped at step {run.step} of {recipe.steps}; run it again to resume")
            reporter.report()

        publish.save_model(run, session.monitor, session.dataset_id, folder, out)
        if group.is_main:
            shutil.rmtree(state)


def _set_up(dataset: Path, recipe: Recipe, state: Path, group: ProcessGroup) -> Session:
    """Read the dataset, build the networks, and resume from a state if there is one."""
    dataset_id = dataset_hash(dataset)
    provenance.versions()  # a missing package is an error now and not after the last step
    if recipe.batch % group.world_size:
        raise UserError(
            f"batch: found {recipe.batch}; expected a multiple of {group.world_size}, the number of processes"
        )
    device = hardware.pick_device()
    precision = hardware.pick_precision(recipe, device)
    folder = state / checkpoint.key(recipe, dataset_id, _labels_id(dataset, recipe), precision, device.type)
    training, heldout = (
        data.read(dataset, holdout=holdout, device=device, labels=recipe.labels) for holdout in (False, True)
    )
    gan = Gan(recipe, training.size, device, precision, group)
    gan.set_label_frequencies(training.labels)
    order = data.BatchOrder(len(training), recipe.batch, recipe.seed, training.storage)
    monitor = TrainingMonitor(training, heldout, gan)
    run = TrainingState(gan)
    with checkpoint.reading(folder):
        saved = checkpoint.load(folder, device)
        if saved is not None:
            run.load_state_dict(saved)
    if run.step == 0:
        publish.save_snapshot(gan, 0, dataset_id, folder)
    if recipe.roll_back and not run.rollback_point:
        run.set_rollback_point()
    return Session(dataset_id, folder, training, order, monitor, run)


def _labels_id(dataset: Path, recipe: Recipe) -> str:
    """Return a hash of the labels of all images, empty for a recipe without labels."""
    if not recipe.labels:
        return ""
    return hashlib.sha256(labels.number(read_names(dataset), recipe.labels).tobytes()).hexdigest()


def _diverged(session: Session, step: int) -> UserError:
    """Keep the best generator so far; return the error that names the step and says where the generator is."""
    run = session.state
    kept = "no generator was measured before"
    if run.best:
        path = session.folder / "generator.safetensors"
        if run.gan.group.is_main:
            publish.save_best(run, session.dataset_id, path)
        kept = f"the best generator so far, of step {run.best['step']}, is kept in {path}"
    again = f" again, after one at step {run.rolled_back_at}" if run.rolled_back_at else ""
    advice = "lower lr_g or lr_d" + ("" if run.rolled_back_at else ", or set roll_back")
    return UserError(f"step {step}: a loss or a weight is not finite{again}; {kept}; expected finite ones: {advice}")
