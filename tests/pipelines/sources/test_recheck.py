"""`facades source recheck` with the real DVC, a dataset of drawn facades, and the web server that they came from."""

import csv
import io
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from crawler.spiders.demo.town.items import Town
from tests.crawler.conftest import Answer, Site
from tests.crawler.recheck.conftest import asked, forget
from tests.e2e.clones import Clone, fresh

PICTURES = 24
ON_PAGES, LISTED, OWN = range(16), range(16, 20), range(20, 24)
BY, BY_NC = (f"https://creativecommons.org/licenses/{name}/4.0/" for name in ("by", "by-nc"))

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def page(numbers: range, license: str) -> Answer:
    pictures = "".join(f'<img src="/i/{number}.jpg" alt="House {number}">' for number in numbers)
    text = f'<h1>Houses</h1><a rel="license" href="{license}">licence</a><p class="author">Ada</p>{pictures}'
    return Answer(text.encode(), headers={"Content-Type": "text/html; charset=utf-8", "ETag": f'"{license}"'})


@pytest.fixture(scope="module")
def pictures() -> list[bytes]:
    town = Town(7, PICTURES)
    return [town.picture(item) for item in town.items[:PICTURES]]


def show(site: Site, pictures: list[bytes]) -> None:
    """Serve two pages of eight pictures, and four that no page shows."""
    site.pages = {"/a": page(range(8), BY), "/b": page(range(8, 16), BY)}
    for number in (*ON_PAGES, *LISTED):
        site.pages[f"/i/{number}.jpg"] = Answer(
            pictures[number], headers={"Content-Type": "image/jpeg", "ETag": f'"{number}"'}
        )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, pictures: list[bytes]) -> Iterator[tuple[Clone, Site]]:
    """A clone with the dataset of three sources: a gallery, a list of URLs, and a folder."""
    site = Site()
    site.start()
    show(site, pictures)
    clone = fresh(tmp_path_factory.mktemp("recheck"))
    (clone.folder / "list.csv").write_text("url\n" + "".join(f"{site.url}/i/{number}.jpg\n" for number in LISTED))
    (clone.folder / "own").mkdir()
    for number in OWN:
        (clone.folder / "own" / f"{number}.jpg").write_bytes(pictures[number])

    def change(params: Any) -> None:
        params["sources"] = {
            "gallery": {"kind": "site", "start": [f"{site.url}/a", f"{site.url}/b"], "depth": 0, "allow_private": True},
            "listed": {"kind": "urls", "file": "list.csv", "license": "CC0-1.0", "allow_private": True},
            "mine": {"kind": "folder", "path": "own", "license": "CC0-1.0"},
        }
        params["crawl"]["limits"] = {"delay": 0, "retries": 0}

    clone.params(change)
    clone.repro("curate")
    yield clone, site
    site.stop()


@pytest.fixture
def clone(made: tuple[Clone, Site], pictures: list[bytes]) -> Clone:
    found, site = made
    show(site, pictures)
    forget(site)
    return found


@pytest.fixture
def site(made: tuple[Clone, Site]) -> Site:
    return made[1]


def kept(clone: Clone) -> dict[str, str]:
    """Path of each kept image to its sha256."""
    manifest = pq.read_table(clone.folder / "data/dataset/manifest.parquet").to_pylist()
    return {row["image_url"].partition("/i/")[2]: row["sha256"] for row in manifest if row["decision"] == "kept"}


def state(folder: Path) -> dict[str, bytes]:
    """Everything but the archive of rechecks."""
    files = (path for name in (".", "data") for path in (folder / name).rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in files if not {".git", ".dvc", ".state", "tests"} & set(path.parts)}


def test_a_recheck_changes_no_file_and_says_what_it_did_not_ask(clone: Clone, site: Site) -> None:
    before, status = state(clone.folder), clone.run("dvc", "status").stdout
    done = clone.run("facades", "source", "recheck", "-q")
    assert "unchanged" in done.stdout
    assert "nothing is proposed for exclusions.csv" in done.stdout
    assert "note: mine: 4 images are your own files, so nobody was asked" in done.stdout
    assert "note: listed: 4 images have their licence from your own list" in " ".join(done.stdout.split())
    assert state(clone.folder) == before
    assert clone.run("dvc", "status").stdout == status
    on_the_web = [name for name in kept(clone) if name]
    assert sorted(asked(site)) == sorted(
        [("GET", "/a"), ("GET", "/b"), *(("HEAD", f"/i/{name}") for name in on_the_web)]
    )
    assert site.bodies == 0


def test_the_proposed_lines_exclude_what_may_no_longer_be_used(clone: Clone, site: Site, tmp_path: Path) -> None:
    images = kept(clone)
    site.pages["/b"] = page(range(8, 16), BY_NC)
    gone, moved = (next(name for name in images if name == f"{number}.jpg") for number in (0, 1))
    site.pages[f"/i/{gone}"] = Answer(status=410)
    site.pages["/i/elsewhere.jpg"] = site.pages[f"/i/{moved}"]
    site.pages[f"/i/{moved}"] = Answer(status=301, headers={"Location": "/i/elsewhere.jpg"})
    file = tmp_path / "found.csv"
    done = clone.run("facades", "source", "recheck", "gallery", "--json", "--write", str(file), "-q", check=False)
    assert done.returncode == 1
    found = json.loads(done.stdout[done.stdout.index("{") :])
    states = {image["image_url"].partition("/i/")[2]: image["state"] for image in found["images"]}
    relicensed = {f"{number}.jpg" for number in range(8, 16)} & images.keys()
    assert (states[gone], states[moved]) == ("gone", "moved")
    assert {name for name, one in states.items() if one == "license_changed"} == relicensed
    rows = list(csv.reader(io.StringIO(file.read_text())))
    assert {row[1] for row in rows} == {images[name] for name in (gone, *relicensed)}
    assert {(row[0], row[3], row[5]) for row in rows} == {("image", "Test", "true")}
    before = clone.folder.joinpath("exclusions.csv").read_bytes()
    subprocess.run(f"cat '{file}' >> exclusions.csv", shell=True, cwd=clone.folder, check=True)
    clone.repro("curate")
    assert set(kept(clone)) == images.keys() - {gone, *relicensed}
    clone.folder.joinpath("exclusions.csv").write_bytes(before)
    clone.repro("curate")


def test_a_killed_recheck_of_several_sources_resumes(clone: Clone, site: Site) -> None:
    for number in ON_PAGES:
        answer = site.pages[f"/i/{number}.jpg"]
        assert isinstance(answer, Answer)
        site.pages[f"/i/{number}.jpg"] = Answer(answer.body, headers=answer.headers, wait=0.3)
    process = subprocess.Popen(["facades", "source", "recheck", "-q"], cwd=clone.folder, env=clone.env)
    while process.poll() is None and len(site.sent) < 8:
        time.sleep(0.02)
    process.kill()
    process.wait()
    time.sleep(1)
    answered = len(site.sent)
    time.sleep(1)
    assert len(site.sent) == answered, "no process goes on"
    clone.run("facades", "source", "recheck", "-q")
    requests = asked(site)
    assert len(requests) - len(set(requests)) <= 4, "a kill costs what was in flight"


def test_a_source_that_cannot_be_asked_is_no_source_that_is_fine(clone: Clone) -> None:
    clone.params(lambda params: params["sources"].pop("listed"))
    try:
        done = clone.run("facades", "source", "recheck", "-q", check=False)
    finally:
        clone.params(
            lambda params: params["sources"].update(
                listed={"kind": "urls", "file": "list.csv", "license": "CC0-1.0", "allow_private": True}
            )
        )
    assert done.returncode == 1
    assert "unreachable" in done.stdout
    assert "listed: found images of it in the dataset, but no such source in params.yaml" in " ".join(
        done.stdout.split()
    )
