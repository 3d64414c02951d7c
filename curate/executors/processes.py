"""An executor of local processes, which survives their crashes."""

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from common.errors import UserError
from curate.executors.executor import Item, Result, Task


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Processes:
    """The processes of this machine (`curate.executors.executor.Executor`)."""

    workers: int | None = None  # None: one per core
    sees_files: bool = True

    def run(
        self, task: Task[Item, Result], chunks: Iterable[Sequence[Item]], *, lost: Callable[[Item], Result]
    ) -> Iterator[Result]:
        """See `Executor.run`."""
        return _run(task, chunks, lost, self.workers or cores())


PROCESSES = Processes()


def _run(
    task: Task[Item, Result], chunks: Iterable[Sequence[Item]], lost: Callable[[Item], Result], workers: int
) -> Iterator[Result]:
    pool = _pool(workers)
    waiting: deque[tuple[Sequence[Item], Future[Result]]] = deque()

    def first() -> Iterator[Result]:
        nonlocal pool
        chunk, future = waiting.popleft()
        try:
            yield future.result()
        except BrokenProcessPool:
            # All processes are gone and so are the waiting chunks: submit those again, and run the first item by item.
            pool = _new_pool(workers)
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


def _one_by_one(task: Task[Item, Result], chunk: Sequence[Item], lost: Callable[[Item], Result]) -> Iterator[Result]:
    pool = _new_pool(1)
    for item in chunk:
        for _ in range(2):
            try:
                yield pool.submit(task, [item]).result()
                break
            except BrokenProcessPool:
                pool = _new_pool(1)
        else:
            yield lost(item)
    pool.shutdown()


def _submit(pool: ProcessPoolExecutor, task: Task[Item, Result], chunk: Sequence[Item]) -> Future[Result]:
    try:
        return pool.submit(task, chunk)
    except BrokenProcessPool as error:
        failed: Future[Result] = Future()
        failed.set_exception(error)
        return failed


def _new_pool(workers: int) -> ProcessPoolExecutor:
    """Return a pool that replaces a broken one.

    Raises:
        UserError: its processes exit without any work, too, so no item is the reason.
    """
    pool = _pool(workers)
    try:
        pool.submit(os.getpid).result()
    except BrokenProcessPool:
        raise UserError(
            "worker processes: found that they exit on start (see the error above), expected that they can import the "
            "main module, a file with a unique name; run it as a script or with `python -m`"
        ) from None
    return pool


def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=end_with_parent)


def end_with_parent() -> None:
    """Make this process exit when its parent is killed; a worker would otherwise wait for work forever."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
