"""Where the photographs are that tests look at."""

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("FACADES_DATA", Path(__file__).parents[1] / "../shared/data"))


@pytest.fixture(scope="session")
def data() -> Path:
    """Real photographs, which do not come with the project."""
    if not DATA.is_dir():
        pytest.skip(f"no photographs at {DATA}; set FACADES_DATA")
    return DATA
