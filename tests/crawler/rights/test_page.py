"""What is found in the markup of a page."""

import pytest

from crawler.rights.page import Elements, elements, may_reserve

LICENCE = '<rsl xmlns="https://rslstandard.org/rsl"></rsl>'


@pytest.mark.parametrize(
    "markup",
    [
        '<meta name="robots" content="noai">',
        "<META CONTENT=noai NAME=Robots>",
        '<meta name="facades" content="noai">',
        '<meta name=" ROBOTS " content="noai"/>',
        '<meta http-equiv="X-Robots-Tag" content="noai">',
        '<meta property="robots" content="noai">',
        '</head><body><p>text</div><meta name="robots" content="noai">',
        '<meta name="robots" content="no&#97;i">',
        '<noscript><meta name="robots" content="noai"></noscript>',
    ],
)
def test_robots_rules_are_found(markup):
    assert elements(f"<!doctype html><html><head>{markup}".encode()).robots == ["noai"]


@pytest.mark.parametrize(
    "markup",
    [
        '<!-- <meta name="robots" content="noai"> -->',
        '<script>document.write(\'<meta name="robots" content="noai">\')</script>',
        '<textarea><meta name="robots" content="noai"></textarea>',
        '<meta name="bingbot" content="noai">',
        '<meta name="description" content="robots noai">',
        '&lt;meta name="robots" content="noai"&gt;',
        "<meta>",
    ],
)
def test_what_is_no_rule_for_this_crawler_is_not_found(markup):
    assert elements(f"<html><head>{markup}</head></html>".encode()) == Elements()


def test_reservations_policies_and_licences_are_found():
    page = f"""<html><meta name="TDM-Reservation" content="1"><meta name="tdm-policy" content=" /p.json ">
        <link rel="license" type="application/rsl+xml" href=" /l.xml "><link rel="license" href="/cc">
        <a href="/m.xml" type="Application/RSL+XML; charset=utf-8">terms</a>
        <script type="application/rsl+xml">{LICENCE}</script><script>{LICENCE}</script>"""
    assert elements(page.encode()) == Elements([], ["1"], ["/p.json"], ["/l.xml", "/m.xml"], [LICENCE])


def test_a_script_that_does_not_end_is_read_to_the_end():
    assert elements(f'<script type="application/rsl+xml">{LICENCE}'.encode()).licences == [LICENCE]


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("utf-16", ""), ("utf-16-le", "utf-16-le"), ("utf-16-be", ""), ("utf-8-sig", ""), ("utf-8", "no-such")],
)
def test_a_page_of_any_encoding_is_read(encoding, declared):
    page = '<html><title>Häuser</title><meta name="robots" content="noai">'
    assert elements(page.encode(encoding), declared).robots == ["noai"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"html": "<meta name=robots content=noai>"}',
        b' [ "<meta name=robots content=noai>" ]',
        b"\xff\xd8\xff\xe0",
        b"\0",
    ],
)
def test_what_is_not_html_has_no_elements(body):
    assert elements(body) == Elements()


def test_deep_and_damaged_markup_hides_nothing():
    assert elements(b"<div>" * 50_000 + b'<p <x\0 y="><b"></i><meta name="robots" content="noai">').robots == ["noai"]


@pytest.mark.parametrize("content", ["noai", "no-image_ai", "index, NOML", "Disallow-AI-Training", "&#110;oai"])
@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "utf-16", "utf-16-le", "utf-7", "cp500"])
def test_no_page_that_reserves_is_passed_over(content, encoding):
    page = f'<html><meta name="robots" content="{content}">'.encode(encoding)
    assert may_reserve(page, encoding)


def test_pages_without_rules_against_training_are_passed_over():
    assert not may_reserve(b'<meta name="robots" content="index, follow, max-snippet:-1"><p>&#169; robots', "utf-8")
    assert may_reserve(b"<meta name=tdm-reservation content=1>")
    assert may_reserve(b'<link type="application/RSL+XML">', "ISO-8859-15")
