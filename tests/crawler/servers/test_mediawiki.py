"""A MediaWiki with a tree of categories, one that is in two others, and a loop, as Commons has them."""

import hashlib
import os
import re
import subprocess
import time
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from crawler.archive.reader import ArchiveReader

pytestmark = [pytest.mark.integration, pytest.mark.slow]

MAINTENANCE = Path("/usr/share/mediawiki/maintenance")
LICENSES = {
    "{{Cc-by-sa-4.0}}": "CC-BY-SA-4.0",
    "{{Cc-by-3.0}}": "CC-BY-3.0",
    "{{Cc-zero}}": "CC0-1.0",
    "{{PD-old}}": "PDM-1.0",
    "": "unknown",
}
TREE = {
    "Facades": {"Church facades", "Facades by country", "Loop A"},
    "Facades by country": {"Facades in France", "Facades in Germany"},
    "Facades in Germany": {"Church facades", "Facades in Berlin"},
    "Loop A": {"Loop B"},
    "Loop B": {"Loop A"},
}


@pytest.fixture(scope="module")
def wiki(start_server):
    server = start_server("mediawiki-up.sh", photographs=30)
    environment = {**os.environ, "MW_CONFIG_FILE": str(server.root / "LocalSettings.php")}

    def maintain(script, *arguments, text=""):
        command = ["php", MAINTENANCE / f"{script}.php", *arguments]
        subprocess.run(command, input=text, text=True, env=environment, check=True, capture_output=True)

    # The import of text files takes the ".0" for a file's extension, and drops it from these names.
    for template in ("Template:Cc-by-sa-4.0", "Template:Cc-by-3.0"):
        maintain("edit", "--user", "Admin", template, text=(server.root / "pages" / template).read_text())
    maintain(
        "edit", "--user", "Admin", "Town", text="[[File:101 frontal.jpg]] [[File:Gone.jpg]] [[File:104 frontal.jpg]]"
    )
    maintain("runJobs")
    return server


@pytest.fixture
def files(wiki):
    """Title of each file to (category, licence, author)."""
    expected = {}
    for photograph in wiki.photographs:
        text = (wiki.root / "stage" / photograph.name).with_suffix(".txt").read_text()
        category = match_in(text, r"\[\[Category:(.*)\]\]")[1]
        license = match_in(text, r"license-header}} ==\n(.*)\n")[1]
        expected[photograph.stem.replace("_", " ")] = category, LICENSES[license], match_in(text, r"Photographer \d")[0]
    return expected


def match_in(text: str, pattern: str) -> re.Match[str]:
    found = re.search(pattern, text)
    assert found is not None, pattern
    return found


def entry(wiki, **more):
    return {"kind": "commons", "api": f"{wiki.url}/api.php", "allow_private": True, **more}


def within(depth):
    reached, level = {"Facades"}, {"Facades"}
    for _ in range(depth):
        level = {child for parent in level for child in TREE.get(parent, ())} - reached
        reached |= level
    return reached


@pytest.mark.parametrize("depth", [1, 9])
def test_a_category_with_its_subcategories(wiki, files, crawl, depth):
    done = crawl(entry(wiki, category="Facades", depth=depth))
    assert done.returncode == 0, done.errors
    expected = {title for title, (category, *_) in files.items() if category in within(depth)}
    assert set(done.images.title) <= expected  # two photographs may be the same
    assert len(done.fetches[done.fetches.role == "image"]) == len(expected)
    for image in done.images.itertuples():
        category, license, author = files[image.title]
        assert (image.license, image.author) == (license, author)
        assert category in image.tags
        name = f"{image.title.replace(' ', '_')}.jpg"
        (original,) = (photograph for photograph in wiki.photographs if photograph.name == name)
        assert f"sha1:{hashlib.sha1(original.read_bytes()).hexdigest()}" in image.tags
        assert image.page_url == f"{wiki.url}/wiki/File:{name}"


def test_pictures_have_the_width_of_the_entry(wiki, crawl):
    done = crawl(entry(wiki, category="Category:Facades", width=250))
    archive = ArchiveReader(done.folder / "archive")
    widths = [Image.open(BytesIO(archive.get(sha256))).width for sha256 in done.images.sha256]
    assert set(widths) == {250}
    assert all("/thumb/" in url for url in done.images.image_url)


def test_a_batch_that_takes_several_answers(wiki, crawl):
    whole = crawl(entry(wiki, category="Facades", depth=9), folder="whole")
    settings = wiki.root / "LocalSettings.php"
    before = settings.read_text()
    try:
        settings.write_text(f"{before}\n$wgAPIMaxResultSize = 2500;\n")
        time.sleep(3)  # PHP looks at its files again after two seconds
        parts = crawl(entry(wiki, category="Facades", depth=9), folder="parts")
    finally:
        settings.write_text(before)
        time.sleep(3)
    queries = [parse_qs(urlsplit(url).query) for url in parts.fetches[parts.fetches.role == "page"].url]
    assert any("iicontinue" in query for query in queries)
    assert (parts.folder / "images.parquet").read_bytes() == (whole.folder / "images.parquet").read_bytes()


def test_a_limit_cuts_at_the_same_place_each_time(wiki, crawl):
    limit = 7
    first, second = (
        crawl(entry(wiki, category="Facades", depth=9, limit=limit), folder=f) for f in ("first", "second")
    )
    assert len(first.fetches[first.fetches.role == "image"]) == limit
    assert (first.folder / "images.parquet").read_bytes() == (second.folder / "images.parquet").read_bytes()


def test_a_search_and_a_page(wiki, crawl):
    found = crawl(entry(wiki, search="frontal", limit=5), folder="search")
    assert len(found.fetches[found.fetches.role == "image"]) == 5
    shown = crawl(entry(wiki, page="Town"), folder="page")
    assert sorted(shown.images.title) == ["101 frontal", "104 frontal"]


def test_a_wiki_that_lags_is_waited_for(wiki, crawl):
    lag, log = wiki.root / "lag", wiki.root / "server.log"
    size = log.stat().st_size
    lag.write_text("12")
    try:
        crawling = crawl.start(entry(wiki, category="Facades"))
        until = time.monotonic() + 60
        while log.read_text()[size:].count("Closing") < 2 and time.monotonic() < until:  # robots.txt, the API
            time.sleep(0.1)
    finally:
        lag.unlink()
    done = crawl.finish(crawling)
    assert done.returncode == 0, done.errors
    (page,) = done.fetches[done.fetches.role == "page"].itertuples()
    assert (page.outcome, page.attempts) == ("stored", 2)
    assert (page.last_at - page.first_at).total_seconds() >= 5  # its Retry-After
    assert len(done.images) > 0


def test_a_wiki_gets_one_request_at_a_time_and_its_robots_txt_is_obeyed(wiki, crawl):
    (wiki.root / "robots.txt").write_text("User-agent: *\nDisallow: /api.php\n")
    try:
        done = crawl(entry(wiki, category="Facades"))
    finally:
        (wiki.root / "robots.txt").unlink()
    assert done.returncode == 1
    assert "robots.txt" in done.errors
