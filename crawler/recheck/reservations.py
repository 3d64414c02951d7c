"""The signals by which an owner reserves an image now, in the answers to a recheck."""

from collections.abc import Iterator, Mapping

from scrapy.http import Request, Response

from crawler.archive.host_files import PATHS, has_none, origin
from crawler.archive.schemas import Outcome, Role
from crawler.recheck.archive import Answers
from crawler.recheck.schemas import Observation, State
from crawler.rights.finding import Finding, Place, Signal, Verdict
from crawler.rights.reservation import describe, of_page_response
from crawler.rights.signals import of_headers, of_robots_txt, of_tdmrep
from crawler.transport.exchange import header_pairs


class Reservations:
    """What headers, pages and the files of hosts say now."""

    def __init__(self, answers: Answers, exempt: tuple[str, ...], *, ai_crawlers: bool) -> None:
        """Read `answers`.

        Args:
            answers: the answers that count.
            exempt: URL prefixes that are not held to robots.txt.
            ai_crawlers: whether robots.txt reserves a URL that it disallows for a known AI crawler.
        """
        self._answers = answers
        self._exempt = exempt
        self._ai_crawlers = ai_crawlers
        self._of_pages: dict[str, tuple[Observation, ...]] = {}

    def of(self, url: str, pages: Mapping[str, Response]) -> Iterator[Observation]:
        """Yield everything that reserves the image at `url`: its headers, its pages, the files of their hosts.

        `pages` are those that describe the image, by URL.
        """
        fetch = self._answers.find(Role.IMAGE, url)
        if fetch and fetch.stored:
            headers = header_pairs(self._answers.headers(fetch))
            yield from _observed(of_headers(headers, Place.IMAGE, url), url)
        for own in dict.fromkeys((url, fetch.final_url if fetch else url)):
            yield from self._of_host(own)
        for page_url, page in pages.items():
            if page_url not in self._of_pages:
                self._of_pages[page_url] = tuple(self._of_page(page_url, page))
            yield from self._of_pages[page_url]

    def _of_page(self, url: str, page: Response) -> Iterator[Observation]:
        yield from _observed(of_page_response(header_pairs(page.headers), page.body, page.url), url)
        yield from self._of_host(url)

    def _of_host(self, url: str) -> Iterator[Observation]:
        host = origin(url)
        if not host:
            return
        tdmrep, failure = self._file(host, Role.TDMREP)
        yield from _observed(of_tdmrep(tdmrep, url), url)
        yield from failure
        if not url.startswith(self._exempt):
            robots, failure = self._file(host, Role.ROBOTS)
            yield from _observed(of_robots_txt(robots, url, ai_crawlers=self._ai_crawlers), url)
            yield from failure

    def _file(self, host: str, role: Role) -> tuple[bytes | None, tuple[Observation, ...]]:
        """Return a file of a host, empty if it has none, and an observation if it is not known whether it has one."""
        url = f"{host}{PATHS[role]}"
        fetch = self._answers.find(role, url)
        if fetch and fetch.stored:
            return self._answers.response(fetch, Request(url)).body, ()
        if fetch and fetch.outcome is Outcome.HTTP_ERROR and not fetch.retryable:
            return (b"" if has_none(role, fetch.status) else None), ()
        why = fetch.detail if fetch else "not answered"
        return None, (Observation(State.UNREACHABLE, "", f"{PATHS[role][1:]}: {why}", url),)


def _observed(findings: tuple[Finding, ...], url: str) -> Iterator[Observation]:
    for finding in findings:
        if finding.verdict is Verdict.RESERVED:
            state = State.REFUSED if finding.signal is Signal.ROBOTS_TXT else State.RESERVED
            yield Observation(state, "", f"reserved by {describe(finding)}", url)
