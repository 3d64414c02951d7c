"""Back-off and retries of one host, on a clock that does not wait."""

import asyncio
from datetime import UTC, datetime

import pytest

from crawler.transport.host_queue import HostQueue
from crawler.transport.throttle import MAX_BACK_OFF, RECOVERY, BackOff, retry_after
from tests.crawler.transport.clock import FakeClock


class Host:
    def __init__(self, concurrency: int = 8) -> None:
        self.clock = FakeClock()
        self.queue = HostQueue(concurrency, 0, self.clock)
        self.back_off = BackOff(self.queue)

    def pass_time(self, seconds: float) -> None:
        asyncio.run(self.clock.advance(seconds))

    def seconds_until_a_request_starts(self) -> float:
        async def request() -> float:
            started: list[float] = []

            async def one() -> None:
                async with self.queue.turn():
                    started.append(self.clock.time())

            task = asyncio.ensure_future(one())
            now = self.clock.time()
            await self.clock.advance(1000)
            await task
            return started[0] - now

        return asyncio.run(request())


def test_a_refusal_halves_the_concurrency_and_holds_the_host_as_long_as_it_asks() -> None:
    host = Host()
    host.back_off.refused(17)
    assert host.queue.concurrency == 4
    assert host.seconds_until_a_request_starts() == 17


def test_refusals_of_requests_that_were_in_transfer_count_once() -> None:
    host = Host()
    for _ in range(8):
        host.back_off.refused(2)
    assert host.queue.concurrency == 4
    assert host.back_off.refusals == 1
    assert host.seconds_until_a_request_starts() == 2


def test_a_later_refusal_that_asks_for_more_extends_the_hold() -> None:
    host = Host()
    host.back_off.refused(2)
    host.pass_time(1)
    host.back_off.refused(5)
    assert host.seconds_until_a_request_starts() == 5


def test_without_a_named_time_the_host_is_held_for_1_2_4_seconds_up_to_a_minute() -> None:
    host = Host()
    waits = []
    for _ in range(8):
        host.back_off.refused(None)
        waits.append(host.seconds_until_a_request_starts())
    assert waits == [1, 2, 4, 8, 16, 32, MAX_BACK_OFF, MAX_BACK_OFF]
    assert host.back_off.refusals == 8


def test_concurrency_never_falls_below_one() -> None:
    host = Host()
    for _ in range(6):
        host.back_off.refused(0)
        host.pass_time(1)
    assert host.queue.concurrency == 1


def test_answers_win_back_one_more_request_for_each_window_of_answers() -> None:
    host = Host()
    host.back_off.refused(0)
    levels = []
    for _ in range(40):
        host.back_off.answered()
        levels.append(host.queue.concurrency)
    assert levels[:5] == [4, 4, 4, 4, 5], "four answers and a little more for the fifth request"
    assert levels[-1] == 8, "and never more than at first"
    assert levels == sorted(levels)
    assert host.back_off.refusals == 0


def test_a_failing_url_wins_nothing_back_soon_after_a_refusal() -> None:
    host = Host()
    host.back_off.refused(3)
    host.pass_time(3 + RECOVERY)
    host.back_off.failed()
    assert host.queue.concurrency == 4
    host.pass_time(0.1)
    host.back_off.failed()
    assert host.queue.concurrency == 5


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"120", 120),
        (b" 0 ", 0),
        (b"Mon, 23 Nov 2026 20:01:00 GMT", 60),
        (b"Mon, 23 Nov 2026 19:00:00 GMT", 0),
        (b"soon", None),
        (b"-5", None),
        (b"", None),
        (None, None),
    ],
)
def test_retry_after(value: bytes | None, seconds: float | None) -> None:
    assert retry_after(value, datetime(2026, 11, 23, 20, 0, tzinfo=UTC)) == seconds
