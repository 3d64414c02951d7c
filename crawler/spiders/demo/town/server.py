"""The town's web site: a small HTTP/1.1 server on loopback that behaves, and misbehaves, like the web."""

import hashlib
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import IO
from urllib.parse import parse_qs, urlsplit

from crawler.spiders.demo.town import pages
from crawler.spiders.demo.town.dirt import Kind
from crawler.spiders.demo.town.items import SITE, Item, Town
from crawler.spiders.demo.town.studio import Studio

HTML = "text/html; charset=utf-8"
TYPES = {"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp", "avif": "image/avif"}
FIRST_PHOTO = datetime(2026, 1, 1, tzinfo=UTC)
"""Last-Modified of the first picture; each further one is an hour later."""

SLOWNESS = 2.5
"""Seconds before a SLOW picture is sent."""
RETRY_AFTER = 1
"""Seconds for which a RATE_LIMITED picture is refused."""
ENDLESS_BYTES = 48 * 2**20
"""Bytes after which the body of an ENDLESS picture ends."""


@contextmanager
def serve(town: Town, access_log: Path | None = None) -> Iterator[str]:
    """Serve `town` on 127.0.0.1; yields the URL of the HTTP proxy through which clients reach its site, `SITE`.

    The log has one line per request, in the order in which the responses begin: Unix time of the request, method,
    path, status. Server and worker processes end with the context, and with this process however it ends.
    """
    with Studio(town) as studio, _Log(access_log) as log, _Server(town, studio, log) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.hang_up()


class _Log:
    """Writes the access log, if there is one."""

    def __init__(self, path: Path | None) -> None:
        self._file: IO[str] | None = path.open("a", buffering=1) if path else None
        self._lock = Lock()

    def __enter__(self) -> "_Log":
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def write(self, line: str) -> None:
        if self._file:
            with self._lock, suppress(ValueError):  # the log was closed before a late response
                self._file.write(line + "\n")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, town: Town, studio: Studio, log: _Log) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.town = town
        self.studio = studio
        self.log = log
        self.pictures = {item.image: item for item in town.items}
        self.details = {item.page: item for item in town.items}
        # The new URL of a picture that moved
        self.moved = {_moved(item): item for item in town.items if item.kind is Kind.REDIRECT}
        self._lock = Lock()
        self._first_asked: dict[str, float] = {}
        self.connections: set[socket.socket] = set()

    def age(self, path: str) -> float:
        """Return the seconds since the first request of `path`; 0 for the first."""
        now = time.monotonic()
        with self._lock:
            return now - self._first_asked.setdefault(path, now)

    def hang_up(self) -> None:
        """Close the connections that clients keep open."""
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that disconnect; print the traceback of any other error, which is a defect."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "DemoTown"
    sys_version = ""
    # Headers and body in one segment: the second of two small writes would wait for an acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        self._arrived = time.time()
        target = urlsplit(self.path)
        self._path = target.path + (f"?{target.query}" if target.query else "")
        if target.netloc and f"{target.scheme}://{target.netloc}" != SITE:
            self._answer(HTTPStatus.BAD_GATEWAY, b"This proxy leads to the demo town only.\n", "text/plain")
            return
        town, path = self.server.town, target.path
        if path == "/":
            self._page(pages.index(town))
        elif path == "/robots.txt":
            self._answer(HTTPStatus.OK, pages.ROBOTS.encode(), "text/plain")
        elif path == "/private/":
            self._page(pages.private())
        elif path.startswith("/district/") and path.removeprefix("/district/") in town.districts:
            number = parse_qs(target.query).get("page", ["1"])[0]
            self._page(pages.district(town, path.removeprefix("/district/"), int(number) if number.isdecimal() else 1))
        elif path in self.server.details:
            item = self.server.details[path]
            self.server.studio.expect(item)
            self._page(pages.building(item))
        elif path in self.server.pictures:
            self._picture(self.server.pictures[path])
        elif path in self.server.moved:
            self._photo(self.server.moved[path])
        else:
            self._status(HTTPStatus.NOT_FOUND)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _picture(self, item: Item) -> None:
        behave = _BEHAVIOUR.get(item.kind)
        if behave:
            behave(self, item)
        else:
            self._photo(item)

    def _photo(self, item: Item) -> None:
        headers = {"Last-Modified": _modified(item)}
        if item.kind is Kind.NOAI:
            headers["X-Robots-Tag"] = "noai, noimageai"
        media = HTML if item.kind is Kind.HTML_PAGE else TYPES[item.image.rpartition(".")[2]]
        self._answer(HTTPStatus.OK, self.server.studio.picture(item), media, headers)

    def _rate_limited(self, item: Item) -> None:
        if self.server.age(item.image) < RETRY_AFTER:
            self._status(HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(RETRY_AFTER)})
        else:
            self._photo(item)

    def _healing(self, item: Item) -> None:
        if self.server.age(item.image) == 0:
            self._status(HTTPStatus.INTERNAL_SERVER_ERROR)
        else:
            self._photo(item)

    def _redirect(self, item: Item) -> None:
        self._status(HTTPStatus.FOUND, {"Location": SITE + _moved(item)})

    def _redirect_loop(self, item: Item) -> None:
        """Redirect between two URLs that differ in one parameter."""
        there = item.image if self._path.endswith("?again") else f"{item.image}?again"
        self._status(HTTPStatus.FOUND, {"Location": there})

    def _slow(self, item: Item) -> None:
        time.sleep(SLOWNESS)
        self._photo(item)

    def _endless(self, item: Item) -> None:
        """Send a picture and then zeros, in chunks, so without a Content-Length."""
        self._log(HTTPStatus.OK)
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if self.command == "HEAD":
            return
        block = self.server.studio.picture(item).ljust(2**18, b"\0")
        try:
            for _ in range(ENDLESS_BYTES // len(block)):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(block), block))
                block = bytes(len(block))
            self.wfile.write(b"0\r\n\r\n")
        except ConnectionError:
            self.close_connection = True

    def _cut_off(self, item: Item) -> None:
        picture = self.server.studio.picture(item)
        self._log(HTTPStatus.OK)
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", str(len(picture)))
        self.end_headers()
        self.wfile.write(picture[: len(picture) // 2])
        self.close_connection = True

    def _page(self, text: str) -> None:
        self._answer(HTTPStatus.OK, text.encode(), HTML)

    def _status(self, status: HTTPStatus, headers: dict[str, str] | None = None) -> None:
        self._answer(status, f"{status.value} {status.phrase}\n".encode(), "text/plain", headers)

    def _answer(self, status: HTTPStatus, body: bytes, media: str, headers: dict[str, str] | None = None) -> None:
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        if status is HTTPStatus.OK and self.headers.get("If-None-Match") == tag:
            status, body = HTTPStatus.NOT_MODIFIED, b""
        self._log(status)
        self.send_response(status)
        if status in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
            self.send_header("ETag", tag)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status is not HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Type", media)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _log(self, status: HTTPStatus) -> None:
        self.server.log.write(f"{self._arrived:.3f} {self.command} {self._path} {status.value}")

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing to stderr; `_log` writes the access log."""


def _moved(item: Item) -> str:
    return item.image.replace("/images/", "/images/moved/")


def _modified(item: Item) -> str:
    return format_datetime(FIRST_PHOTO + timedelta(hours=item.index), usegmt=True)


_BEHAVIOUR: dict[Kind, Callable[[_Handler, Item], None]] = {
    Kind.NOT_FOUND: lambda handler, item: handler._status(HTTPStatus.NOT_FOUND),
    Kind.GONE: lambda handler, item: handler._status(HTTPStatus.GONE),
    Kind.RATE_LIMITED: _Handler._rate_limited,
    Kind.HEALING: _Handler._healing,
    Kind.REDIRECT: _Handler._redirect,
    Kind.REDIRECT_LOOP: _Handler._redirect_loop,
    Kind.SLOW: _Handler._slow,
    Kind.ENDLESS: _Handler._endless,
    Kind.CUT_OFF: _Handler._cut_off,
}
"""The handler for each kind whose response is not just its file."""
