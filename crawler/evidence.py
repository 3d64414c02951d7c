"""What every signal of reserved use says of an image, read from an archive, with the record that shows it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from crawler.archive.fetches import Fetch, header_pairs, read
from crawler.archive.host_files import NEVER_FETCHED, HostFile, HostFiles, origin
from crawler.archive.schemas import FacadeImage, Role
from crawler.rights.finding import Finding, Place, Signal, Verdict
from crawler.rights.reservation import of_page_response
from crawler.rights.signals import of_headers, of_image, of_robots_txt, of_tdmrep

ACCESS = (Signal.ROBOTS_TXT, Signal.ROBOTS_TXT_AGENTS)
"""The signals that are about fetching a URL, and not about use of its content."""

PAGES = 4096  # whose findings are kept in memory; the images of a page are read one after the other


class Evidence(NamedTuple):
    """What one record of an archive says of an image."""

    image_url: str
    page_url: str  # of the page that the findings are about; empty if they are about the image
    findings: tuple[Finding, ...]
    file: str = ""  # of the record; empty if the archive has no such record
    offset: int = 0  # of the record in that file


class ArchivedSignals:
    """Reads the signals in one archive."""

    def __init__(
        self, archive: Path, latest: Mapping[tuple[Role, str], Fetch], files: HostFiles, *, ai_crawlers: bool
    ) -> None:
        """Read the archive in the folder `archive`.

        Args:
            archive: the folder.
            latest: the last fetch of each URL.
            files: the robots.txt and tdmrep.json of all hosts.
            ai_crawlers: whether robots.txt reserves a URL that it disallows for a known AI crawler.
        """
        self._archive = archive
        self._files = files
        self._ai_crawlers = ai_crawlers
        pages = [fetch for (role, _), fetch in latest.items() if role is Role.PAGE and fetch.stored]
        self._pages = {fetch.final_url: fetch for fetch in pages} | {fetch.url: fetch for fetch in pages}
        self._of_page = lru_cache(PAGES)(self._read_page)

    def of(
        self, image: FacadeImage, fetch: Fetch, pages: Iterable[Fetch], headers: bytes, body: bytes
    ) -> Iterator[Evidence]:
        """Yield what every record says of an image.

        Args:
            image: as the source describes it.
            fetch: of the image.
            pages: the responses that name it.
            headers: its HTTP headers; empty if it did not come over HTTP.
            body: its bytes.
        """
        url = image.image_url
        yield Evidence(url, "", self._of_response(url, headers, body), fetch.file, fetch.record)
        for host_url in _urls(url, fetch):
            for findings, file, offset in self._of_host(host_url, fetch):
                yield Evidence(host_url, "", findings, file, offset)
        shown_on = {page.final_url: page for page in pages if origin(page.final_url)}
        described_at = self._pages.get(image.page_url)
        if described_at is not None:
            shown_on[described_at.final_url] = described_at
        elif origin(image.page_url):
            yield Evidence(url, image.page_url, _UNREAD_PAGE)
            for findings, file, offset in self._of_host(image.page_url, fetch, was_fetched=False):
                yield Evidence(url, image.page_url, findings, file, offset)
        for page_url, page in shown_on.items():
            for findings, file, offset in self._of_page(page):
                yield Evidence(url, page_url, findings, file, offset)

    def _of_response(self, url: str, headers: bytes, body: bytes) -> tuple[Finding, ...]:
        if headers:
            return *of_headers(header_pairs(headers), Place.IMAGE, url), *of_image(body)
        return *(_UNREAD_HEADERS if origin(url) else ()), *of_image(body)

    def _read_page(self, page: Fetch) -> list["_Record"]:
        headers, body = read(self._archive, page)
        findings = of_page_response(header_pairs(headers), body, page.final_url)
        records = [_Record(findings, page.file, page.record)]
        for url in _urls(page.final_url, page):
            records += self._of_host(url, page)
        return records

    def _of_host(self, url: str, fetch: Fetch, *, was_fetched: bool = True) -> Iterator["_Record"]:
        """Yield what robots.txt and tdmrep.json of the host of `url` said at the time of a fetch.

        Rules on who may fetch a URL say nothing of one that was not fetched, and nothing of a documented API.
        """
        host, time = origin(url), fetch.last_at
        robots = NEVER_FETCHED if fetch.is_exempt and was_fetched else self._files.at(Role.ROBOTS, host, time)
        found = of_robots_txt(robots.content, url, ai_crawlers=self._ai_crawlers)
        yield _record(tuple(one for one in found if was_fetched or one.signal not in ACCESS), robots)
        tdmrep = self._files.at(Role.TDMREP, host, time)
        yield _record(of_tdmrep(tdmrep.content, url), tdmrep)


class _Record(NamedTuple):
    findings: tuple[Finding, ...]
    file: str
    offset: int


def _record(findings: tuple[Finding, ...], of: HostFile) -> _Record:
    return _Record(findings, of.fetch.file if of.fetch else "", of.fetch.record if of.fetch else 0)


def _urls(url: str, fetch: Fetch) -> list[str]:
    """Return the URLs on the web that led to a response, each once."""
    return [one for one in dict.fromkeys((url, fetch.url, *fetch.via, fetch.final_url)) if origin(one)]


def _unread(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(replace(finding, verdict=Verdict.MISSING, value="", policy="") for finding in findings)


_UNREAD_HEADERS = _unread(of_headers((), Place.IMAGE))
_UNREAD_PAGE = _unread(of_page_response((), b""))
