"""Work spread over processes so that its result is the same for any number of them, and whatever becomes of them.

`curate.executors.ray` spreads it over machines.
"""

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Protocol, TypeVar

from common.errors import UserError

Item = TypeVar("Item")
Result = TypeVar("Result")


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Executor(Protocol):
    """Where work is done."""

    @property
    def sees_files(self) -> bool:
        """Whether a task may open the files of this machine; else all that it needs is in its chunk."""

    def run(
        self,
        task: Callable[[Sequence[Item]], Result],
        chunks: Iterable[Sequence[Item]],
        *,
        lost: Callable[[Item], Result],
    ) -> Iterator[Result]:
        """The results of `task` on each chunk, in the order of the chunks; `task` must be importable by name.

        Where a worker dies (a decoder's crash, the kernel's out-of-memory killer), the items of the chunk are done one
        by one, each in its turn tried twice; what kills both its workers gets the result of `lost`. Such a chunk gives
        one result an item. An exception of `task` itself is raised here.

        Raises:
            UserError: workers end as they start, before any work.
        """


@dataclass(frozen=True, slots=True)
class Processes:
    """Processes of this machine; one a core where `workers` is None."""

    workers: int | None = None
    sees_files: bool = True

    def run(
        self,
        task: Callable[[Sequence[Item]], Result],
        chunks: Iterable[Sequence[Item]],
        *,
        lost: Callable[[Item], Result],
    ) -> Iterator[Result]:
        """As `Executor.run`."""
        return _run(task, chunks, lost, self.workers or cores())


PROCESSES = Processes()


def _run(
    task: Callable[[Sequence[Item]], Result],
    chunks: Iterable[Sequence[Item]],
    lost: Callable[[Item], Result],
    workers: int,
) -> Iterator[Result]:
    pool = _pool(workers)
    waiting: deque[tuple[Sequence[Item], Future[Result]]] = deque()

    def first() -> Iterator[Result]:
        nonlocal pool
        chunk, future = waiting.popleft()
        try:
            yield future.result()
        except BrokenProcessPool:
            # All processes are gone and with them all that waited; the chunk at the head goes first, with care.
            pool = _fresh_pool(workers)
            later = [(other, _submit(pool, task, other)) for other, _ in waiting]
            waiting.clear()
            waiting.extend(later)
            yield from _one_by_one(task, chunk, lost)

    try:
        for chunk in chunks:
            waiting.append((chunk, _submit(pool, task, chunk)))
            if len(waiting) > 2 * workers:
                yield from first()
        while waiting:
            yield from first()
    finally:
        pool.shutdown(cancel_futures=True)


def _one_by_one(
    task: Callable[[Sequence[Item]], Result], chunk: Sequence[Item], lost: Callable[[Item], Result]
) -> Iterator[Result]:
    pool = _fresh_pool(1)
    for item in chunk:
        for _ in range(2):
            try:
                yield pool.submit(task, [item]).result()
                break
            except BrokenProcessPool:
                pool = _fresh_pool(1)
        else:
            yield lost(item)
    pool.shutdown()


def _submit(
    pool: ProcessPoolExecutor, task: Callable[[Sequence[Item]], Result], chunk: Sequence[Item]
) -> Future[Result]:
    try:
        return pool.submit(task, chunk)
    except BrokenProcessPool as error:
        failed: Future[Result] = Future()
        failed.set_exception(error)
        return failed


def _fresh_pool(workers: int) -> ProcessPoolExecutor:
    """A pool in the place of a broken one.

    Raises:
        UserError: its processes end without any work, too; the items must not be blamed for that.
    """
    pool = _pool(workers)
    try:
        pool.submit(os.getpid).result()
    except BrokenProcessPool:
        raise UserError(
            "worker processes: found that they end as they start, for the reason above; expected that they can import "
            "the main module again, which must be a file, and whose name no other module bears"
        ) from None
    return pool


def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_end_with_parent)


def _end_with_parent() -> None:
    """Leave when the parent is killed: a worker that waits for work would wait for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
