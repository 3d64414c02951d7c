"""Worker processes: the order of results, and what remains of them after crashes."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from curate.executors.processes import Processes
from tests.curate import crashing


def results(task: Callable[[Sequence[int]], list[int]], items: Sequence[int], workers: int) -> list[int]:
    chunks = [items[start : start + 4] for start in range(0, len(items), 4)]
    return [value for part in Processes(workers).run(task, chunks, lost=lambda item: [-item]) for value in part]


def test_results_keep_the_order_of_the_work() -> None:
    assert results(crashing.doubled_later, range(40), workers=3) == list(range(0, 80, 2))


def test_no_chunks_give_no_result() -> None:
    assert results(crashing.doubled, [], workers=2) == []


def test_only_an_item_that_kills_its_process_twice_is_lost() -> None:
    items = [*range(10), crashing.DEADLY, *range(11, 30)]
    expected = [-item if item == crashing.DEADLY else 2 * item for item in items]
    assert results(crashing.doubled, items, workers=2) == expected


def test_the_items_of_a_process_that_dies_once_are_done_again(tmp_path: Path) -> None:
    items = [*range(10), crashing.DEADLY, *range(11, 20)]
    task = partial(crashing.dies_once, str(tmp_path / "died"))
    assert results(task, items, workers=2) == [2 * item for item in items]


def test_an_exception_of_the_task_is_raised() -> None:
    with pytest.raises(ValueError, match="cannot do 0"):
        results(crashing.refuses, range(8), workers=2)


def test_processes_that_cannot_start_are_an_error() -> None:
    # A script on standard input is a main module that no other process can import.
    script = """if __name__ == "__main__":
    from common.errors import UserError
    from curate.executors.processes import Processes
    try:
        print(list(Processes(2).run(sum, [[1], [2]], lost=lambda item: "lost")))
    except UserError as error:
        print(error)
"""
    root = Path(__file__).parents[3]
    ran = subprocess.run([sys.executable, "-"], input=script, text=True, cwd=root, capture_output=True, timeout=120)
    assert ran.stdout.startswith("worker processes: found that they exit on start"), ran.stderr
