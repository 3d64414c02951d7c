"""Graceful shutdown: on SIGINT or SIGTERM the trainer finishes the step, saves and exits."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interrupts() -> Iterator[Callable[[], bool]]:
    """Catch the first SIGINT or SIGTERM within this context; a second one has its usual effect.

    Python allows signal handlers in the main thread only; in other threads signals have their usual effect.

    Yields:
        A function that returns whether a signal was received.
    """
    received = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield received.is_set
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def receive(number: int, frame: FrameType | None) -> None:
        received.set()
        restore()

    for number in SIGNALS:
        signal.signal(number, receive)
    try:
        yield received.is_set
    finally:
        restore()
