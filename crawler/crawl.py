"""Crawl one source into its web archive."""

import errno
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from crawler import runrecord
from crawler.errors import UserError
from crawler.files import replacing
from crawler.kinds import kind
from crawler.ledger import Ledger
from crawler.lock import locked
from crawler.records import Outcome, Role
from crawler.settings import CrawlSettings
from crawler.source import SourceParams
from crawler.tables import write_tables

Progress = Callable[[int, int | None, str], None]
"""(done, total or None, a short note)."""


@dataclass(frozen=True, slots=True)
class CrawlSummary:
    """What a crawl brought, earlier interrupted runs of it included."""

    counts: dict[str, dict[str, int]]  # role to outcome to number of URLs
    nbytes: int  # of all bodies stored
    seconds: float  # of this run


def crawl(
    name: str, entry: SourceParams, settings: CrawlSettings, archive: Path, work: Path, progress: Progress
) -> CrawlSummary:
    """Crawl the source `name` into the folder `archive`.

    Works in the folder `work`, append-only, which takes the place of `archive` at the end. Stopped at any moment, the
    next call goes on: nothing that `work` holds is fetched again. To be called once a process (Twisted's reactor), in
    its main thread (signals).

    Raises:
        UserError: `work` is in use; the source has no contact, does not answer, or cannot be read; the disk is full;
            SIGINT or SIGTERM came. What was fetched stays in `work`.
    """
    started = time.monotonic()
    chosen = kind(entry.kind)
    with locked(work):
        record = runrecord.begin(work, name, entry.model_dump(mode="json"), settings.model_dump(mode="json"))
        meter = _Meter(progress, chosen.expected(entry))
        ledger = Ledger(work, {"software": f"facades/{record['versions']['facades']}", "format": "WARC 1.1"}, meter)
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            chosen.collect(name, entry, settings, ledger)
            ledger.close()
        except KeyboardInterrupt as stop:
            raise _stopped(name, str(stop) or "stopped") from None
        except OSError as error:
            raise _stopped(name, f"{error.filename or work}: {error.strerror}") from error
        finally:
            signal.signal(signal.SIGTERM, before)
            with suppress(OSError):  # of a disk that is full it was told above
                ledger.close()
        meter.finish(ledger)
        if not any(outcome is Outcome.STORED for role, outcome in ledger.counts if role is not Role.ROBOTS):
            raise UserError(f"source {name}: nothing could be fetched: {ledger.trouble}")
        write_tables(work)
        counts = _by_role(ledger)
        runrecord.finish(record, work, counts)
        _take_place(work, archive)
    return CrawlSummary(counts, ledger.nbytes, time.monotonic() - started)


def _stopped(name: str, why: str) -> UserError:
    return UserError(f"source {name}: {why}; what came is kept, the same command resumes")


def _by_role(ledger: Ledger) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for (role, outcome), count in sorted(ledger.counts.items()):
        counts.setdefault(role, {})[outcome] = count
    return counts


def _take_place(work: Path, archive: Path) -> None:
    """Move the folder `work` to `archive`, in the place of what may be there."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    if archive.exists():
        shutil.rmtree(archive)
    try:
        work.rename(archive)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with replacing(archive) as draft:  # another file system: copy first, then remove
            shutil.copytree(work, draft)
        shutil.rmtree(work)


class _Meter:
    """Tells the caller how far the crawl is, at most ten times a second."""

    def __init__(self, progress: Progress, expected: int | None) -> None:
        self._progress = progress
        self._expected = expected
        self._started = self._shown = time.monotonic()
        self._before: int | None = None  # images that an earlier run brought

    def __call__(self, ledger: Ledger) -> None:
        if time.monotonic() - self._shown >= 0.1:
            self._show(ledger, self._expected)

    def finish(self, ledger: Ledger) -> None:
        self._show(ledger, ledger.images()[0])

    def _show(self, ledger: Ledger, total: int | None) -> None:
        self._shown = time.monotonic()
        done, stored = ledger.images()
        if self._before is None:
            self._before = done
        rate = (done - self._before) / max(self._shown - self._started, 1e-9)
        without = f", {done - stored} without a picture" if done > stored else ""
        # What was expected is a guess: a crawl that goes past it has no total any more.
        self._progress(
            done,
            total if total is not None and done <= total else None,
            f"{rate:.0f}/s, {ledger.nbytes / 1e6:.0f} MB{without}",
        )
