"""A finished archive opens in pywb, a WARC player that we did not write: pages and images come out to the byte.

pywb's own dependencies do not go with ours, so it gets an environment of its own, made once (FACADES_PYWB says where).
"""

import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

VENV = Path(os.environ.get("FACADES_PYWB", Path.home() / ".cache" / "facades-tests" / "pywb"))
PORT = 30_000 + os.getpid() % 10_000

pytestmark = [pytest.mark.integration, pytest.mark.slow]


@pytest.fixture(scope="module")
def pywb() -> Path:
    """The folder of pywb's commands."""
    if not (VENV / "bin" / "wayback").exists():
        shutil.rmtree(VENV, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        made = subprocess.run(
            [VENV / "bin" / "pip", "install", "--quiet", "pywb==2.10.0", "setuptools<81"],
            capture_output=True,
            text=True,
        )
        if made.returncode:
            shutil.rmtree(VENV)
            pytest.skip(f"pywb cannot be installed: {made.stderr.splitlines()[-1]}")
    return VENV / "bin"


class Player:
    """pywb, serving one archive."""

    def __init__(self, pywb: Path, archive: Path, folder: Path) -> None:
        folder.mkdir()
        env = {**os.environ, "PATH": f"{pywb}{os.pathsep}{os.environ['PATH']}"}
        for words in (["init", "it"], ["add", "it", *sorted(archive.glob("*.warc"))]):
            subprocess.run([pywb / "wb-manager", *words], cwd=folder, env=env, check=True, capture_output=True)
        self._process = subprocess.Popen(
            [pywb / "wayback", "-p", str(PORT), "-b", "127.0.0.1"],
            cwd=folder,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{PORT}/", timeout=5).read()
                return
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("pywb does not answer")

    def get(self, url: str, date: str) -> bytes:
        """What it plays for `url` as of `date`, as it was: `id_` rewrites nothing."""
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/it/{date}id_/{url}", timeout=60) as answer:
            body: bytes = answer.read()
            return body

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def answered_at(archive: Path, url: str) -> str:
    """The date of the answer, in the digits that players take."""
    with (archive / "00000.warc").open("rb") as stream:
        for record in ArchiveIterator(stream):
            if record.rec_type == "response" and record.rec_headers["WARC-Target-URI"] == url:
                return re.sub(r"\D", "", record.rec_headers["WARC-Date"])[:14]
    raise AssertionError(url)


def test_a_page_and_an_image_come_out_to_the_byte(site, crawl, pywb, tmp_path):
    page = site.html("/a.jpg", "/b.jpg")
    site.pages["/"] = site.answer(page.body, headers={**page.headers, "ETag": '"1"'})
    for number, path in enumerate(("/a.jpg", "/b.jpg")):
        answer = site.jpeg(number)
        site.pages[path] = site.answer(answer.body, headers={**answer.headers, "ETag": f'"{number}"'})
    first = crawl(site.entry(), folder="first")
    second = crawl(site.entry(snapshot="2"), folder="second", PREVIOUS=str(first.folder / "archive"))
    assert set(second.outcomes().values()) == {"unchanged"}
    site.stop()
    # The second holds the answers of the first, with their dates; at its own date pywb plays what was said then, a 304.
    for done in (first, second):
        player = Player(pywb, done.folder / "archive", tmp_path / f"player-{done.folder.name}")
        try:
            for path in ("/", "/a.jpg", "/b.jpg"):
                date = answered_at(first.folder / "archive", site.url + path)
                assert player.get(site.url + path, date) == site.pages[path].body
        finally:
            player.close()
