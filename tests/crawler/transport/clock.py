"""A clock for tests: its time moves only when the test says so."""

import asyncio
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count


class FakeClock:
    """Time and timers of an event loop (`crawler.transport.host_queue.Clock`)."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def time(self) -> float:
        return self._now

    def call_later(self, delay: float, callback: Callable[[], None], /) -> None:
        heappush(self._timers, (self._now + delay, next(self._order), callback))

    async def advance(self, seconds: float) -> None:
        """Move on by `seconds`: run each timer at its time, and every task that it wakes."""
        await settle()
        end = self._now + seconds
        while self._timers and self._timers[0][0] <= end:
            self._now, _, callback = heappop(self._timers)
            callback()
            await settle()
        self._now = end


async def settle() -> None:
    """Let every task run until it waits."""
    for _ in range(5):
        await asyncio.sleep(0)
