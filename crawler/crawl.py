"""Crawl one source into its web archive."""

import errno
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.errors import UserError
from common.files import replacing
from common.locks import locked
from common.progress import Progress
from crawler.archive import run_record
from crawler.archive.changes import changes, write_changes
from crawler.archive.fetches import STORED, Fetch
from crawler.archive.previous import PreviousArchive
from crawler.archive.schemas import HOST_FILES
from crawler.archive.tables import write_tables
from crawler.archive.writer import ArchiveWriter
from crawler.kind import SourceParams
from crawler.progress_line import ProgressLine
from crawler.registry import kind
from crawler.settings import CrawlSettings
from crawler.spider import FacadeSpider


@dataclass(frozen=True, slots=True)
class Folders:
    """Where a crawl reads and writes."""

    archive: Path  # of the finished archive
    work: Path  # of the unfinished crawl
    previous: Path | None = None  # a finished archive of the same source


@dataclass(frozen=True, slots=True)
class CrawlSummary:
    """The result of a crawl, including earlier interrupted runs of it."""

    counts: dict[str, dict[str, int]]  # role to outcome to number of URLs
    nbytes: int  # of all stored bodies
    seconds: float  # duration of this run
    changes: dict[str, Any] | None  # since the previous archive (crawler.archive.changes); None where there was none


def crawl(
    name: str,
    entry: SourceParams,
    settings: CrawlSettings,
    folders: Folders,
    progress: Progress,
    *,
    retry: bool = False,
) -> CrawlSummary:
    """Crawl the source `name` into an archive.

    The crawl appends to `folders.work`, which replaces `folders.archive` at the end. After an interruption the next
    call resumes: nothing that `work` contains is fetched again. Unchanged responses are copied from `folders.previous`
    after a conditional request, so the new archive is complete without it. Call this once per process (Twisted's
    reactor cannot start twice), in the main thread (signal handlers).

    Args:
        name: the name of the source.
        entry: its entry in `sources:`.
        settings: the section `crawl`.
        folders: where it reads and writes.
        progress: called with the number of images so far.
        retry: fetch URLs again whose last fetch stored nothing.

    Raises:
        UserError: `work` is in use; the source has no contact, does not respond or cannot be read; the disk is full;
            SIGINT or SIGTERM was received. Everything fetched so far stays in `work`.
    """
    started = time.monotonic()
    work = folders.work
    chosen = kind(entry.kind)
    with _resumable(name, work), locked(work):
        record = run_record.begin(work, name, entry.model_dump(mode="json"), settings.model_dump(mode="json"))
        line = ProgressLine(progress, chosen.expected(entry))
        info = {"software": f"facades/{record['versions']['facades']}", "format": "WARC 1.1"}
        before = PreviousArchive(folders.previous) if folders.previous else None
        writer = ArchiveWriter(work, info, line, previous=before, retry=retry)
        handler = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            if issubclass(chosen, FacadeSpider):
                from crawler.transport.run import run  # imported here because importing Twisted's reactor installs it

                chosen.check(name, entry, writer)
                run(chosen, name, entry, settings, writer)
            else:
                chosen.collect(name, entry, settings, writer)
            writer.close()
        except KeyboardInterrupt as stop:
            raise _stopped(name, str(stop) or "stopped") from None
        finally:
            signal.signal(signal.SIGTERM, handler)
            with suppress(OSError):  # a full disk has been reported already
                writer.close()
        line.finish(writer)
        if not any(outcome in STORED for role, outcome in writer.counts if role not in HOST_FILES):
            raise UserError(f"source {name}: nothing could be fetched: {writer.trouble}")
        fetches = write_tables(work)
        counts = _by_role(fetches)
        found = changes(before, fetches) if before else None
        if found:
            write_changes(found, work)
        run_record.finish(record, work, counts)
        _take_place(work, folders.archive)
    nbytes = sum(fetch.length for fetch in fetches if fetch.stored)
    return CrawlSummary(counts, nbytes, time.monotonic() - started, found)


@contextmanager
def _resumable(name: str, work: Path) -> Iterator[None]:
    """Report a file that cannot be read or written as a crawl that can be resumed."""
    try:
        yield
    except OSError as error:
        raise _stopped(name, f"{error.filename or work}: {error.strerror or error}") from error


def _stopped(name: str, why: str) -> UserError:
    return UserError(f"source {name}: {why}; what was fetched is kept; run the same command to resume")


def _by_role(fetches: Iterable[Fetch]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for (role, outcome), count in sorted(Counter((fetch.role, fetch.outcome) for fetch in fetches).items()):
        counts.setdefault(role, {})[outcome] = count
    return counts


def _take_place(work: Path, archive: Path) -> None:
    """Replace `archive` by the folder `work`."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    if archive.exists():
        shutil.rmtree(archive)
    try:
        work.rename(archive)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with replacing(archive) as draft:  # another file system: copy first, then delete
            shutil.copytree(work, draft)
        shutil.rmtree(work)
