"""All signals together: which findings each place gives, that no bytes raise an error, and how long it takes."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.rights.finding import Finding, Place, Signal, Verdict
from crawler.rights.signals import of_headers, of_image, of_page, of_robots_txt, of_tdmrep
from crawler.rights.text import VALUE_LENGTH

URL = "https://town.example/photos/mill.jpg"

HEADERS = [
    ("x-robots-tag", "noai"),
    ("TDM-Reservation", "1"),
    ("tdm-policy", "/policy.json"),
    ("Content-Usage", "train-ai=n"),
    ("Content-Signal", "ai-train=no"),
    ("Link", '<rsl.xml>; rel="license"; type="application/rsl+xml"'),
]
PAGE = b"""<html><meta name=robots content=noai><meta name=tdm-reservation content=1><meta name=tdm-policy content=/p>
    <link rel=license type=application/rsl+xml href=/l.xml>"""
ROBOTS = b"""License: https://town.example/rsl.xml
User-agent: *
Disallow: /photos/
DisallowAITraining: /
Content-Usage: train-ai=n
Content-Signal: ai-train=no
User-agent: GPTBot
Disallow: /
"""


def by_signal(findings):
    return {finding.signal: finding for finding in findings}


def verdicts(findings):
    return {finding.verdict for finding in findings}


def everything(body):
    """Every finding that any place gives for these bytes."""
    text = body.decode("latin-1")
    names = ("x-robots-tag", "tdm-reservation", "tdm-policy", "content-usage", "content-signal", "link")
    return [
        *of_headers([(name, text) for name in names], Place.PAGE, text),
        *of_page(body, text, text),
        *of_robots_txt(body, text, ai_crawlers=True),
        *of_robots_txt(body, URL),
        *of_tdmrep(body, text),
        *of_tdmrep(body, URL),
        *of_image(body),
    ]


@pytest.mark.parametrize("place", [Place.IMAGE, Place.PAGE])
def test_each_header_is_a_finding_of_its_own(place):
    found = of_headers(HEADERS, place, URL)
    assert verdicts(found) == {Verdict.RESERVED}
    assert {finding.place for finding in found} == {place}
    assert by_signal(found)[Signal.TDM_HEADER] == Finding(
        Signal.TDM_HEADER, place, Verdict.RESERVED, "tdm-reservation: 1", "https://town.example/policy.json"
    )
    assert by_signal(found)[Signal.RSL_LINK].policy == "https://town.example/photos/rsl.xml"
    assert [finding.signal for finding in of_headers([], place)] == [finding.signal for finding in found]
    assert verdicts(of_headers([], place)) == {Verdict.SILENT}


def test_each_element_of_a_page_is_a_finding_of_its_own():
    found = of_page(PAGE, "utf-8", "https://town.example/mill")
    assert [finding.signal for finding in found] == [Signal.META_ROBOTS, Signal.TDM_META, Signal.RSL_PAGE]
    assert verdicts(found) == {Verdict.RESERVED}
    assert by_signal(found)[Signal.RSL_PAGE].policy == "https://town.example/l.xml"
    assert by_signal(found)[Signal.TDM_META].policy == "https://town.example/p"
    assert verdicts(of_page(b'{"a": 1}')) == {Verdict.SILENT}


def test_a_licence_in_a_page_can_permit_but_not_beside_a_link():
    terms = b'<content url="/"><license><permits type="usage">all</permits></license></content>'
    licence = b'<script type="application/rsl+xml"><rsl>' + terms + b"</rsl></script>"
    assert by_signal(of_page(licence))[Signal.RSL_PAGE].verdict is Verdict.PERMITTED
    assert by_signal(of_page(licence + PAGE))[Signal.RSL_PAGE].verdict is Verdict.RESERVED


def test_each_rule_of_robots_txt_is_a_finding_of_its_own():
    found = of_robots_txt(ROBOTS, URL, ai_crawlers=True)
    assert verdicts(found) == {Verdict.RESERVED}
    assert {finding.place for finding in found} == {Place.HOST}
    values = {signal: finding.value for signal, finding in by_signal(found).items()}
    assert values == {
        Signal.ROBOTS_TXT: "Disallow",
        Signal.ROBOTS_TXT_AGENTS: "gptbot",
        Signal.AI_TRAINING_RULE: "DisallowAITraining: /",
        Signal.CONTENT_USAGE_ROBOTS: "Content-Usage: train-ai=n",
        Signal.CONTENT_SIGNAL: "Content-Signal: ai-train=no",
        Signal.RSL_ROBOTS: "License: https://town.example/rsl.xml",
    }


def test_blocks_of_ai_crawlers_count_only_if_they_are_asked_for():
    blocks = b"User-agent: CCBot\nUser-agent: Google-Extended/1.0\nDisallow: /photos/"
    assert verdicts(of_robots_txt(blocks, URL)) == {Verdict.SILENT}
    found = by_signal(of_robots_txt(blocks, URL, ai_crawlers=True))
    assert found[Signal.ROBOTS_TXT_AGENTS].value == "ccbot, google-extended"
    elsewhere = by_signal(of_robots_txt(blocks, "https://town.example/texts/", ai_crawlers=True))
    assert elsewhere[Signal.ROBOTS_TXT_AGENTS].verdict is Verdict.SILENT


def test_the_preference_for_the_path_and_the_crawler_counts():
    rules = b"User-agent: *\nContent-Usage: train-ai=n\nContent-Usage: /photos/ train-ai=y\n"
    rules += b"Content-Signal: /photos/ ai-train=no\n"
    found = by_signal(of_robots_txt(rules, URL))
    assert found[Signal.CONTENT_USAGE_ROBOTS].verdict is Verdict.PERMITTED
    assert found[Signal.CONTENT_SIGNAL].value == "Content-Signal: /photos/ ai-train=no"
    ours = rules + b"User-agent: facades\nContent-Usage: /texts/ train-ai=n\nAllow: /\n"
    assert verdicts(of_robots_txt(ours, URL)) == {Verdict.SILENT}


def test_a_file_that_was_never_fetched_is_missing_and_one_that_does_not_exist_is_silent():
    for of in (of_robots_txt, of_tdmrep):
        assert verdicts(of(None, URL)) == {Verdict.MISSING}
        assert verdicts(of(b"", URL)) == {Verdict.SILENT}
        assert [finding.signal for finding in of(None, URL)] == [finding.signal for finding in of(b"", URL)]


def test_an_image_has_a_finding_for_each_kind_of_metadata():
    found = of_image(b"\xff\xd8<plus:DataMining>DMI-PROHIBITED</plus:DataMining>")
    assert found == (
        Finding(Signal.XMP_DATA_MINING, Place.IMAGE, Verdict.RESERVED, "plus:DataMining DMI-PROHIBITED"),
        Finding(Signal.C2PA_TRAINING_MINING, Place.IMAGE, Verdict.SILENT),
    )


def test_the_guide_describes_every_signal_once():
    guide = (Path(__file__).parents[3] / "docs" / "sources.md").read_text(encoding="utf-8")
    described = re.findall(
        r"^\| `(\w+)` \|", guide.partition("## Reservations of use")[2].partition("\n## ")[0], re.MULTILINE
    )
    assert described == list(Signal)


def test_findings_are_in_the_order_of_the_signals():
    order = list(Signal)
    for found in (of_headers([], Place.PAGE), of_page(b""), of_robots_txt(b"", URL, ai_crawlers=True), of_image(b"")):
        places = [order.index(finding.signal) for finding in found]
        assert places == sorted(places)


def test_a_value_is_one_clean_line_of_limited_length():
    [tag, *_] = of_headers([("X-Robots-Tag", "noai\r\n\x1b[31m\ud83d" + "\u202e, x" * 1000)], Place.IMAGE)
    assert tag.value.startswith("noai [31m, x")
    assert len(tag.value) == VALUE_LENGTH
    assert tag.value.isprintable()


WORDS = [
    b"User-agent: facades\n", b"Content-Usage: /a ", b"train-ai=", b"noai", b"ai-train=no", b"tdm-reservation", b'"',
    b"1", b"[{", b"location", b":", b"}]", b"<meta name=robots content=", b">", b'<script type="application/rsl+xml">',
    b"<rdf:RDF>", b"\xff\xe1\0\x30",
    b"<plus:DataMining ", b'rdf:resource="', b"</rdf:RDF>", b"XML:com.adobe.xmp\0\1\0\0\0", b"\xff\xd8", b"*$",
    b"http://ns.adobe.com/xmp/extension/\0", b"\xff\xeb\0\x20JP", b"\0\0\0\x30jumd", b"cawg.training-mining\0",
    b"GIF89a", b"XMP DataXMP", b"Raw profile type xmp\0", b"\xef\xbb\xbf", b"\xff\xfe", b"\0", b"\xd8\x3d", b"%", b"(",
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(WORDS) | st.binary(max_size=12), max_size=30).map(b"".join))
def test_no_bytes_raise_an_error_and_every_finding_is_clean(body):
    for finding in everything(body):
        assert finding.value.isprintable()
        assert len(finding.value) <= VALUE_LENGTH
        assert finding.verdict is not Verdict.MISSING
        finding.value.encode()
        finding.policy.encode()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-32"])
def test_bytes_in_other_encodings_raise_no_error(encoding):
    for word in WORDS:
        everything((word.decode("latin-1") * 50).encode(encoding))


WORST = {
    "blanks": lambda n: b"<a:DataMining>" + b" " * n + b"<",
    "starts of RDF": lambda n: b"<rdf:RDF><a:DataMining>" * (n // 23),
    "open tags": lambda n: b"<rdf:RDF>" + b"<a>" * (n // 3) + b"<b:DataMining></rdf:RDF>",
    "angles": lambda n: b"<" * n + b"a:DataMining>",
    "names": lambda n: b"a" * n + b":DataMining=",
    "attributes": lambda n: b'<meta name="robots" ' + b"a=1 " * (n // 4),
    "comments": lambda n: b"<!--" * (n // 4),
    "anchors": lambda n: b"<a><p>" * (n // 6),
    "lines": lambda n: b"\n" * n,
    "agents": lambda n: b"User-agent: a\n" * (n // 14) + b"Allow: /\n",
    "rules": lambda n: b"User-agent: *\n" + b"Content-Usage: / train-ai=n\n" * (n // 28),
    "commas": lambda n: b"train-ai=n," * (n // 11),
    "tokens": lambda n: b"a:" * (n // 2),
    "brackets": lambda n: b"[" * n + b"tdm-reservation",
    "segments": lambda n: b"\xff\xd8" + b"\xff\xeb\0\2" * (n // 4),
    "chunks": lambda n: b"XML:com.adobe.xmp\0\1\0\0\0" * (n // 22),
    "labels": lambda n: (b"\0\0\0\x30jumd" + b"\0" * 17 + b"cawg.training-mining\0") * (n // 46),
}


@pytest.mark.parametrize("kind", WORST)
def test_half_a_megabyte_of_the_worst_kind_takes_seconds_and_not_hours(kind):
    body = WORST[kind](500_000)
    started = time.process_time()
    of_page(body), of_robots_txt(body, URL), of_tdmrep(body, URL), of_image(body)
    of_headers(
        [(name, body.decode("latin-1")) for name in ("x-robots-tag", "content-usage", "content-signal", "link")],
        Place.PAGE,
    )
    assert time.process_time() - started < 4  # five readers; a quadratic one would take minutes
