"""The archive that a new one will replace: a refresh does not download unchanged files again."""

from pathlib import Path

from crawler.archive import warc
from crawler.archive.fetches import Fetch, latest, read_headers
from crawler.archive.schemas import Role

_CONDITIONS = {b"etag": "If-None-Match", b"last-modified": "If-Modified-Since"}
"""Validators of a response, and the conditional request headers that use them (RFC 9110, section 13.1)."""

CONDITIONS = tuple(_CONDITIONS.values())


class PreviousArchive:
    """A finished archive of the same source, by role and URL."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fetches = {key: fetch for key, fetch in latest(folder).items() if fetch.stored}

    def find(self, role: Role, url: str, final_url: str) -> Fetch | None:
        """Return its fetch of `url` if that was answered over HTTP by `final_url`, else None."""
        fetch = self.fetches.get((role, url))
        return fetch if fetch and fetch.final_url == final_url and fetch.offset > fetch.block else None

    def conditions(self, fetch: Fetch) -> dict[str, str]:
        """Return the headers of a conditional request for `fetch`; none if the server sent no validator."""
        found = {}
        for line in read_headers(self.folder, fetch).split(b"\r\n")[1:]:
            name, _, value = line.partition(b": ")
            if header := _CONDITIONS.get(name.lower()):
                found[header] = value.decode("latin-1")
        return found

    def record(self, fetch: Fetch) -> bytes:
        """Return the whole WARC record of the response of `fetch`."""
        with (self.folder / fetch.file).open("rb") as file:
            file.seek(fetch.record)
            return file.read(fetch.offset + fetch.length + len(warc.END) - fetch.record)
