"""One clone on which everything ran once, and copies of it to change."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from tests.e2e.clones import Clone, fresh


@pytest.fixture(scope="session")
def reproduced(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Clone:
    """A clone on which `dvc repro` has run once, for all test processes. Never changed: tests take a copy."""
    base = tmp_path_factory.getbasetemp()
    temp = (base if worker_id == "master" else base.parent) / "reproduced"
    with FileLock(f"{temp}.lock"):
        done = temp / "done"
        if done.is_file():
            return Clone(Path(done.read_text()), temp)
        temp.mkdir()
        clone = fresh(temp)
        clone.repro()
        done.write_text(str(clone.folder))
    return clone


@pytest.fixture
def copy(reproduced: Clone, tmp_path: Path) -> Iterator[Clone]:
    """The reproduced clone, to change at will."""
    folder = tmp_path / "a copy"
    shutil.copytree(reproduced.folder, folder, symlinks=True)
    yield Clone(folder, tmp_path)
    shutil.rmtree(folder)
