"""How long a request waits until its response begins."""

import asyncio

import pytest
from scrapy import Request
from scrapy.exceptions import DownloadTimeoutError

from crawler.archive.schemas import Role
from crawler.transport.first_byte import MARGIN, SHORTEST, FirstByteTimeout


def test_a_host_that_never_answered_gets_the_longest_wait() -> None:
    assert FirstByteTimeout(20).seconds("example.org", is_patient=False) == 20


def test_the_first_try_at_a_quick_host_waits_less_and_the_second_does_not() -> None:
    timeout = FirstByteTimeout(20)
    timeout.record("example.org", 0.1)
    assert timeout.seconds("example.org", is_patient=False) == SHORTEST
    assert timeout.seconds("example.org", is_patient=True) == 20
    assert timeout.seconds("example.com", is_patient=False) == 20


@pytest.mark.parametrize(("slowest", "wait"), [(1.0, SHORTEST), (2.0, 2.0 * MARGIN), (6.0, 20)])
def test_the_first_try_waits_by_the_slowest_answer_of_the_host(slowest: float, wait: float) -> None:
    timeout = FirstByteTimeout(20)
    for seconds in (0.2, slowest, 0.1):
        timeout.record("example.org", seconds)
    assert timeout.seconds("example.org", is_patient=False) == wait


@pytest.mark.parametrize("meta", [{"retry_times": 1}, {"role": Role.ROBOTS}])
def test_second_tries_and_robots_txt_wait_the_longest(meta: dict[str, object]) -> None:
    asked: list[bool] = []

    class Recording(FirstByteTimeout):
        def seconds(self, host: str, *, is_patient: bool) -> float:
            asked.append(is_patient)
            return super().seconds(host, is_patient=is_patient)

    async def request(timeout: FirstByteTimeout) -> None:
        async with timeout.limit(Request("http://example.org/a.jpg", meta=meta)):
            pass

    asyncio.run(request(Recording(20)))
    assert asked == [True]


def test_a_response_that_does_not_begin_is_a_timeout_that_names_the_limit() -> None:
    async def request() -> None:
        async with FirstByteTimeout(0.01).limit(Request("http://example.org/a.jpg")):
            await asyncio.sleep(60)

    with pytest.raises(DownloadTimeoutError, match="no answer within 0 s"):
        asyncio.run(request())


def test_a_response_that_has_begun_may_take_longer() -> None:
    """Its end is the business of DOWNLOAD_TIMEOUT."""
    timeout = FirstByteTimeout(0.01)
    request = Request("http://example.org/a.jpg")

    async def download() -> None:
        async with timeout.limit(request):
            timeout.on_headers(request)
            await asyncio.sleep(0.05)

    asyncio.run(download())
    assert "first_byte" not in request.meta


def test_the_time_to_first_byte_is_learnt_from_the_headers() -> None:
    times = iter([100.0, 102.5])
    timeout = FirstByteTimeout(20, clock=lambda: next(times))
    request = Request("http://example.org/a.jpg")

    async def download() -> None:
        async with timeout.limit(request):
            timeout.on_headers(request)

    asyncio.run(download())
    assert timeout.seconds("example.org", is_patient=False) == 2.5 * MARGIN
