"""Download one large file over HTTP and resume after interruptions (Range, If-Range: RFC 9110, sections 13, 14)."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError, ProtocolError

from common.errors import UserError
from crawler.public_addresses import is_public

TRIES = 5
PAUSE = 1.0  # seconds before the second attempt; doubled before each further one
CHUNK = 1 << 14  # bytes; an incomplete block is lost with its connection


@contextmanager
def local(path: str, work: Path, *, agent: str, allow_private: bool) -> Iterator[Path]:
    """Provide `path` as a local path: a URL is downloaded into the folder `work` and removed on a clean exit."""
    if not path.startswith(("http://", "https://")):
        yield Path(path).expanduser()
        return
    file = work / "download"
    download(path, file, agent=agent, allow_private=allow_private)
    yield file
    file.unlink()


def download(url: str, into: Path, *, agent: str, allow_private: bool = False) -> None:
    """Download `url` to the file `into`. An earlier partial download is resumed if the server still has that version.

    Raises:
        UserError: the address is not public, the response is an error, or every attempt lost the connection.
    """
    note = into.with_name(f"{into.name}.json")  # the version of the file that the part belongs to
    with requests.Session() as session:
        if not allow_private:
            for scheme in ("http://", "https://"):
                session.mount(scheme, _PublicAdapter())
        for left in reversed(range(TRIES)):
            try:
                _go_on(session, url, into, note, agent)
            except requests.HTTPError as error:
                raise UserError(f"{url}: found HTTP {error.response.status_code}, expected the file") from None
            except (requests.RequestException, ProtocolError) as error:
                if not left:
                    raise UserError(
                        f"{url}: {str(error).splitlines()[0]}; what was received is kept; "
                        "run the same command to resume"
                    ) from None
                time.sleep(PAUSE * 2 ** (TRIES - 1 - left))
            else:
                note.unlink(missing_ok=True)
                return


def _go_on(session: requests.Session, url: str, into: Path, note: Path, agent: str) -> None:
    """Make one attempt: request the rest of the file if its validator still matches, else the whole file."""
    have = into.stat().st_size if into.is_file() else 0
    validator = json.loads(note.read_text(encoding="utf-8")).get(url) if have and note.is_file() else None
    headers = {"User-Agent": agent, "Accept-Encoding": "identity"}
    if validator:
        headers |= {"Range": f"bytes={have}-", "If-Range": validator}
    with session.get(url, headers=headers, stream=True, timeout=60) as answer:
        if answer.status_code == 416 and answer.headers.get("Content-Range") == f"bytes */{have}":
            return  # the part was complete already
        answer.raise_for_status()
        resumed = answer.status_code == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        note.write_text(json.dumps({url: _validator(answer)}), encoding="utf-8")
        with into.open("ab" if resumed else "wb") as file:
            for chunk in answer.iter_content(CHUNK):
                file.write(chunk)


def _validator(answer: requests.Response) -> str | None:
    """Return a validator for If-Range: a strong ETag, else Last-Modified."""
    etag = answer.headers.get("ETag", "")
    return etag if etag and not etag.startswith("W/") else answer.headers.get("Last-Modified")


class _PublicConnection(HTTPConnection):
    """Connects to public addresses only: resolves the name itself, and connects to the address that it checked."""

    def _new_conn(self) -> socket.socket:
        try:
            found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise NewConnectionError(self, f"{self.host}: {error}") from error
        addresses = [str(place[4][0]) for place in found]
        public = [address for address in addresses if is_public(address)]
        if not public:
            raise UserError(f"{self.host}: is {addresses[0]}, not a public address")
        try:
            return socket.create_connection((public[0], self.port), timeout=60)
        except OSError as error:
            raise NewConnectionError(self, f"{self.host}: {error}") from error


class _PublicTLSConnection(_PublicConnection, HTTPSConnection):
    """The same over TLS; the certificate is verified against the host name."""


class _PublicPool(HTTPConnectionPool):
    ConnectionCls = _PublicConnection


class _PublicTLSPool(HTTPSConnectionPool):
    ConnectionCls = _PublicTLSConnection


class _PublicAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PublicPool, "https": _PublicTLSPool}
