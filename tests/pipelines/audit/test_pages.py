"""The audit's pages: what they show, what they leave out, and how they behave in a real browser."""

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipelines.audit import search
from pipelines.audit.comparison import compare_versions
from pipelines.audit.pages import difference
from pipelines.audit.pages import provenance as pages
from pipelines.audit.provenance import manifest_summary, trace_image
from pipelines.versions.repository import Repository
from pipelines.versions.version import open_version

if TYPE_CHECKING:
    from tests.pipelines.audit.conftest import Town

pytestmark = pytest.mark.integration

HOSTILE = '<script>window.hacked=1</script>"><img src=x onerror="window.hacked=1">'
CHROMIUM = shutil.which("chromium")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")


def write(town: "Town", folder: Path) -> dict[str, Path]:
    """All pages of a repository's newest version."""
    repository = Repository(town.folder)
    old, new = open_version(repository, "v1.0.0"), open_version(repository, "HEAD")
    kept = next(building for building in town.sources["town"] if building.author == "Ann" and building.side > 200)
    asked = next(building for building in town.sources["town"] if building.author == "Bob" and building.side > 200)
    twice = town.sources["town"][5]
    made = {
        "diff": difference.page(compare_versions(old, new), old, new),
        "facade": pages.page(trace_image(repository, new, kept.sha256), new),
        "cluster": pages.page(trace_image(repository, new, twice.sha256), new),
        "excluded": pages.page(trace_image(repository, new, asked.sha256), new),
        "works": pages.author_page("Dora", manifest_summary(new, search.by_author(new, "Dora")).to_pylist(), new),
    }
    for name, text in made.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in made}


def test_pages_show_the_contents_of_the_tables(story: "Town", tmp_path: Path) -> None:
    written = {name: path.read_text() for name, path in write(story, tmp_path).items()}
    assert "by curator, 2026-11-20: asked by mail (author Bob)" in written["diff"]
    assert "min_side 96 → 120" in written["diff"]
    assert "the original, " in written["facade"]
    assert "the crop that models are trained on" in written["facade"]
    assert "Its cluster of 2" in written["cluster"]
    assert written["works"].count('role="img"') == 8


def test_pictures_of_excluded_images_are_not_shown(story: "Town", tmp_path: Path) -> None:
    written = {name: path.read_text() for name, path in write(story, tmp_path).items()}
    assert "data:image" not in written["excluded"]
    assert "its owner asked for its exclusion" in written["excluded"]
    group = re.search(r'<div class="group"[^>]*>\s*<h3>redecided: exclusion.*?</div>', written["diff"], re.DOTALL)
    assert group
    assert "pictures of what was excluded are not shown" in group[0]
    assert 'role="img"' not in group[0]


def test_equal_versions_give_equal_pages(story: "Town", tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    first, again = write(story, tmp_path), write(story, tmp_path / "again")
    assert [path.read_bytes() for path in first.values()] == [path.read_bytes() for path in again.values()]


def test_the_command_writes_a_page(story: "Town", tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    assert story.facades("dataset", "diff", "v1.0.0", "--html", str(out)) == (0, f"{out}\n")
    assert out.read_text().startswith("<!doctype html>")


def test_a_page_on_equal_versions(story: "Town") -> None:
    same = open_version(Repository(story.folder), "HEAD")
    assert "Nothing: both versions contain the same images" in difference.page(compare_versions(same, same), same, same)


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (Debian: apt install chromium)")
def test_pages_in_a_browser(town: "Town", tmp_path: Path) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    town.sources["museum"] = [replace(b, title=HOSTILE, author="Dora") for b in town.sources["museum"]]
    town.commit("hostile")
    written = write(town, tmp_path)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        for name, path in written.items():
            for width in (1280, 400):
                said: list[str] = []
                asked: list[str] = []
                page = browser.new_page(viewport={"width": width, "height": 900})
                page.on("console", lambda message, said=said: said.append(message.text))
                page.on("pageerror", lambda error, said=said: said.append(str(error)))
                page.on("request", lambda request, asked=asked: asked.append(request.url))
                page.goto(path.as_uri())
                assert said == [], name
                assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()], name
                assert page.evaluate("window.hacked") is None
                assert page.evaluate("[...document.images].every(image => image.naturalWidth > 0)"), name
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} at {width}"
                page.close()
        browser.close()
