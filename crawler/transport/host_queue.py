"""The queue of one host: starts requests in order, a few at a time and a delay apart."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol


class Clock(Protocol):
    """Time in seconds, and timers. An asyncio event loop is one."""

    def time(self) -> float: ...

    def call_later(self, delay: float, callback: Callable[[], None], /) -> object: ...


class HostQueue:
    """Requests to one host, in the order in which they arrive."""

    def __init__(self, concurrency: int, delay: float, clock: Clock) -> None:
        """Begin with an empty queue.

        Args:
            concurrency: the most requests in transfer at a time.
            delay: seconds between the starts of two requests.
            clock: the event loop, or a test's own clock.
        """
        self.concurrency = concurrency
        self.delay = delay
        self.clock = clock
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._in_transfer = 0
        self._last_start = self._held_until = float("-inf")
        self._timer_is_set = False

    @asynccontextmanager
    async def turn(self, *, first: bool = False) -> AsyncIterator[None]:
        """Wait for a request's turn, and count it as in transfer inside the `with` block.

        With `first`, it goes ahead of all requests that wait.
        """
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        (self._waiting.appendleft if first else self._waiting.append)(turn)
        self._start_waiting()
        await turn
        self._last_start = self.clock.time()  # the event loop may have been busy since the turn came
        try:
            yield
        finally:
            self._in_transfer -= 1
            self._start_waiting()

    def hold(self, seconds: float) -> None:
        """Start no request for `seconds` from now."""
        self._held_until = max(self._held_until, self.clock.time() + seconds)

    def _start_waiting(self) -> None:
        while self._waiting and self._in_transfer < self.concurrency:
            now = self.clock.time()
            wait = max(self._held_until, self._last_start + self.delay) - now
            if wait > 0:
                if not self._timer_is_set:
                    self._timer_is_set = True
                    self.clock.call_later(wait, self._on_timer)
                return
            self._in_transfer += 1
            self._last_start = now
            self._waiting.popleft().set_result(None)

    def _on_timer(self) -> None:
        self._timer_is_set = False
        self._start_waiting()
