"""Ask whether images of one source are as they were: the requests of a recheck, and their archive."""

import signal
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from common.errors import UserError
from common.locks import locked
from common.progress import Progress
from common.published import public_text, public_url
from crawler.archive.fetches import latest
from crawler.archive.previous import PreviousArchive
from crawler.archive.schemas import Role
from crawler.archive.writer import ArchiveWriter
from crawler.kind import SourceParams
from crawler.recheck.archive import Answers, RecheckWriter, begin_round, end_round
from crawler.recheck.judge import judge
from crawler.recheck.known import known_images
from crawler.recheck.question import Known, Question, url_of
from crawler.recheck.reservations import Reservations
from crawler.recheck.schemas import Observation, Rechecked
from crawler.recheck.spider import recheck_spider
from crawler.registry import kind
from crawler.settings import CrawlSettings
from crawler.spider import FacadeSpider
from crawler.transport.halt import HostLost
from crawler.user_agent import AGENT

EVERY = 0.1  # seconds between two reports of progress


@dataclass(frozen=True, slots=True)
class CrawledSource:
    """A source with a finished archive."""

    name: str
    entry: SourceParams  # in `sources:`
    settings: CrawlSettings
    archive: Path
    rechecks: Path  # the archive of its rechecks, created if it is missing


def recheck(
    source: CrawledSource, images: Mapping[str, str], progress: Progress, since: datetime | None = None
) -> list[Rechecked]:
    """Ask whether images are still there, still under their licence, and not reserved; download none of them.

    Every answer is appended to the archive of rechecks. After an interruption the next call resumes: what was answered
    is not requested again. Call this once per process and in the main thread, as `crawler.crawl.crawl`.

    Args:
        source: the source, of a kind that crawls.
        images: URL of each image to the URL of its page, both as in the image table, so without credentials.
        progress: called with the number of requests that have ended.
        since: answers since then count, those of the crawl included. By default everything is requested again.

    Returns:
        Each image in the order of `images`, without credentials in any URL.

    Raises:
        UserError: another process rechecks the source; it has no contact; the disk is full; SIGINT or SIGTERM was
            received.
    """
    with locked(source.rechecks):
        try:
            return _recheck(source, images, progress, since)
        except OSError as error:
            raise _stopped(source, f"{error.filename or source.rechecks}: {error.strerror or error}") from error
        except KeyboardInterrupt as stop:
            raise _stopped(source, str(stop) or "stopped") from None


@dataclass(frozen=True, slots=True)
class _Plan:
    """What to ask, and whom."""

    chosen: type[FacadeSpider[Any]]
    previous: PreviousArchive
    began: datetime  # answers since then are not requested again
    questions: list[Question]
    heads: list[str]  # URLs of images whose headers are requested


def _recheck(
    source: CrawledSource, images: Mapping[str, str], progress: Progress, since: datetime | None
) -> list[Rechecked]:
    chosen = kind(source.entry.kind)
    assert issubclass(chosen, FacadeSpider), "kinds that read files are not rechecked"
    began = since or begin_round(source.rechecks, datetime.now(UTC))
    previous = PreviousArchive(source.archive)
    spider = chosen(source=source.name, params=source.entry)
    requested = _as_requested(images, previous)
    pages = {requested[url]: page_url for url, page_url in images.items()}
    known = known_images(spider, source.archive, previous.fetches, pages)
    asked = [url for url in pages if not _was_crawled(url, known.get(url), previous, began)]
    questions = list(spider.questions(known[url] for url in asked if url in known))
    heads = _one_per_host(asked) if chosen.answers_for_files else asked
    is_complete = _ask(source, _Plan(chosen, previous, began, questions, heads), progress)
    if since is None and is_complete:
        end_round(source.rechecks, began)
    answers = Answers(source.archive, previous.fetches, source.rechecks, latest(source.rechecks), began)
    described = {url: known.get(url) for url in asked}
    reservations = Reservations(answers, chosen.documented_apis, ai_crawlers=source.settings.honor_ai_blocks)
    judged = judge(answers, described, questions, reservations, answers_for_files=chosen.answers_for_files)
    return [_published(url, judged.get(requested[url])) for url in images]


def _as_requested(images: Iterable[str], previous: PreviousArchive) -> dict[str, str]:
    """Return the URL at which each image was requested: tables have no credentials."""
    requested = {public_url(url): url for role, url in previous.fetches if role is Role.IMAGE}
    return {url: url if (Role.IMAGE, url) in previous.fetches else requested.get(url, url) for url in images}


def _published(url: str, judged: Rechecked | None) -> Rechecked:
    """Return the result for the image at `url` in the image table, without credentials; None is an unchanged image."""
    if judged is None:
        return Rechecked(url)
    seen = (
        Observation(one.state, public_text(one.was), public_text(one.now), public_url(one.url))
        for one in judged.observations
    )
    return Rechecked(url, tuple(seen), judged.is_license_asked)


def _ask(source: CrawledSource, plan: _Plan, progress: Progress) -> bool:
    """Send the requests of a plan; return false if a host stopped to answer."""
    from crawler.transport.run import run  # imported here because importing Twisted's reactor installs it

    meter = _Meter(progress)
    info = {"software": AGENT, "format": "WARC 1.1"}
    writer = RecheckWriter(source.rechecks, info, meter, previous=plan.previous, since=plan.began)
    pages = sum(not writer.find(Role.PAGE, url_of(question.request)) for question in plan.questions)
    meter.begin(writer, pages + sum(not writer.find(Role.IMAGE, url) for url in plan.heads))
    handler = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        spider = recheck_spider(plan.chosen, plan.questions, plan.heads)
        run(spider, source.name, source.entry, source.settings, writer)
    except HostLost:
        return False
    finally:
        signal.signal(signal.SIGTERM, handler)
        with suppress(OSError):  # a full disk has been reported already
            writer.close()
    meter.finish()
    return True


def _was_crawled(url: str, known: Known | None, previous: PreviousArchive, since: datetime) -> bool:
    """Return whether the crawl itself fetched an image and the pages that describe it since then."""
    if known is None:
        return False
    keys = [(Role.IMAGE, url), *((Role.PAGE, url_of(page)) for page in known.pages)]
    return all(key in previous.fetches and previous.fetches[key].last_at >= since for key in keys)


def _one_per_host(urls: Iterable[str]) -> list[str]:
    """Return one URL for each host: with it, robots.txt and the host's reservations are requested."""
    return list({urlsplit(url)[:2]: url for url in urls}.values())


class _Meter:
    """Reports how many requests have ended, at most ten times a second."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._total = self._done = self._before = 0
        self._started = self._shown = time.monotonic()

    def begin(self, writer: ArchiveWriter, total: int) -> None:
        """Start to count; `total` is the number of requests that are left, as far as is known."""
        self._before, self._total = _ended(writer), total

    def __call__(self, writer: ArchiveWriter) -> None:
        self._done = _ended(writer) - self._before
        if time.monotonic() - self._shown >= EVERY:
            self._show()

    def finish(self) -> None:
        self._total = self._done
        self._show()

    def _show(self) -> None:
        self._shown = time.monotonic()
        rate = self._done / max(self._shown - self._started, 1e-9)
        self._progress(self._done, max(self._total, self._done), f"{rate:.0f}/s")


def _ended(writer: ArchiveWriter) -> int:
    return sum(count for (role, _), count in writer.counts.items() if role in (Role.PAGE, Role.IMAGE))


def _stopped(source: CrawledSource, why: str) -> UserError:
    return UserError(
        f"recheck {source.name}: {why}; what was answered is kept; run the same command within a day to resume"
    )
