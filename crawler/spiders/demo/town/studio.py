"""Draws pictures ahead of their requests, in worker processes."""

import os
import subprocess
import sys
from collections import OrderedDict
from concurrent.futures import CancelledError, Future
from pathlib import Path
from threading import Condition, Thread
from types import TracebackType
from typing import IO, Self

from crawler.spiders.demo.town.items import Item, Town
from crawler.spiders.demo.town.painter import LENGTH

AHEAD = 256
"""How many pictures may wait to be fetched, drawn or not; when there are more, the oldest is discarded."""


class Studio:
    """Draws pictures of `town` in `painters` processes.

    A client that loads a page will request its picture: `expect` lets it be drawn when no other is waited for.
    `picture` waits for it and discards it; if it is requested again, it is drawn again, with the same bytes.
    """

    def __init__(self, town: Town, painters: int = 2) -> None:
        self._changed = Condition()
        self._closed = False
        # In the order of arrival: with the latest first, the first could wait for ever.
        self._requested: OrderedDict[int, Future[bytes]] = OrderedDict()  # requested, not started
        self._expected: OrderedDict[int, Future[bytes]] = OrderedDict()  # expected, not started
        self._ahead: OrderedDict[int, Future[bytes]] = OrderedDict()  # expected, started or not
        self._processes = [_start(town) for _ in range(painters)]
        self._threads = [Thread(target=self._work, args=(process,), daemon=True) for process in self._processes]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._closed = True
            for future in self._requested.values():
                future.cancel()
            self._changed.notify_all()
        for process in self._processes:
            process.kill()
        for thread in self._threads:
            thread.join()
        for process in self._processes:
            process.communicate()

    def expect(self, item: Item) -> None:
        """Draw this picture when nothing is more urgent."""
        with self._changed:
            if item.index in self._ahead or item.index in self._requested:
                return
            self._ahead[item.index] = self._expected[item.index] = Future()
            if len(self._ahead) > AHEAD:
                oldest, _ = self._ahead.popitem(last=False)
                self._expected.pop(oldest, None)
            self._changed.notify()

    def picture(self, item: Item) -> bytes:
        """Return the bytes of this picture; it is drawn next, unless it is ready.

        Raises:
            ConnectionAbortedError: the studio is closing.
            RuntimeError: the painter failed.
        """
        with self._changed:
            if self._closed:
                raise ConnectionAbortedError("the studio is closed")
            future = self._ahead.pop(item.index, None)
            if future is None:
                future = self._requested.setdefault(item.index, Future())
            elif item.index in self._expected:
                self._requested[item.index] = self._expected.pop(item.index)
            self._changed.notify()
        try:
            return future.result()
        except CancelledError:
            raise ConnectionAbortedError("the studio is closed") from None

    def _work(self, process: subprocess.Popen[bytes]) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._requested or self._expected or self._closed)
                if self._closed:
                    return
                index, future = (self._requested or self._expected).popitem(last=False)
            try:
                future.set_result(_paint(process, index))
            except (OSError, RuntimeError) as error:
                closing = ConnectionAbortedError("the studio is closed")
                future.set_exception(closing if self._closed else RuntimeError(f"picture {index}: {error}"))


def _start(town: Town) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[4]
    path = os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH"))))
    return subprocess.Popen(
        [sys.executable, "-m", "crawler.spiders.demo.town.painter", str(town.seed), str(town.buildings)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
    )


def _paint(process: subprocess.Popen[bytes], index: int) -> bytes:
    assert process.stdin
    assert process.stdout
    process.stdin.write(b"%d\n" % index)
    process.stdin.flush()
    (length,) = LENGTH.unpack(_read(process.stdout, LENGTH.size))
    return _read(process.stdout, length)


def _read(pipe: IO[bytes], length: int) -> bytes:
    data = pipe.read(length)
    if len(data) < length:
        raise RuntimeError("the painter ended")
    return data
