"""When requests to one host start, on a clock that does not wait."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any

import pytest

from crawler.transport.host_queue import HostQueue
from tests.crawler.transport.clock import FakeClock, settle


class Host:
    """A host that takes `seconds` for each answer, and its queue."""

    def __init__(self, concurrency: int, delay: float, seconds: float) -> None:
        self.clock = FakeClock()
        self.queue = HostQueue(concurrency, delay, self.clock)
        self.started: list[tuple[str, float]] = []  # name of the request, seconds since the beginning
        self.in_transfer = self.busiest = 0
        self._begin = self.clock.time()
        self._seconds = seconds
        self._tasks: list[asyncio.Task[None]] = []

    def request(self, *names: str, first: bool = False) -> None:
        self._tasks += [asyncio.ensure_future(self._request(name, first)) for name in names]

    async def _request(self, name: str, first: bool) -> None:
        async with self.queue.turn(first=first):
            self.started.append((name, self.clock.time() - self._begin))
            self.in_transfer += 1
            self.busiest = max(self.busiest, self.in_transfer)
            answered = asyncio.get_running_loop().create_future()
            self.clock.call_later(self._seconds, lambda: answered.set_result(None))
            await answered
            self.in_transfer -= 1


def times(host: Host) -> list[float]:
    return [round(at, 6) for _, at in host.started]


def names(host: Host) -> str:
    return "".join(name for name, _ in host.started)


def asynchronous(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    @wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


@asynchronous
async def test_requests_start_in_order_and_at_most_so_many_are_in_transfer() -> None:
    host = Host(concurrency=2, delay=0, seconds=10)
    host.request(*"abcde")
    await host.clock.advance(30)
    assert host.started == [("a", 0), ("b", 0), ("c", 10), ("d", 10), ("e", 20)]
    assert host.busiest == 2


@asynchronous
async def test_requests_that_arrive_in_one_turn_of_the_event_loop_do_not_all_start() -> None:
    """Scrapy 2.19's own queue starts all of them."""
    host = Host(concurrency=3, delay=0, seconds=1)
    host.request(*"abcdefgh")
    await settle()
    assert names(host) == "abc"


@asynchronous
async def test_starts_are_a_delay_apart_however_quick_the_answers() -> None:
    host = Host(concurrency=8, delay=0.25, seconds=0.01)
    host.request(*"abcd")
    await host.clock.advance(2)
    assert times(host) == [0, 0.25, 0.5, 0.75]


@asynchronous
async def test_a_delay_is_kept_after_a_pause_and_costs_nothing_then() -> None:
    host = Host(concurrency=8, delay=1, seconds=0.01)
    host.request("a")
    await host.clock.advance(5)
    host.request("b", "c")
    await host.clock.advance(5)
    assert times(host) == [0, 5, 6]


@asynchronous
async def test_a_longer_delay_holds_from_the_next_request_on() -> None:
    """As robots.txt sets it while others wait."""
    host = Host(concurrency=8, delay=0.25, seconds=0.01)
    host.request(*"abc")
    await settle()
    host.queue.delay = 3
    await host.clock.advance(10)
    assert times(host) == [0, 3, 6]


@asynchronous
async def test_a_held_host_starts_nothing_until_the_time_is_over() -> None:
    host = Host(concurrency=8, delay=0, seconds=1)
    host.request("a")
    await settle()
    host.queue.hold(7)
    host.request("b", "c")
    await host.clock.advance(6.9)
    assert times(host) == [0]
    await host.clock.advance(1)
    assert times(host) == [0, 7, 7]


@pytest.mark.parametrize(("second", "start"), [(1, 5), (6, 8)])
@asynchronous
async def test_of_two_holds_the_later_end_counts(second: float, start: float) -> None:
    host = Host(concurrency=1, delay=0, seconds=1)
    host.queue.hold(5)
    host.request("a")
    await host.clock.advance(2)
    host.queue.hold(second)
    await host.clock.advance(20)
    assert times(host) == [start]


@asynchronous
async def test_a_request_may_go_first() -> None:
    host = Host(concurrency=1, delay=0, seconds=1)
    host.request(*"abc")
    await settle()
    host.request("z", first=True)
    await host.clock.advance(10)
    assert names(host) == "azbc"


@asynchronous
async def test_lower_concurrency_applies_to_those_that_wait() -> None:
    host = Host(concurrency=4, delay=0, seconds=1)
    host.request(*"abcdefgh")
    await settle()
    host.queue.concurrency = 1
    await host.clock.advance(10)
    assert times(host) == [0, 0, 0, 0, 1, 2, 3, 4]


@asynchronous
async def test_a_transfer_that_fails_gives_its_place_to_the_next() -> None:
    queue = HostQueue(1, 0, FakeClock())

    @asynccontextmanager
    async def failing() -> AsyncIterator[None]:
        async with queue.turn():
            yield
            raise ConnectionResetError

    for _ in range(3):
        with pytest.raises(ConnectionResetError):
            async with failing():
                pass
