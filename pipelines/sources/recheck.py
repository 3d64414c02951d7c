"""`facades source recheck`: ask whether the kept images are as they were, and propose lines for exclusions.csv.

Nothing that DVC tracks is changed: the answers are in an archive of their own, and a person decides on the proposals.
"""

import multiprocessing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from common.errors import UserError
from common.progress import progress
from crawler.archive.reader import INDEX_FILE
from crawler.recheck.ask import CrawledSource
from crawler.recheck.ask import recheck as ask
from crawler.recheck.schemas import Observation, Rechecked, State
from crawler.registry import kind
from crawler.spider import FacadeSpider
from curate.executors.processes import end_with_parent
from curate.schemas import Decision
from pipelines import params, paths
from pipelines.audit.takedown import FILE, Request, parse
from pipelines.sources.proposals import Finding, propose
from pipelines.versions.repository import Repository
from pipelines.versions.version import Version

Row = Mapping[str, Any]
COLUMNS = ("sha256", "source", "title", "image_url", "page_url")
"""Columns of the manifest that are read."""


@dataclass(frozen=True)
class Recheck:
    """The result of a recheck."""

    images: tuple[Finding, ...]  # every kept image but those of the user's own files, by source and sha256
    notes: tuple[str, ...]  # what was not asked, a line each
    proposed: tuple[Request, ...]  # for exclusions.csv, without those that it contains

    @property
    def is_clean(self) -> bool:
        """Whether every image is unchanged."""
        return all(image.state is State.UNCHANGED for image in self.images)


def recheck(only: str | None, since: datetime | None, *, quiet: bool = False) -> Recheck:
    """Ask about the kept images of the dataset in the work tree.

    Args:
        only: name of a source in params.yaml; None for all.
        since: answers since then count, those of the crawl included; None asks everything again.
        quiet: print progress as lines instead of a bar.

    Raises:
        UserError: there is no such source or no dataset; `since` is in the future; the source `only` cannot be asked.
    """
    if since is not None and since > datetime.now(UTC):
        raise UserError(f"--since: found {since:%Y-%m-%d}, expected a date in the past")
    settings = params.load()
    if only is not None:
        settings.source(only)
    repository = Repository(Path.cwd())
    kept = _kept(Version(repository, None), only)
    crawling = [name for name in kept if name in settings.sources and _crawls(settings.sources[name].kind)]
    tasks = [_Task(name, _urls(kept[name]), since, quiet) for name in crawling]
    answers = dict(zip(crawling, _ask_each(tasks), strict=True))
    images: list[Finding] = []
    notes: list[str] = []
    for name, rows in kept.items():
        answer = answers.get(name)
        if name not in settings.sources:
            answer = UserError(f"{name}: found images of it in the dataset, but no such source in params.yaml")
        if isinstance(answer, UserError):
            if only is not None:
                raise answer
            notes.append(str(answer))
            answer = [_not_asked(row["image_url"], str(answer)) for row in rows]
        if answer is None:
            notes.append(f"{name}: {len(rows):,} images are your own files, so nobody was asked")
            continue
        if count := sum(not one.is_license_asked for one in answer):
            notes.append(f"{name}: {count:,} images have their licence from your own list, so no page was asked for it")
        images += map(_finding, rows, answer)
    requests = parse((repository.root / FILE).read_bytes() if (repository.root / FILE).is_file() else None)
    proposed = propose(images, settings.crawl, requests, by=repository.user())
    return Recheck(tuple(images), tuple(notes), tuple(proposed))


def _kept(version: Version, only: str | None) -> dict[str, list[Row]]:
    """Return the kept images by source, sorted by source and sha256."""
    by_source: dict[str, list[Row]] = {}
    for row in version.rows(where=pc.field("decision") == str(Decision.KEPT), columns=COLUMNS):
        if only is None or row["source"] == only:
            by_source.setdefault(row["source"], []).append(row)
    return dict(sorted(by_source.items()))


def _crawls(kind_name: str) -> bool:
    """Return whether a kind crawls a site, rather than read the user's own files."""
    return issubclass(kind(kind_name), FacadeSpider)


def _urls(rows: Iterable[Row]) -> dict[str, str]:
    return {row["image_url"]: row["page_url"] for row in rows}


@dataclass(frozen=True, slots=True)
class _Task:
    source: str
    images: dict[str, str]
    since: datetime | None
    quiet: bool


def _ask_each(tasks: Sequence[_Task]) -> Iterator[list[Rechecked] | UserError]:
    """Yield the answers of each source; with several, each in a process of its own, since a reactor runs once."""
    if len(tasks) == 1:
        yield _ask(tasks[0])
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, initializer=end_with_parent, max_tasks_per_child=1) as processes:
        yield from processes.map(_ask, tasks)


def _ask(task: _Task) -> list[Rechecked] | UserError:
    settings = params.load()
    archive = paths.archive(task.source)
    if not (archive / INDEX_FILE).is_file():
        return UserError(f"{archive}: found no {INDEX_FILE}, expected a finished archive; fetch it with `dvc pull`")
    entry = settings.source(task.source)
    source = CrawledSource(task.source, entry, settings.crawl, archive, paths.rechecks(task.source))
    try:
        with progress(f"recheck {task.source}", "requests", bar=not task.quiet) as report:
            return ask(source, task.images, report, task.since)
    except UserError as error:
        return error


def _not_asked(image_url: str, why: str) -> Rechecked:
    return Rechecked(image_url, (Observation(State.UNREACHABLE, "", why, image_url),))


def _finding(row: Row, answer: Rechecked) -> Finding:
    return Finding(**row, state=answer.state, observations=answer.observations)
