"""`facades source retry`: what a finished archive lacks is asked for again, and DVC is told of the outcome."""

import os
import shutil
import sys
from pathlib import Path

import pyarrow.parquet as pq
from dvc.exceptions import DvcException
from dvc.lock import LockError
from dvc.repo import Repo

from common.errors import UserError
from common.files import replacing
from common.progress import progress
from crawler import crawl
from crawler.archive import run_record, warc
from crawler.archive.fetches import STORED
from crawler.archive.reader import FETCHES_FILE, INDEX_FILE
from crawler.archive.schemas import Role
from crawler.registry import kind
from pipelines import params, paths
from pipelines.stages.crawl import show


def retry(source: str, *, quiet: bool = False) -> None:
    """Ask again for all that brought nothing, put the longer archive in place, and commit it to DVC.

    Raises:
        UserError: the source is not crawled, has another entry by now, or cannot be crawled; DVC cannot take it in.
    """
    settings = params.load()
    entry = settings.source(source)
    archive = paths.archive(source)
    if not (archive / INDEX_FILE).is_file():
        raise UserError(f"{archive}: found no {INDEX_FILE}, expected a finished archive; `dvc repro` crawls the source")
    made_with = kind(entry.kind).Params.model_validate(run_record.read(archive)["entry"])
    if made_with != entry:
        raise UserError(f"sources.{source}: found another entry than it was crawled with; `dvc repro` crawls it again")
    failed = failures(archive)
    if not failed:
        print(f"{archive}: nothing had failed", file=sys.stderr)
        return
    work = paths.crawling(source, f"{entry.snapshot}.retry")
    _continue_from(archive, work)
    with progress(f"retry {source}", "images", bar=not quiet) as report:
        summary = crawl.crawl(source, entry, settings.crawl, archive=archive, work=work, progress=report, retry=True)
    show(source, summary)
    left = failures(archive)
    print(f"{failed} URLs had failed, {left} still do", file=sys.stderr)
    _commit(source)


def failures(archive: Path) -> int:
    """How many pages and images of an archive brought nothing."""
    columns = pq.read_table(archive / FETCHES_FILE, columns=["role", "outcome"]).to_pydict()
    return sum(
        role != Role.ROBOTS and outcome not in STORED
        for role, outcome in zip(columns["role"], columns["outcome"], strict=True)
    )


def _continue_from(archive: Path, work: Path) -> None:
    """Make `work` a crawl that holds what `archive` does, and appends to a file of its own.

    The files of the archive are linked, and never written to: they may be DVC's. What an earlier retry of the same
    archive left is gone on from.
    """
    started = run_record.read(archive)["started"]
    if (work / run_record.RUN_FILE).is_file() and run_record.read(work)["started"][: len(started)] == started:
        return
    files = warc.files(archive)
    with replacing(work) as draft:
        draft.mkdir()
        for file in files:
            try:
                os.link(file.resolve(), draft / file.name)
            except OSError:  # another file system
                shutil.copyfile(file, draft / file.name)
        shutil.copyfile(archive / run_record.RUN_FILE, draft / run_record.RUN_FILE)
        (draft / warc.name(len(files))).touch()


def _commit(source: str) -> None:
    """Record the archive in dvc.lock, so that the next `dvc repro` extracts from it and does not crawl."""
    stage = f"crawl@{source}"
    try:
        with Repo() as repo:
            repo.commit(stage, force=True)
    except (DvcException, LockError) as error:
        raise UserError(f"dvc commit {stage}: {error}; when that is mended, `dvc commit --force {stage}`") from error
    print("next: dvc repro", file=sys.stderr)
