"""One clone on which everything ran once, and copies of it to change."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.clones import Clone, fresh


@pytest.fixture(scope="session")
def reproduced(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone on which `dvc repro` has run once. Never changed: tests take a copy."""
    clone = fresh(tmp_path_factory.mktemp("reproduced"))
    clone.repro()
    return clone


@pytest.fixture
def copy(reproduced: Clone, tmp_path: Path) -> Iterator[Clone]:
    """The reproduced clone, to change at will."""
    folder = tmp_path / "a copy"
    shutil.copytree(reproduced.folder, folder, symlinks=True)
    yield Clone(folder, tmp_path)
    shutil.rmtree(folder)
