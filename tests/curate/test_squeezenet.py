"""The network that came as a pickle: nothing but numbers leaves it, and they are the ones expected."""

import pickle
from pathlib import Path

import pytest

from curate.squeezenet import _NumpyOnly


class Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path, ("somewhere",))


def test_only_numpy_leaves_the_pickle(tmp_path: Path) -> None:
    path = tmp_path / "trap.pkl"
    path.write_bytes(pickle.dumps(Trap()))
    with path.open("rb") as file, pytest.raises(pickle.UnpicklingError, match="not expected in a file of weights"):
        _NumpyOnly(file).load()
