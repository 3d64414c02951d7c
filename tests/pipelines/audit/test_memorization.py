"""`memorization` on a real generator and a real repository: which data it is held against, and what is printed."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from common.errors import UserError
from pipelines.audit.memorization import measure_memorization
from pipelines.audit.pages.memorization import page
from pipelines.versions.repository import Repository
from pipelines.versions.version import open_version
from train.generator import save
from train.networks import Generator
from train.provenance import Provenance
from train.recipe import Recipe

if TYPE_CHECKING:
    from tests.pipelines.audit.conftest import Town

pytestmark = pytest.mark.integration


def put_generator(folder: Path) -> None:
    """Write an untrained generator."""
    torch.manual_seed(0)
    recipe = Recipe(width_g=4, width_d=4)
    making = Provenance(
        recipe=recipe,
        dataset="",
        size=64,
        step=0,
        ksd=None,
        alarms={},
        device="cpu",
        precision="fp32",
        threads=1,
        versions={},
    )
    path = folder / "models/facade/generator.safetensors"
    path.unlink()
    save(Generator(recipe.latent, recipe.width_g, 64).state_dict(), making, path)


def test_a_model_is_compared_with_its_training_data(town: "Town") -> None:
    put_generator(town.folder)
    workspace = open_version(Repository(town.folder), "workspace")
    calls: list[tuple[int, int | None]] = []
    found, pictures = measure_memorization(
        workspace, "facade", 12, 3, lambda done, total, note: calls.append((done, total))
    )
    kept = [row for row in workspace.manifest().to_pylist() if row["split"] == "train"]
    assert found.trained_on == len(kept)
    assert len(found.features.generated.index) == len(found.pairs) == 12
    assert {pair.row["sha256"] for pair in found.pairs} <= {row["sha256"] for row in kept}
    distances = [pair.distance for pair in found.pairs]
    assert distances == sorted(distances)
    assert calls[-1][0] == calls[-1][1]
    images = workspace.array("images.npy")
    first = found.pairs[0]
    original = images[first.row["row"]]
    assert (pictures.originals[0] == (original[:, :, ::-1] if first.mirrored else original)).all()
    again, _ = measure_memorization(workspace, "facade", 12, 3, lambda done, total, note: None)
    assert np.array_equal(again.features.generated.distance, found.features.generated.distance)
    assert "The closest pairs" in page(found, pictures)


def test_an_older_model_is_compared_with_an_older_version(town: "Town") -> None:
    put_generator(town.folder)
    lock = (town.folder / "dvc.lock").read_text()
    repository = Repository(town.folder)
    for name in ("images.npy", "split.npy"):
        new, old = (
            open_version(repository, rev).hashes("data/dataset")[f"data/dataset/{name}"] for rev in ("HEAD", "v1.0.0")
        )
        lock = lock.replace(new, old)
    (town.folder / "dvc.lock").write_text(lock)
    found, _ = measure_memorization(
        open_version(repository, "workspace"), "facade", 10, 0, lambda done, total, note: None
    )
    assert found.dataset == "v1.0.0"


def test_what_is_missing_is_named(town: "Town") -> None:
    workspace = open_version(Repository(town.folder), "workspace")
    with pytest.raises(UserError, match="nobody: no such model at workspace; expected one of: facade"):
        measure_memorization(workspace, "nobody", 10, 0, lambda done, total, note: None)
    with pytest.raises(UserError, match=r"generator\.safetensors"):
        measure_memorization(workspace, "facade", 10, 0, lambda done, total, note: None)


def test_the_command(town: "Town") -> None:
    put_generator(town.folder)
    code, table = town.facades("model", "memorization", "facade", "-n", "10")
    assert (code, max(map(len, table.splitlines())) <= 80) == (0, True)
    assert "the closest pairs" in table
    printed = json.loads(town.facades("model", "memorization", "facade", "-n", "10", "--json")[1])
    assert printed["features"]["verdict"] in ("copies", "some_copies", "no_copies")
