"""An executor of the machines of a Ray cluster, which survives the loss of workers and machines.

The machines need Python, Ray and this project's dependencies in the same versions, and nothing else: the code is sent
with the job, and the bytes of the images with each task.

https://docs.ray.io/en/latest/ray-core/tasks/fault-tolerance.html
"""

import logging
import os
import platform
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module, metadata
from typing import Any

from common.errors import UserError
from curate.executors.executor import Item, Result, Task

DECIDING = ("numpy", "pillow", "pillow-heif", "simplejpeg", "scipy", "pyarrow", "torch")
"""Packages of which another version may produce other bytes."""

SENT = ("common", "crawler", "curate")
"""This project's packages that a task imports: they are sent to the machines."""


@dataclass(frozen=True, slots=True)
class RayCluster:
    """The machines of a Ray cluster (`curate.executors.executor.Executor`)."""

    address: str  # `host:port`, or `auto` for the cluster that this machine belongs to
    sees_files: bool = False

    def run(
        self, task: Task[Item, Result], chunks: Iterable[Sequence[Item]], *, lost: Callable[[Item], Result]
    ) -> Iterator[Result]:
        """See `Executor.run`.

        Raises:
            UserError: Ray is not installed, no cluster answers, or its machines have other package versions.
        """
        with _joined(self.address) as ray:
            submit = ray.remote(num_cpus=1, max_retries=1)(_task)
            wanted = versions()
            # Two chunks per core keep all machines busy while the result of the first one is awaited.
            limit = 2 * int(ray.cluster_resources().get("CPU", 1))
            waiting: deque[tuple[Sequence[Item], Any]] = deque()

            def first() -> Iterator[Result]:
                chunk, future = waiting.popleft()
                try:
                    yield _result(ray, future)
                except _gone(ray):
                    for item in chunk:
                        try:
                            yield _result(ray, submit.remote(wanted, task, [item]))
                        except _gone(ray):
                            yield lost(item)

            for chunk in chunks:
                waiting.append((chunk, submit.remote(wanted, task, chunk)))
                if len(waiting) > limit:
                    yield from first()
            while waiting:
                yield from first()


def _task(wanted: dict[str, str], task: Task[Item, Result], chunk: Sequence[Item]) -> Result:
    """Run a chunk on a machine of the cluster, if its packages have the wanted versions."""
    here = versions()
    others = [f"{name} {here[name]}, expected {wanted[name]}" for name in wanted if here[name] != wanted[name]]
    if others:
        raise UserError(f"curate.ray_address: on {platform.node()} found {'; '.join(others)}")
    return task(chunk)


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Return the versions of the packages that decode, measure and hash in this process."""
    return {name: metadata.version(name) for name in DECIDING}


def _result(ray: Any, future: Any) -> Any:
    try:
        return ray.get(future)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from None


def _gone(ray: Any) -> tuple[type[Exception], ...]:
    """Return the exceptions by which Ray reports that a worker or its machine died."""
    known = ray.exceptions
    return (known.WorkerCrashedError, known.NodeDiedError, known.OutOfMemoryError, known.ObjectLostError)


@contextmanager
def _joined(address: str) -> Iterator[Any]:
    """Yield the module `ray`, connected; an existing connection is used and stays open."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise UserError("curate.executor: found ray, but Ray is not installed; pip install 'facades[ray]'") from None
    if ray.is_initialized():
        yield ray
        return
    try:
        if address != "auto":
            # Fail at once: Ray itself tries for minutes.
            host, _, port = address.rpartition(":")
            socket.create_connection((host, int(port)), timeout=10).close()
        code = {"py_modules": [import_module(name) for name in SENT]}
        ray.init(address, runtime_env=code, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, RuntimeError, ValueError) as error:
        why = str(error).splitlines()[0]
        raise UserError(
            f"curate.ray_address: found {address!r}, expected a Ray cluster that answers ({why}); "
            "start one with: ray start --head"
        ) from None
    try:
        yield ray
    finally:
        ray.shutdown()
