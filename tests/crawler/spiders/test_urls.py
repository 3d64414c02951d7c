"""Lists of image URLs: what they say, and what becomes of them."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crawler.spiders.urls.url_list import images
from tests.crawler.conftest import Crawls, Site

pytestmark = pytest.mark.integration

CSV = 'url,title,tags\nhttps://img.example.org/1.jpg,"One, or two",brick; stone\n\nhttps://img.example.org/2.jpg,,\n,none,\n'


def test_a_text_file_has_a_url_a_line() -> None:
    found = list(
        images(b"\xef\xbb\xbfhttps://img.example.org/1.jpg\r\n\n https://img.example.org/2.jpg ", "list.txt", {})
    )
    assert [image.image_url for image in found] == ["https://img.example.org/1.jpg", "https://img.example.org/2.jpg"]


@pytest.mark.parametrize(("name", "separator"), [("list.csv", ","), ("list.tsv", "\t")])
def test_a_table_has_a_url_a_row(name, separator):
    text = "\n".join((separator.join(("url", "title")), separator.join(("https://img.example.org/1.jpg", "One"))))
    (image,) = images(text.encode(), name, {})
    assert (image.image_url, image.title) == ("https://img.example.org/1.jpg", "One")


def test_what_a_row_lacks_is_empty_and_a_row_without_a_url_is_passed_over() -> None:
    one, two = images(CSV.encode(), "list.csv", {})
    assert (one.title, [tag.strip() for tag in one.tags]) == ("One, or two", ["brick", "stone"])
    assert (two.image_url, two.title, two.author) == ("https://img.example.org/2.jpg", "", "")


def test_parquet_keeps_lists_and_nulls() -> None:
    table = pa.table({"URL": ["https://img.example.org/1.jpg", None], "tags": [["a;b", "c"], []], "year": [1904, None]})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    (image,) = images(sink.getvalue().to_pybytes(), "anything", {"image_url": "URL", "title": "year"})
    assert (image.image_url, image.tags, image.title) == ("https://img.example.org/1.jpg", ("a;b", "c"), "1904")


def test_a_list_has_places_dates_and_types() -> None:
    head, row = "url,lat,longitude,taken,digital_source_type", "https://img.example.org/1.jpg,48.8,2.3,1905,print"
    (image,) = images(f"{head}\n{row}\n".encode(), "list.csv", {"latitude": "lat"})
    assert (image.latitude, image.longitude, image.taken) == ("48.8", "2.3", "1905")
    assert (image.digital_source_type, image.wikidata) == ("print", "")


@pytest.mark.parametrize(
    ("columns", "lacks"), [({"image_url": "src"}, "expected src"), ({"title": "caption"}, "expected caption")]
)
def test_a_column_that_is_not_there_is_named(columns, lacks):
    with pytest.raises(ValueError, match=f"list.csv: found the columns url, title, tags, {lacks}"):
        list(images(CSV.encode(), "list.csv", columns))


def test_a_list_of_ones_own_is_crawled_and_needed_no_more(site: Site, crawl: Crawls, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        site.pages[f"/{number}.jpg"] = site.jpeg(number)
    listed = tmp_path / "my list.csv"
    rows = (
        f"{site.url}/1.jpg,CC BY 4.0",
        f"{site.url}/2.jpg,",
        "no url,",
        f"{site.url}/gone.jpg,",
        f"{site.url}/3.jpg,",
    )
    listed.write_text("\n".join(("src,license", *rows)))
    entry = {
        "kind": "urls", "file": str(listed), "columns": {"image_url": "src"}, "license": "CC0", "author": "Jane",
        "limit": 4, "allow_private": True,
    }  # fmt: skip
    done = crawl(entry)
    assert done.returncode == 0, done.errors
    assert sorted(done.fetches[done.fetches.role == "image"].outcome) == ["bad_url", "http_error", "stored", "stored"]
    found = {image.image_url: (image.license, image.author) for image in done.images.itertuples()}
    assert found == {f"{site.url}/1.jpg": ("CC-BY-4.0", "Jane"), f"{site.url}/2.jpg": ("CC0-1.0", "Jane")}
    # Nothing of this machine goes into the archive, and extraction asks for the list no more.
    (page,) = done.fetches[done.fetches.role == "page"].url
    assert page == "list://own/my%20list.csv"
    assert str(tmp_path).encode() not in b"".join(
        file.read_bytes() for file in (done.folder / "archive").glob("*.warc")
    )


def test_an_image_that_is_listed_twice_has_the_stricter_licence(site: Site, crawl: Crawls, tmp_path: Path) -> None:
    site.pages = {"/1.jpg": site.jpeg(1), "/2.jpg": site.jpeg(2)}
    listed = tmp_path / "list.csv"
    rows = ("1.jpg,CC0", "1.jpg,CC BY-NC 4.0", "2.jpg,CC BY 4.0", "2.jpg,")
    listed.write_text("\n".join(("url,license", *(f"{site.url}/{row}" for row in rows))))
    done = crawl({"kind": "urls", "file": str(listed), "allow_private": True})
    assert done.returncode == 0, done.errors
    found = dict(zip(done.images.image_url, done.images.license, strict=True))
    assert found == {f"{site.url}/1.jpg": "CC-BY-NC-4.0", f"{site.url}/2.jpg": "CC-BY-4.0"}


def test_a_list_on_the_web(site: Site, crawl: Crawls) -> None:
    site.pages = {"/list.txt": site.answer(f"{site.url}/1.jpg\n".encode()), "/1.jpg": site.jpeg(1)}
    done = crawl({"kind": "urls", "file": f"{site.url}/list.txt", "allow_private": True})
    assert done.returncode == 0, done.errors
    assert list(done.images.image_url) == [f"{site.url}/1.jpg"]


@pytest.mark.parametrize("content", [None, "image\nhttps://img.example.org/1.jpg\n"], ids=["missing", "no url"])
def test_a_list_that_cannot_be_used_is_refused_in_a_line(crawl, tmp_path, content):
    listed = tmp_path / "list.csv"
    if content is not None:
        listed.write_text(content)
    done = crawl({"kind": "urls", "file": str(listed), "allow_private": True})
    assert done.returncode == 1
    assert done.errors.startswith("error: source test: file: ")
    assert str(listed) in done.errors
    assert len(done.errors.splitlines()) == 1
