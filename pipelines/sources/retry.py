"""`facades source retry`: fetch the failed URLs of a finished archive again, and commit the result to DVC."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from common.errors import UserError, on_one_line
from common.files import replacing
from common.progress import progress
from crawler import crawl
from crawler.archive import run_record, warc
from crawler.archive.failures import failed_downloads
from crawler.archive.reader import INDEX_FILE
from crawler.registry import kind
from pipelines import params, paths
from pipelines.stages.crawl import show


def retry(source: str, *, quiet: bool = False) -> None:
    """Fetch failed URLs again, replace the archive by the longer one, and commit it to DVC.

    Args:
        source: name in params.yaml.
        quiet: print progress as lines instead of a bar.

    Raises:
        UserError: the source is not crawled, its entry has changed since, it cannot be crawled, or DVC refuses.
    """
    settings = params.load()
    entry = settings.source(source)
    archive = paths.archive(source)
    if not (archive / INDEX_FILE).is_file():
        raise UserError(f"{archive}: found no {INDEX_FILE}, expected a finished archive; `dvc repro` crawls the source")
    crawled = kind(entry.kind).Params.model_validate(run_record.read(archive)["entry"])
    if crawled != entry:
        raise UserError(
            f"sources.{source}: found an entry that has changed since the crawl; run `dvc repro` to crawl again"
        )
    failed = failed_downloads(archive).num_rows
    if not failed:
        print(f"{archive}: no URL has failed", file=sys.stderr)
        return
    work = paths.crawling(source, f"{entry.snapshot}.retry")
    _continue_from(archive, work)
    with progress(f"retry {source}", "images", bar=not quiet) as report:
        summary = crawl.crawl(source, entry, settings.crawl, crawl.Folders(archive, work), report, retry=True)
    show(source, summary)
    left = failed_downloads(archive).num_rows
    print(f"of {failed} failed URLs, {left} failed again", file=sys.stderr)
    _commit(source)


def _continue_from(archive: Path, work: Path) -> None:
    """Make `work` an unfinished crawl with the content of `archive`, or keep the one of an interrupted retry.

    The files of the archive are hard links and stay unchanged, since they may be in DVC's cache: the crawl appends to
    a new file.
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
    """Record the archive in dvc.lock, so that the next `dvc repro` does not crawl again."""
    stage = f"crawl@{source}"
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "commit", "--force", "--quiet", stage], stderr=subprocess.PIPE, text=True
    )
    if done.returncode:
        reason = on_one_line(done.stderr).removeprefix("ERROR: ")
        raise UserError(f"dvc commit {stage}: {reason}; afterwards run `dvc commit --force {stage}`")
    print("next: dvc repro", file=sys.stderr)
