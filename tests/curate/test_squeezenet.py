"""The network in a pickle: it gives numpy arrays only, and the expected ones."""

import pickle
from pathlib import Path

import pytest

from curate.squeezenet import _NumpyOnly


class Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path, ("somewhere",))


def test_a_pickle_of_anything_but_numpy_arrays_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trap.pkl"
    path.write_bytes(pickle.dumps(Trap()))
    with path.open("rb") as file, pytest.raises(pickle.UnpicklingError, match="not expected in a file of weights"):
        _NumpyOnly(file).load()
