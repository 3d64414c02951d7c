"""A project whose stages have run, as dvc.lock says; their outputs are small stand-ins."""

import shutil
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from ruamel.yaml import YAML

from common.files import write_table
from tests.pipelines.audit.conftest import Town, found, surroundings

__all__ = ["surroundings"]

DECISIONS = {"town": ["kept"] * 7 + ["dropped"] * 3}


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Town:
    town = found(tmp_path_factory.mktemp("finished") / "a town")
    YAML().dump(town.params, town.folder / "params.yaml")
    rows = [{"source": source, "decision": one} for source, decisions in DECISIONS.items() for one in decisions]
    write_table(pa.Table.from_pylist(rows), town.folder / "data/dataset/manifest.parquet")
    files = {
        "data/archive/town/b.c": "a folder with names",
        "data/archive/town/b/a": "that sort by character",
        "data/dataset/images.npy": "",
        "data/dataset/names.parquet": "",
        "data/dataset/split.npy": "",
        "models/facade/metrics.json": '{"ksd": 0.01234}',
    }
    for name, text in files.items():
        (town.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (town.folder / name).write_text(text)
    town.take_as_it_is()
    return town


@pytest.fixture
def project(finished: Town, tmp_path: Path) -> Town:
    """The finished project, to change at will."""
    folder = tmp_path / "a town"
    shutil.copytree(finished.folder, folder, symlinks=True)
    return replace(deepcopy(finished), folder=folder)
