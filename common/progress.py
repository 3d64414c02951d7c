"""Progress of long work: a bar with the time left on a terminal, a line every 15 seconds in a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import rich.progress
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

Progress: TypeAlias = Callable[[int, int | None, str], None]
"""Called as work proceeds with (done, total or None if unknown, a short note such as a rate or a loss)."""

LOG_EVERY = 15.0  # seconds between two lines without a terminal


@contextmanager
def progress(title: str, unit: str, *, bar: bool = True) -> Iterator[Progress]:
    """Show progress on standard error.

    Args:
        title: what is in progress, for example "crawl paris".
        unit: what is counted, for example "images" or "steps".
        bar: show a bar on a terminal; otherwise print lines as in a log.
    """
    if bar and sys.stderr.isatty():
        with _bar(title, unit) as report:
            yield report
    else:
        yield _lines(title, unit)


@contextmanager
def _bar(title: str, unit: str) -> Iterator[Progress]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with rich.progress.Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=None, note="")
        yield lambda done, total, note: bar.update(task, completed=done, total=total, note=note)


def _lines(title: str, unit: str) -> Progress:
    started = time.monotonic()
    last = started

    def report(done: int, total: int | None, note: str) -> None:
        nonlocal last
        now = time.monotonic()
        finished = total is not None and done >= total
        if now - last < LOG_EVERY and not finished:
            return
        last = now
        left = f", {_duration((now - started) / done * (total - done))} left" if total and 0 < done < total else ""
        of = f"/{total}" if total is not None else ""
        print(
            f"{title}: {done}{of} {unit}, {_duration(now - started)}{left}  {note}".rstrip(),
            file=sys.stderr,
            flush=True,
        )

    return report


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
