"""The rights in the pictures of a page: beside a picture before the page, and only what is said of pictures."""

import json
import time

import pytest
from parsel import Selector

from crawler.rights.licenses import normalise
from crawler.spiders.site.gallery_page import Selectors, images
from crawler.spiders.site.page_rights import of_linked_data

BY, BY_NC = "https://creativecommons.org/licenses/by/4.0/", "https://creativecommons.org/licenses/by-nc/4.0/"
LINK = f'<a rel="license" href="{BY}">CC BY 4.0</a>'


def licences(body, head="", **css):
    page = Selector(f"<html><head>{head}</head><body>{body}</body></html>")
    return [normalise(image.license, image.license_url) for image in images(page, Selectors(**css))]


def figure(name, caption):
    return f'<figure><img src="{name}.jpg"><figcaption>{caption}</figcaption></figure>'


def linked(**fields):
    node = {"@type": "ImageObject", "contentUrl": "/a.jpg"} | fields
    return f'<script type="application/ld+json">{json.dumps(node)}</script>'


@pytest.mark.parametrize(
    ("caption", "license_id"),
    [
        (f"The mill, {LINK}", "CC-BY-4.0"),
        (f"The mill. Photograph: Ada Example, {LINK}", "CC-BY-4.0"),
        (f'The mill <a href="{BY}">CC BY</a>', "CC-BY-4.0"),
        (f'The mill <a href="{BY}"><img src="badge.png" alt="CC BY"></a>', "CC-BY-4.0"),
        ("The mill, CC BY-NC 4.0", "unknown"),  # beside words that are not understood, a name alone is not enough
        ("CC BY-NC 4.0", "CC-BY-NC-4.0"),
        (f"{LINK}; text only", "unknown"),
        (f"© Ada, {LINK}", "unknown"),
        (f"{LINK} or {LINK.replace(BY, BY_NC)}", "CC-BY-NC-4.0"),
        (f"{LINK} non-commercial", "CC-BY-NC-4.0"),
        (f"{LINK} and CC BY-NC 4.0", "CC-BY-NC-4.0"),
        (f'{LINK} <img src="https://i.creativecommons.org/l/by-nc/4.0/88x31.png">', "CC-BY-NC-4.0"),
        (f'<a href="{BY}"><img src="badge.png" alt="CC BY-NC"></a>', "unknown"),
        (f"<table><tr><td>Text</td><td>{LINK}</td></tr></table>", "unknown"),
        ("© Ada Example", "unknown"),
        ("© Ada Example, all rights reserved", "InC-1.0"),
        ("Copyright Ada", "unknown"),
        ("The mill is not open on Sundays", "CC0-1.0"),  # no mention of rights: the licence of the page counts
        ("The <!-- old --> mill in the Commercial Road", "CC0-1.0"),
        ("", "CC0-1.0"),
    ],
)
def test_what_is_beside_a_picture_counts_before_the_page(caption, license_id):
    page = '<p>Photos: <a rel="license" href="https://creativecommons.org/publicdomain/zero/1.0/">CC0</a></p>'
    assert licences(figure("a", caption) + page)[0] == license_id


def test_each_picture_has_its_own_licence() -> None:
    body = (
        figure("a", LINK)
        + figure("b", "© B, all rights reserved")
        + figure("c", LINK.replace(BY, BY_NC))
        + figure("d", "D")
    )
    assert licences(body) == ["CC-BY-4.0", "InC-1.0", "CC-BY-NC-4.0", "unknown"]
    body = f'<ul><li><img src="a.jpg"><p>{LINK}</p></li><li><div><img src="b.jpg"></div><small>© B</small></li></ul>'
    assert licences(body) == ["CC-BY-4.0", "unknown"]


def test_the_licence_of_one_figure_is_none_of_the_page() -> None:
    assert licences(figure("a", LINK) + '<img src="b.jpg"><img src="c.jpg">') == ["CC-BY-4.0", "unknown", "unknown"]


@pytest.mark.parametrize(
    ("page", "license_id"),
    [
        (f"<p>All photos: {LINK}</p>", "CC-BY-4.0"),
        (f"<p>Photos by Ada Example, {LINK}</p>", "CC-BY-4.0"),
        (f'<p>Photos: <a href="{BY}">CC BY 4.0</a></p>', "CC-BY-4.0"),
        (f'<a href="{BY.replace("https", "http")}">one</a><a href="{BY}">the same</a>', "CC-BY-4.0"),
        (f"<footer>Texts are {LINK}.</footer>", "unknown"),
        (f"<footer>The text of this site is {LINK}. Photos © their authors.</footer>", "unknown"),
        (f"<footer>Except where noted, {LINK}</footer>", "unknown"),
        (f"<p>Texte: {LINK}</p>", "unknown"),
        (f"<p>Metadata {LINK}</p>", "unknown"),
        (f"<p>{LINK}, not for commercial use</p>", "unknown"),
        (f"<p><s>{LINK}</s></p>", "unknown"),
        (f'<p>Photos: <a href="{BY}">CC BY-NC 4.0</a></p>', "CC-BY-NC-4.0"),
        (f'<p>Read about <a href="{BY}">CC BY</a> elsewhere.</p>', "unknown"),
        (f"<p>{LINK}</p><p>All photos © Ada</p>", "unknown"),
        (f"<p>{LINK}</p><footer>© 2026 Ada. All rights reserved.</footer>", "unknown"),
        (f"<p>{LINK}</p><footer>© 2026 Ada</footer>", "CC-BY-4.0"),
        (f"<p>{LINK}</p><p>Photos: CC BY-NC 4.0</p>", "unknown"),
        (f"<p>{LINK} {LINK.replace(BY, BY_NC)}</p>", "unknown"),
        ("<p>All photos in this gallery: CC BY 4.0</p>", "CC-BY-4.0"),
        ("<p>The photos of the north side: CC BY 4.0</p>", "unknown"),
        (f'<p>Photos: <a rel="license" href="{BY}"><img src="badge.png"></a></p>', "CC-BY-4.0"),
        ("<p>All photos: CC BY 4.0</p>", "CC-BY-4.0"),
        ("<footer>All rights reserved</footer>", "InC-1.0"),
        ("<p>A town with photos</p>", "unknown"),
    ],
)
def test_a_page_licenses_pictures_only_if_it_says_so(page, license_id):
    assert licences(f'<img src="a.jpg"><img src="b.jpg">{page}') == [license_id] * 2


@pytest.mark.parametrize("name", ["dc.rights", "DCTERMS.license", "dcterms.rights"])
def test_the_dublin_core_of_a_page_is_read(name):
    assert licences('<img src="a.jpg">', f'<meta name="{name}" content="{BY_NC}">') == ["CC-BY-NC-4.0"]
    assert licences(f'<img src="a.jpg"><p>{LINK}</p>', f'<meta name="{name}" content="{BY_NC}">') == ["unknown"]


def test_microdata_is_beside_its_picture() -> None:
    scope = """<div itemscope itemtype="https://schema.org/ImageObject"><img src="{}.jpg">
      <meta itemprop="license" content="{}"></div>"""
    assert licences(scope.format("a", BY) + scope.format("b", BY_NC)) == ["CC-BY-4.0", "CC-BY-NC-4.0"]


@pytest.mark.parametrize(
    ("fields", "body", "license_id"),
    [
        ({"license": BY}, "", "CC-BY-4.0"),
        ({"license": {"@id": BY}}, "", "CC-BY-4.0"),
        ({"license": [BY, {"url": BY_NC}]}, "", "CC-BY-NC-4.0"),
        ({"license": "CC BY 4.0"}, "", "CC-BY-4.0"),
        ({"license": BY, "copyrightNotice": "Ada Example"}, "", "CC-BY-4.0"),
        ({"license": BY, "copyrightNotice": "© Ada, all rights reserved"}, "", "InC-1.0"),
        ({"copyrightNotice": "© Ada"}, f"<p>{LINK}</p>", "unknown"),
        ({"license": BY}, figure("a", "© Ada, all rights reserved"), "InC-1.0"),
        ({"license": BY}, figure("b", "© Ada, all rights reserved"), "CC-BY-4.0"),
        ({}, f"<p>{LINK}</p>", "CC-BY-4.0"),
        ({"license": None}, "", "unknown"),
        ({"license": 3, "copyrightNotice": [None, {"@value": "All rights reserved"}]}, "", "InC-1.0"),
    ],
)
def test_the_json_ld_of_a_picture_counts_before_the_page(fields, body, license_id):
    assert licences(body, linked(**fields)) == [license_id]


def test_linked_data_without_rights_states_nothing() -> None:
    assert of_linked_data({"@type": "ImageObject", "license": [], "copyrightNotice": ""}) == ("", "")


def test_a_selector_says_where_the_licence_is() -> None:
    body = f'<img src="a.jpg"><p class="rights">{LINK}</p><footer>© 2026 Ada. All rights reserved.</footer>'
    assert licences(body) == ["unknown"]
    assert licences(body, license=".rights a") == ["CC-BY-4.0"]
    assert licences(body, license=".rights a::attr(href)") == ["CC-BY-4.0"]
    assert licences(body, license="footer") == ["InC-1.0"]
    assert licences(body, license=".gone") == ["unknown"]


def test_a_selector_counts_beside_each_picture_first() -> None:
    body = figure("a", '<i class="by">CC BY 4.0</i>') + figure("b", '<i class="by">CC0</i>') + figure("c", "© C")
    assert licences(body, license=".by") == ["CC-BY-4.0", "CC0-1.0", "unknown"]


def test_a_picture_inside_of_a_thousand_elements_is_described_in_linear_time() -> None:
    """An HTML parser nests `<source>` elements, so that each is around the picture."""
    body = "<picture>" + "<source srcset=a.jpg>" * 1_900 + '<img src="b.jpg"></picture>'
    started = time.process_time()
    assert licences(f"<div>{body}<p>{LINK}</p></div>") == ["CC-BY-4.0"]
    assert time.process_time() - started < 2
