"""Nothing that is published names the user, a folder of the user's disk, or a credential of a source."""

import base64
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crawler.spiders.demo.town.items import Town
from tests.e2e.clones import Clone, fresh

pytestmark = [pytest.mark.integration, pytest.mark.slow]

USER = "bob.smith-of-the-disk"
PASSWORD, KEY, TOKEN, SIGNATURE = "Passw0rd-S3CRET", "K3Y-S3CRET", "T0KEN-S3CRET", "S1GNATURE-S3CRET"
SECRETS = (USER, PASSWORD, KEY, TOKEN, SIGNATURE)
PUBLISHED = ("data/dataset", "data/images", "data/counts", "models", "report", "exports")
PICTURES = 6


def picture(number: int) -> bytes:
    town = Town(seed=11, buildings=20)
    return town.picture(town.items[number])


def page() -> str:
    figures = "".join(
        f"""<figure><img src="/{number}.jpg?size=9&amp;token={TOKEN}"><figcaption>House {number} by Ann,
        <a rel="license" href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a></figcaption></figure>"""
        for number in (*range(PICTURES), 99)
    )
    return f"<!doctype html><title>Houses</title><h1>Houses</h1>{figures}"


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(PICTURES, 2 * PICTURES):
            archive.writestr(f"street/{number}.jpg", picture(number))
    return buffer.getvalue()


class Handler(BaseHTTPRequestHandler):
    """A gallery that needs a key, pictures that need a token, a zip file that needs a user and a signature."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        body, type_ = b"", "text/html"
        if parts.path == "/gallery" and query.get("key") == [KEY]:
            body = page().encode()
        elif parts.path == "/street.zip" and query.get("sig") == [SIGNATURE]:
            body = zipped() if self.headers.get("Authorization") == f"Basic {login}" else b""
            type_ = "application/zip"
        elif parts.path[1:-4].isdigit() and query.get("token") == [TOKEN] and parts.path != "/99.jpg":
            body, type_ = picture(int(parts.path[1:-4])), "image/jpeg"
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", type_)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def served() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def texts(path: Path) -> Iterator[str]:
    """Yield the content of a file: of tables every value, of archives every member."""
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        binary = [field.name for field in table.schema if pa.types.is_fixed_size_binary(field.type)]
        yield json.dumps(table.drop_columns(binary).to_pylist(), ensure_ascii=False, default=str)
    content = path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as members:
            for name in members.namelist():
                yield name + members.read(name).decode("latin-1")
    yield content.decode("latin-1")


def test_no_published_file_names_the_user_or_a_credential(tmp_path: Path) -> None:
    home = tmp_path / "home" / USER
    home.mkdir(parents=True)
    clone = fresh(home)
    folder = home / "private" / "pictures"
    (folder / "lane").mkdir(parents=True)
    for number in range(2 * PICTURES, 3 * PICTURES):
        (folder / "lane" / f"{number}.jpg").write_bytes(picture(number))
    with served() as port:
        site = f"127.0.0.1:{port}"
        entries: dict[str, Any] = {
            "gallery": {"kind": "site", "start": f"http://{site}/gallery?key={KEY}", "allow_private": True},
            "street": {
                "kind": "folder",
                "path": f"http://{USER}:{PASSWORD}@{site}/street.zip?sig={SIGNATURE}",
                "license": "CC0-1.0",
                "allow_private": True,
            },
            "lane": {"kind": "folder", "path": str(folder), "license": "CC0-1.0"},
        }
        clone.params(lambda values: values["sources"].update(entries))
        clone.repro()
    for command in (
        "facades model sample facade -n 2",
        "facades model export torchscript facade",
        "facades model export onnx facade",
        "facades model export hf facade",
        "facades dataset export hf exports/dataset",
        "facades dataset export zip exports/dataset.zip",
    ):
        clone.run(*command.split())
    found: dict[str, list[str]] = {}
    files = [file for name in PUBLISHED for file in sorted((clone.folder / name).rglob("*")) if file.is_file()]
    for file in files:
        for text in texts(file):
            for secret in SECRETS:
                if secret in text:
                    found.setdefault(secret, []).append(str(file.relative_to(clone.folder)))
    assert found == {}
    archive = b"".join(file.read_bytes() for file in (clone.folder / "data/archive").rglob("*.warc"))
    assert all(secret.encode() in archive for secret in (KEY, TOKEN)), "the archive has every request as it was made"
    sources = set(pq.read_table(clone.folder / "data/dataset/manifest.parquet")["source"].to_pylist())
    assert sources == {"demo", *entries}, "every source has images, so that their addresses were looked at"
    _check_what_readers_need(clone)


def _check_what_readers_need(clone: Clone) -> None:
    """The documents still say which sources there were, and the tables where each image is."""
    rows = pq.read_table(clone.folder / "data/dataset/manifest.parquet").to_pylist()
    urls = {row["source"]: row["image_url"] for row in rows}
    assert urls["lane"].startswith("folder://lane/lane/")
    assert urls["gallery"].endswith(".jpg?size=9")
    card = (clone.folder / "models/facade/card.md").read_text()
    assert "| lane | folder, license CC0-1.0, path pictures |" in card
    assert "/gallery?…" in card
    assert "/street.zip?…" in card
