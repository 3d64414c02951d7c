"""Galleries that other people's programs have made, crawled without a line of code."""

import hashlib
import re
from pathlib import Path

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.slow]


@pytest.fixture(scope="module")
def galleries(start_server):
    """A server with the galleries that sigal and lazygal, where it is installed, make of some photographs."""
    return start_server("gallery-up.sh", photographs=24)


@pytest.mark.parametrize("image", ["", "div.thumbnail > img"], ids=["guessing", "with a selector"])
def test_a_gallery_that_sigal_made(galleries, crawl, image):
    pages = galleries.root / "www" / "sigal"
    # Its theme lists no pictures of an album that has albums of its own.
    listed = {
        index.parent / name
        for index in pages.rglob("index.html")
        for name in re.findall(r'href="([^"/]+\.jpg)\.html"', index.read_text())
    }
    done = crawl({"kind": "site", "start": f"{galleries.url}/sigal/", "image": image, "allow_private": True})
    assert done.returncode == 0, done.errors
    assert listed
    assert found(done, galleries) == {file.relative_to(pages.parent): digest(file) for file in listed}
    assert set(done.fetches.outcome) == {"stored"}


@pytest.mark.parametrize(("image", "suffix"), [("", "_small.jpg"), (".original_link a", ".jpg")])
def test_a_gallery_that_lazygal_made(galleries, crawl, image, suffix):
    pages = galleries.root / "www" / "lazygal"
    if not pages.is_dir():
        pytest.skip("lazygal is not installed")
    originals = sorted((galleries.root / "src").rglob("*.jpg"))
    shown = [pages / file.relative_to(galleries.root / "src") for file in originals]
    # What is small enough is shown as it is.
    shown = [resized if (resized := file.with_name(file.stem + suffix)).exists() else file for file in shown]
    done = crawl({"kind": "site", "start": [f"{galleries.url}/lazygal/"], "image": image, "allow_private": True})
    assert done.returncode == 0, done.errors
    assert found(done, galleries) == {file.relative_to(pages.parent): digest(file) for file in shown}


def found(done, galleries):
    images = {image.image_url: image.sha256 for image in done.images.itertuples()}
    for image in done.images.itertuples():
        images |= {other["image_url"]: image.sha256 for other in image.others}
    return {Path(url.removeprefix(f"{galleries.url}/")): sha256 for url, sha256 in images.items()}


def digest(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()
