"""robots.txt and tdmrep.json, the files that apply to a whole host: their URLs, and their content at a given time."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from crawler.archive.fetches import Fetch, read
from crawler.archive.schemas import HOST_FILES, Outcome, Role

PATHS = {Role.ROBOTS: "/robots.txt", Role.TDMREP: "/.well-known/tdmrep.json"}


class HostFile(NamedTuple):
    """A file of a host, as an archive contains it."""

    content: bytes | None  # empty if the host has none; None if that is not known
    fetch: Fetch | None  # the response that shows it


NEVER_FETCHED = HostFile(None, None)


@lru_cache(maxsize=1024)  # several middlewares ask for the same URL
def origin(url: str) -> str:
    """Return scheme, host and port of an http or https URL, in lower case; empty for any other text."""
    try:
        scheme, host = urlsplit(url)[:2]
    except ValueError:
        return ""
    return f"{scheme}://{host}".lower() if scheme in ("http", "https") and host else ""


def has_none(role: Role, status: int | None) -> bool:
    """Return whether an error status says that the host has no such file.

    For robots.txt every 4xx but 429 does (RFC 9309, 2.3.1.3). TDMRep names no rule, so for tdmrep.json only 404 and 410
    do: a file that may not be read may exist.
    """
    if role is Role.TDMREP:
        return status in (404, 410)
    return status is not None and 400 <= status < 500 and status != 429


class HostFiles:
    """The files of all hosts in an archive. Each content is read once."""

    def __init__(self, archive: Path, fetches: Iterable[Fetch]) -> None:
        """`fetches` are those of the whole archive, in the order in which they ended."""
        self._archive = archive
        self._fetches: dict[tuple[Role, str], list[Fetch]] = defaultdict(list)
        self._contents: dict[Fetch, HostFile] = {}
        for fetch in fetches:
            if fetch.role in HOST_FILES:
                self._fetches[fetch.role, origin(fetch.url)].append(fetch)
        for ends in self._fetches.values():
            ends.sort(key=lambda fetch: fetch.last_at)

    def at(self, role: Role, host: str, time: datetime) -> HostFile:
        """Return a file of `host` (an `origin`) as it was at `time`.

        That is the last one that was fetched by then, or else the first one that was fetched later. A fetch that failed
        says nothing.
        """
        ends = [fetch for fetch in self._fetches.get((role, host), ()) if _says_something(fetch)]
        if not ends:
            return NEVER_FETCHED
        fetch = ends[max(0, bisect_right(ends, time, key=lambda end: end.last_at) - 1)]
        if fetch not in self._contents:
            content = read(self._archive, fetch)[1] if fetch.stored else b""
            self._contents[fetch] = HostFile(content, fetch)
        return self._contents[fetch]


def _says_something(fetch: Fetch) -> bool:
    return fetch.stored or (fetch.outcome is Outcome.HTTP_ERROR and has_none(fetch.role, fetch.status))
