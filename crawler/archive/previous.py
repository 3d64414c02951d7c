"""The archive whose place a new one will take: what a refresh need not download again."""

from pathlib import Path

from crawler.archive import warc
from crawler.archive.fetches import Fetch, latest, read_headers
from crawler.archive.schemas import Role

_CONDITIONS = {b"etag": "If-None-Match", b"last-modified": "If-Modified-Since"}
"""Validators of an answer, and the headers that ask with them (RFC 9110, 13.1)."""

CONDITIONS = tuple(_CONDITIONS.values())


class PreviousArchive:
    """A finished archive of the same source."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fetches = {key: fetch for key, fetch in latest(folder).items() if fetch.stored}

    def find(self, role: Role, url: str, final_url: str) -> Fetch | None:
        """What it holds of `url`, if it was `final_url` that answered over HTTP."""
        fetch = self.fetches.get((role, url))
        return fetch if fetch and fetch.final_url == final_url and fetch.offset > fetch.block else None

    def conditions(self, fetch: Fetch) -> dict[str, str]:
        """Headers that ask for it only if it has changed; none where the server gave nothing to ask with."""
        found = {}
        for line in read_headers(self.folder, fetch).split(b"\r\n")[1:]:
            name, _, value = line.partition(b": ")
            if header := _CONDITIONS.get(name.lower()):
                found[header] = value.decode("latin-1")
        return found

    def record(self, fetch: Fetch) -> bytes:
        """The WARC record of its answer, whole."""
        with (self.folder / fetch.file).open("rb") as file:
            file.seek(fetch.record)
            return file.read(fetch.offset + fetch.length + len(warc.END) - fetch.record)
