"""The progress of a crawl in one line."""

import time
from collections import Counter

from common.progress import Progress
from crawler.archive.fetches import STORED
from crawler.archive.schemas import HOST_FILES
from crawler.archive.writer import ArchiveWriter

EVERY = 0.1  # seconds between two calls


class ProgressLine:
    """Reports progress to the caller, at most ten times a second."""

    def __init__(self, progress: Progress, expected: int | None) -> None:
        self._progress = progress
        self._expected = expected
        self._started = self._shown = time.monotonic()
        self._before: int | None = None  # images that earlier runs fetched

    def __call__(self, writer: ArchiveWriter) -> None:
        if time.monotonic() - self._shown >= EVERY:
            done = writer.images
            # The expected number is an estimate: a crawl that exceeds it has no known total.
            self._show(writer, self._expected if self._expected is None or done <= self._expected else None)

    def finish(self, writer: ArchiveWriter) -> None:
        self._show(writer, writer.images)

    def _show(self, writer: ArchiveWriter, total: int | None) -> None:
        self._shown = time.monotonic()
        done = writer.images
        if self._before is None:
            self._before = done
        rate = (done - self._before) / max(self._shown - self._started, 1e-9)
        failed: Counter[str] = Counter()
        for (role, outcome), count in writer.counts.items():
            if outcome not in STORED and role not in HOST_FILES:
                failed[outcome] += count
        parts = [
            f"{rate:.0f}/s",
            f"{writer.nbytes / 1e6:.0f} MB",
            f"{writer.waiting} waiting" if writer.waiting else "",
        ]
        parts += [f"{count} {outcome}" for outcome, count in failed.most_common()]
        self._progress(done, total, ", ".join(filter(None, parts)))
