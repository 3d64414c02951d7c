"""A small real web server, and crawls of it in separate processes."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

DRIVE = Path(__file__).parent / "drive.py"

FAST = {"limits": {"delay": 0, "per_host": 8, "timeout": 5, "retries": 2}}
"""Settings for a local server."""


VALIDATORS = (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since"))


@dataclass(frozen=True)
class Answer:
    """One HTTP answer. `wait` seconds pass before it; `promise` is a Content-Length that it does not keep."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0
    promise: int | None = None


def html(*images: str, links: tuple[str, ...] = (), **attributes: str) -> Answer:
    more = "".join(f' {name}="{value}"' for name, value in attributes.items())
    body = "".join(f'<img src="{image}"{more}>' for image in images) + "".join(
        f'<a href="{link}">x</a>' for link in links
    )
    return Answer(f"<html><body>{body}</body></html>".encode(), headers={"Content-Type": "text/html; charset=utf-8"})


def jpeg(seed: int, nbytes: int = 20_000) -> Answer:
    """Bytes that begin as a JPEG does, others for every seed."""
    body = b"\xff\xd8\xff\xe0" + seed.to_bytes(8, "big") * (nbytes // 8)
    return Answer(body, headers={"Content-Type": "image/jpeg"})


@dataclass
class Site:
    """A site on loopback: paths to answers, or to functions from the number of the request (0, 1, …) to one."""

    pages: dict[str, Answer | Callable[[int], Answer]] = field(default_factory=dict)
    others: Callable[[str], Answer] = lambda path: Answer(status=404)
    log: list[tuple[float, str]] = field(default_factory=list)  # (monotonic time of arrival, path)
    asked: list[tuple[str, str]] = field(default_factory=list)  # (method, path), as each arrives
    bodies: int = 0  # bytes of all bodies that were sent
    refuses_head: bool = False
    sent: list[tuple[str, int]] = field(default_factory=list)  # (path, status) of each answer
    agents: set[str] = field(default_factory=set)
    referers: set[str] = field(default_factory=set)
    under_way: int = 0
    levels: list[tuple[float, int]] = field(default_factory=list)  # (time, requests under way), as each arrives
    port: int = 0

    def start(self) -> None:
        """Listen, on the same port as before."""
        handler = type("SiteHandler", (Handler,), {"site": self})
        self._server = Server(("127.0.0.1", self.port), handler)
        self.port = self._server.server_port
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """Refuse connections; those that are open go on."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def busiest(self) -> int:
        return max(level for _, level in self.levels)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def count(self, path: str) -> int:
        return sum(asked == path for _, asked in self.log)

    def times(self, prefix: str) -> list[float]:
        return [at for at, path in self.log if path.startswith(prefix)]

    def entry(self, **more: Any) -> dict[str, Any]:
        """The entry that crawls this site."""
        return {"kind": "plain", "url": f"{self.url}/", "allow_private": True, **more}

    answer = staticmethod(Answer)
    html = staticmethod(html)
    jpeg = staticmethod(jpeg)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site  # set on a subclass for each server
    lock = Lock()
    under_way = 0

    def do_GET(self) -> None:
        site = self.site
        with self.lock:
            number = site.count(self.path)
            site.log.append((time.monotonic(), self.path))
            site.asked.append((self.command, self.path))
            site.agents.add(self.headers.get("User-Agent", ""))
            site.referers.add(self.headers.get("Referer", ""))
            site.under_way += 1
            site.levels.append((time.monotonic(), site.under_way))
        answer = site.pages.get(self.path) or site.others(self.path)
        answer = answer(number) if callable(answer) else answer
        if self.command == "HEAD" and site.refuses_head:
            answer = Answer(status=405)
        if any(
            self.headers.get(asked) == answer.headers.get(said, "")
            for said, asked in VALIDATORS
            if answer.status == 200
        ):
            answer = Answer(status=304, headers=answer.headers, wait=answer.wait)
        time.sleep(answer.wait)
        with self.lock:
            site.under_way -= 1
            site.sent.append((self.path, answer.status))
        with suppress(OSError):  # the crawler was killed or closed the connection
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.status != 304:
                self.send_header("Content-Length", str(len(answer.body) if answer.promise is None else answer.promise))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)
                site.bodies += len(answer.body)
        self.close_connection |= answer.promise is not None

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[Site]:
    served = Site()
    served.start()
    yield served
    served.stop()


@dataclass
class Crawl:
    """The results of a crawl in a separate process."""

    folder: Path
    returncode: int
    errors: str  # standard error without the progress lines

    @property
    def fetches(self) -> pd.DataFrame:
        return pq.read_table(self.folder / "archive" / "fetches.parquet").to_pandas()

    @property
    def images(self) -> pd.DataFrame:
        return pq.read_table(self.folder / "images.parquet").to_pandas()

    def outcomes(self, role: str = "image") -> dict[str, str]:
        """Path of each URL to its outcome."""
        of = self.fetches
        of = of[of.role == role]
        return {"/" + url.split("/", 3)[3]: outcome for url, outcome in zip(of.url, of.outcome, strict=True)}


class Crawls:
    """Runs crawls below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __call__(
        self, entry: dict[str, Any], settings: dict[str, Any] = FAST, folder: str = "crawl", **env: str
    ) -> Crawl:
        """Crawl to the end."""
        return self.finish(self.start(entry, settings, folder, **env), folder)

    def start(
        self,
        entry: dict[str, Any],
        settings: dict[str, Any] = FAST,
        folder: str = "crawl",
        **env: str,
    ) -> "subprocess.Popen[str]":
        return self.run(DRIVE, entry, settings, folder, **env)

    def run(
        self, drive: Path, entry: dict[str, Any], settings: dict[str, Any], folder: str, **env: str
    ) -> "subprocess.Popen[str]":
        command = [sys.executable, str(drive), str(self.root / folder), json.dumps(entry), json.dumps(settings)]
        environment = {**{k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}, **env}
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)

    def finish(self, process: "subprocess.Popen[str]", folder: str = "crawl", timeout: float = 300) -> Crawl:
        _, errors = process.communicate(timeout=timeout)
        lines = [line for line in errors.splitlines() if not line.split(" ", 1)[0].isdecimal()]
        return Crawl(self.root / folder, process.returncode, "\n".join(lines))


@pytest.fixture
def crawl(tmp_path: Path) -> Crawls:
    return Crawls(tmp_path)
