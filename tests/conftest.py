"""Fixtures of all tests: the photographs, and the golden files that a test compares its output with."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.skips import pytest_make_collect_report, pytest_runtest_makereport, pytest_terminal_summary

__all__ = ["pytest_make_collect_report", "pytest_runtest_makereport", "pytest_terminal_summary"]

DATA = Path(os.environ.get("FACADES_DATA", Path(__file__).parents[1] / "../shared/data"))
UPDATE_GOLDEN = "--update-golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(UPDATE_GOLDEN, action="store_true", help="write the golden files instead of comparing with them")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest modules, so that no test process waits for the other one at the end."""
    items.sort(key=lambda item: "e2e" not in item.path.parts)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Return `golden(name, text)`, which compares `text` with the file `golden/NAME` beside the test module.

    `pytest --update-golden` writes the files instead; look at the difference with `git diff` before you commit it.
    """
    folder = request.path.parent / "golden"

    def compare(name: str, text: str) -> None:
        path = folder / name
        if request.config.getoption(UPDATE_GOLDEN):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return
        again = f"expected after a change that is wanted: pytest {UPDATE_GOLDEN} {request.path}"
        assert path.is_file(), f"{path}: no such file; {again}"
        assert text == path.read_text(encoding="utf-8"), f"{path}: the text differs; {again}"

    return compare


@pytest.fixture(scope="session")
def data() -> Path:
    """Real photographs, which do not come with the project."""
    if not DATA.is_dir():
        pytest.skip(f"no photographs at {DATA}; set FACADES_DATA")
    return DATA
