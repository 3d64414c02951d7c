"""Galleries without code: what a page shows, where it leads, and how far a crawl goes."""

import pytest
from parsel import Selector
from pydantic import ValidationError
from scrapy.http import HtmlResponse

from crawler.spiders.site.gallery_page import Selectors, following, images, links
from crawler.spiders.site.linked_data import keywords, place_and_date
from crawler.spiders.site.spider import Site as SiteSpider
from crawler.spiders.site.spider import SiteParams
from tests.crawler.conftest import Crawls, Site

AUTO = Selectors()


def page(body, head=""):
    return Selector(f"<html><head>{head}</head><body>{body}</body></html>")


def urls(body, head="", thumbnails=False, **css):
    return [image.image_url for image in images(page(body, head), Selectors(**css), thumbnails)]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('<img src="a.jpg">', ["a.jpg"]),
        ('<img src="s.jpg" srcset="s.jpg 320w, l.jpg 1280w, m.jpg 640w">', ["l.jpg"]),
        ('<img src="s.jpg" srcset="s.jpg, l.jpg 2x">', ["l.jpg"]),
        ('<img srcset="/w_300,h_200/a.jpg 300w, /w_900,h_600/a.jpg 900w">', ["/w_900,h_600/a.jpg"]),
        ('<picture><source srcset="l.webp 1200w"><img src="s.jpg"></picture>', ["l.webp"]),
        ('<img src="data:image/gif;base64,R0lGOD" data-src="a.jpg">', ["a.jpg"]),
        ('<img src="spinner.gif" data-srcset="s.jpg 1x, l.jpg 2x">', ["l.jpg"]),
        ('<img src="t.jpg" data-original="o.jpg">', ["o.jpg"]),
        ('<img src="data:image/gif;base64,R0lGOD">', []),
        ("<img>", []),
        ('<img src="icon.png" width="32" height="32">', []),
        ('<img src="wide.jpg" width="100%" height="400">', ["wide.jpg"]),
        ('<header><img src="logo.png"></header><nav><img src="n.png"></nav><img src="a.jpg">', ["a.jpg"]),
        ('<a href="large/a.JPG?v=2"><img src="t/a.jpg"></a>', ["large/a.JPG?v=2"]),
        ('<a href="photo/1"><img src="t/a.jpg"></a>', []),
    ],
)
def test_finds_the_largest_of_each_picture(body, found):
    assert urls(body) == found


def test_a_thumbnail_is_a_picture_where_its_link_is_not_followed() -> None:
    assert urls('<a href="photo/1"><img src="t/a.jpg"></a>', thumbnails=True) == ["t/a.jpg"]


def test_the_picture_of_open_graph_is_used_only_if_there_is_no_other() -> None:
    head = '<meta property="og:image" content="og.jpg"><meta property="og:title" content="A mill">'
    assert urls("<p>A mill</p>", head) == ["og.jpg"]
    assert urls('<img src="a.jpg">', head) == ["a.jpg"]
    assert urls('<a href="photo/1"><img src="t/a.jpg"></a>', head) == []


def test_json_ld_goes_before_the_html_of_its_page() -> None:
    head = """<script type="application/ld+json">{"@graph": [{"@type": "WebPage", "name": "x"}, {"@type": "ImageObject",
      "contentUrl": "full.jpg", "name": "Town hall", "creator": [{"@type": "Person", "name": "Jane"}, {"name": "Joe"}],
      "license": "https://creativecommons.org/licenses/by/4.0/"}]}</script>"""
    (image,) = images(page('<img src="small.jpg">', head), AUTO)
    assert (image.image_url, image.title, image.author) == ("full.jpg", "Town hall", "Jane; Joe")
    assert image.license_url == "https://creativecommons.org/licenses/by/4.0/"
    assert urls('<img src="small.jpg">', head, image="img") == ["small.jpg"]


def test_html_supplies_what_json_ld_lacks() -> None:
    head = '<script type="application/ld+json">{"@type": "ImageObject", "contentUrl": "full.jpg"}</script>'
    (image,) = images(
        page('<h1>Town hall</h1><i class="author">Jane</i><a rel="license" href="/by">CC BY</a>', head), AUTO
    )
    assert (image.title, image.author, image.license, image.license_url) == ("Town hall", "Jane", "CC BY", "/by")


@pytest.mark.parametrize("script", ["{", "[]", "null", '"x"', '{"@type": "ImageObject"}'])
def test_json_ld_without_images_is_ignored(script):
    assert urls('<img src="a.jpg">', f'<script type="application/ld+json">{script}</script>') == ["a.jpg"]


def test_an_image_has_its_author_and_licence() -> None:
    body = """<h1>Old <b>town</b></h1><figure><img src="a.jpg" alt="IMG_1"><figcaption>The mill</figcaption></figure>
      <img src="b.jpg" alt="The bridge"><img src="c.jpg"><p class="author">Jane Doe</p>
      <a href="https://creativecommons.org/licenses/by-sa/4.0/">Some rights reserved</a>"""
    found = list(images(page(body), AUTO))
    assert [image.title for image in found] == ["The mill", "The bridge", "Old town"]
    assert {image.author for image in found} == {"Jane Doe"}
    assert {(image.license, image.license_url) for image in found} == {
        ("Some rights reserved", "https://creativecommons.org/licenses/by-sa/4.0/")
    }


def test_two_licences_on_a_page_are_none() -> None:
    body = '<img src="a.jpg">' + "".join(f'<a rel="license" href="/{name}">{name}</a>' for name in ("by", "cc0"))
    (image,) = images(page(body), AUTO)
    assert (image.license, image.license_url) == ("", "")


def test_selectors_override_the_defaults() -> None:
    body = """<img src="ad.jpg"><div class="p" data-big="big.jpg"><h2>One</h2><i>Jane</i><u>CC0</u></div>
      <a class="more" href="?p=2">»</a><b><a href="/album">Album</a></b>"""
    css = Selectors(
        image=".p::attr(data-big)", follow="b", next="a.more::attr(href)", title="h2", author="i::text", license="u"
    )
    (image,) = images(page(body), css)
    assert (image.image_url, image.title, image.author, image.license) == ("big.jpg", "One", "Jane", "CC0")
    assert links(page(body), css) == ["/album"]
    assert following(page(body), css) == ["?p=2"]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('<a rel="next" href="2">older</a>', ["2"]),
        ('<a href="2">next »</a>', ["2"]),
        ('<a href="2">»</a>', ["2"]),
        ('<a href="1">« previous</a>', []),
        ('<a href="2">Nextcloud</a><a href="3">Weiter</a>', ["3"]),
        ("<p>next</p>", []),
    ],
)
def test_finds_the_next_page(body, found):
    assert following(page(body), AUTO) == found


@pytest.mark.parametrize(
    ("params", "expected"), [({"image": "img["}, "a CSS selector"), ({"start": "example.org"}, "should match pattern")]
)
def test_what_is_no_selector_or_no_url_is_refused(params, expected):
    with pytest.raises(ValidationError, match=expected):
        SiteParams(**{"kind": "site", "start": "https://example.org/", **params})


def test_what_is_no_url_spoils_nothing_else() -> None:
    spider = SiteSpider(params=SiteParams(kind="site", start="https://example.org/"))
    body = b"""<a href="http://[1"><img src="/t"></a><img src="http://[2"><img src="/a.jpg">
      <a href="/p"><img src="/t"></a>
      <a href="mailto:a@example.org"><img src="/t"></a><a href="https://elsewhere.example.com/"><img src="/t"></a>"""
    found = list(spider.parse(HtmlResponse("https://example.org/", body=body), depth=1))
    thumbnail = "https://example.org/t"  # of links that are not followed: the picture itself counts
    assert [one.image_url for one in found[:5]] == [
        thumbnail,
        "http://[2",
        "https://example.org/a.jpg",
        *[thumbnail] * 2,
    ]
    assert [request.url for request in found[5:]] == ["https://example.org/p"]


@pytest.mark.integration
def test_a_crawl_follows_albums_and_pages_and_stays_on_its_hosts(site: Site, crawl: Crawls) -> None:
    thumbnail = '<a href="{0}"><img src="/t{0}.jpg" alt="{0}"></a>'
    site.pages = {
        "/": site.answer(
            b'<a href="/gone"><img src="/t.jpg"></a><a href="/album"><img src="/t.jpg"></a>'
            b'<a href="http://localhost:1/"><img src="/t.jpg"></a>'
        ),
        "/album": site.answer((thumbnail.format("/1") + '<a rel="next" href="/album?2">more</a>').encode()),
        "/album?2": site.answer(thumbnail.format("/2").encode(), headers={"Content-Type": "text/html"}),
        "/1": site.answer(b'<img src="/1.jpg"><a href="/3"><img src="/t.jpg"></a>'),
        "/2": site.answer(b'<img src="/2.jpg">'),
        "/3": site.answer(b'<img src="/3.jpg">'),
        **{f"/{number}.jpg": site.jpeg(number) for number in (1, 2, 3)},
    }
    for path in ("/", "/album", "/1", "/2", "/3"):
        site.pages[path].headers["Content-Type"] = "text/html; charset=utf-8"
    entry = {"kind": "site", "start": f"{site.url}/", "depth": 2, "allow_private": True}
    done = crawl(entry)
    assert done.returncode == 0, done.errors
    assert done.outcomes("image") == {"/1.jpg": "stored", "/2.jpg": "stored", "/t.jpg": "http_error"}
    assert done.outcomes("page") == {
        "/": "stored", "/gone": "http_error", "/album": "stored", "/1": "stored", "/album?2": "stored", "/2": "stored",
    }  # fmt: skip
    assert sorted(done.images.image_url) == [f"{site.url}/{number}.jpg" for number in (1, 2)]


@pytest.mark.parametrize(
    ("node", "found"),
    [
        (
            {"contentLocation": {"geo": {"latitude": 48.8, "longitude": "2.3"}}},
            {"latitude": "48.8", "longitude": "2.3"},
        ),
        (
            {"contentLocation": [{"name": "Paris"}], "locationCreated": {"latitude": 1, "longitude": 2}},
            {"latitude": "1", "longitude": "2"},
        ),
        ({"contentLocation": "Paris"}, {}),
        ({"contentLocation": {"geo": {"latitude": 48.8}}}, {}),
        ({"dateCreated": "1905-05"}, {"taken": "1905-05"}),
        ({"dateCreated": {"@value": "1905"}}, {"taken": "1905"}),
        ({"about": [{"sameAs": ["https://a.invalid", "https://www.wikidata.org/wiki/Q243"]}]}, {"wikidata": "Q243"}),
        (
            {"digitalSourceType": {"@id": "https://schema.org/AlgorithmicMediaDigitalSource"}},
            {"digital_source_type": "https://schema.org/AlgorithmicMediaDigitalSource"},
        ),
    ],
)
def test_json_ld_states_place_date_subject_and_type(node, found):
    assert {name: text for name, text in place_and_date(node).items() if text} == found


def test_keywords_are_tags() -> None:
    assert keywords({"keywords": "brick, stone"}) == ("brick", "stone")
    assert keywords({"keywords": ["brick", {"@type": "DefinedTerm", "name": "stone"}, None]}) == ("brick", "stone", "")
    assert keywords({}) == ()


def test_a_link_to_an_rsl_licence_is_no_licence_of_the_pictures() -> None:
    rsl = '<link rel="license" type="application/rsl+xml" href="https://creativecommons.org/licenses/by/4.0/">'
    [alone] = images(page('<figure><img src="/a.jpg"></figure>', rsl), Selectors())
    assert (alone.license, alone.license_url) == ("", "")
    deed = '<link rel="license" href="https://creativecommons.org/licenses/by-sa/4.0/">'
    [beside] = images(page('<figure><img src="/a.jpg"></figure>', rsl + deed), Selectors())
    assert beside.license_url == "https://creativecommons.org/licenses/by-sa/4.0/"
