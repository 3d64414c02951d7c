"""The files that a training writes: snapshots while it runs, the model at its end."""

import csv
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from common.files import replacing
from train import extremes, generator, mark, samples
from train.gan import STATS, Gan
from train.mark import Mark
from train.monitor import MEASUREMENTS, TrainingMonitor
from train.networks import noise
from train.provenance import Provenance, versions
from train.random_streams import RandomStream
from train.recipe import Recipe
from train.state import TrainingState

SNAPSHOTS = 20  # besides the one before the first step
SNAPSHOT_IMAGES = 64
SNAPSHOT_SEED = 64  # the same noise for every model, whatever the seed of its recipe


def snapshot_steps(recipe: Recipe) -> set[int]:
    """Return the steps, 0 and the last one included, after which snapshots are taken."""
    return {round(recipe.steps * number / SNAPSHOTS) for number in range(SNAPSHOTS + 1)}


def save_snapshot(gan: Gan, step: int, dataset: str, folder: Path) -> None:
    """Draw a grid of images, of the same noise at every step, into folder/samples/step-NNNNNN.png.

    Args:
        dataset: hash of the dataset.
        folder: of the state; its name identifies the training in the mark, since no generator is published yet.
    """
    network = gan.published_generator()
    rng = RandomStream.GRID.rng(SNAPSHOT_SEED, device=gan.device)
    z = noise(SNAPSHOT_IMAGES, gan.recipe.latent, rng)
    labels = network.draw_labels(SNAPSHOT_IMAGES, rng)
    drawn = samples.grid(generator.generate(network, network.condition(z, labels)))
    if gan.group.is_main:
        with replacing(_snapshot(folder, step)) as draft:
            draft.write_bytes(samples.png(drawn, Mark(dataset, training=folder.name, step=step)))


def save_best(state: TrainingState, dataset: str, file: Path) -> None:
    """Write the generator to publish, as of the last measurement.

    Args:
        state: in which at least one measurement was made.
        dataset: hash of the dataset.
        file: generator.safetensors.
    """
    generator.save(state.best["weights"], _provenance(state, dataset), file)


def save_model(state: TrainingState, monitor: TrainingMonitor, dataset: str, snapshots: Path, out: Path) -> None:
    """Write all files of a finished training: generator.safetensors, log.csv, samples/ and progress.gif.

    Every process has to call it; the main one writes.

    Args:
        dataset: hash of the dataset.
        snapshots: the folder that `save_snapshot` was given.
        out: the folder of the model.
    """
    network = state.gan.published_generator()
    network.load_state_dict(state.best["weights"])
    drawn = monitor.draw(network)
    scores = monitor.scores(drawn).cpu()
    if not state.gan.group.is_main:
        return
    weights = out / "generator.safetensors"
    save_best(state, dataset, weights)
    published = mark.of_generator(weights)
    _save_log(state, out / "log.csv")
    steps = sorted(step for step in snapshot_steps(state.gan.recipe) if step <= state.step)
    frames = {step: _snapshot(snapshots, step) for step in steps}
    _save_samples(frames, drawn, scores, out / "samples", published)
    with replacing(out / "progress.gif") as draft:
        samples.save_training_gif([*frames.values()], draft, replace(published, step=None))


def _snapshot(folder: Path, step: int) -> Path:
    return folder / "samples" / f"step-{step:06d}.png"


def _provenance(state: TrainingState, dataset: str) -> Provenance:
    gan = state.gan
    return Provenance(
        recipe=gan.recipe,
        dataset=dataset,
        size=gan.size,
        step=state.best["step"],
        ksd=state.best["ksd"],
        alarms=state.alarms(),
        device=gan.device.type,
        precision=gan.precision,
        threads=torch.get_num_threads(),
        processes=gan.group.world_size,
        versions=versions(),
    )


def _save_log(state: TrainingState, file: Path) -> None:
    with replacing(file) as draft, draft.open("w", newline="", encoding="utf-8") as text:
        writer = csv.DictWriter(text, ["step", "images", *STATS, *MEASUREMENTS], lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: f"{value:.6g}" for name, value in row.items()} for row in state.rows)


def _save_samples(frames: Mapping[int, Path], drawn: Tensor, scores: Tensor, folder: Path, published: Mark) -> None:
    with replacing(folder) as draft:
        draft.mkdir()
        for step, frame in frames.items():
            (draft / frame.name).write_bytes(mark.embed(frame.read_bytes(), replace(published, step=step)))
        extremes.save_by_score(drawn, scores, draft, published)
