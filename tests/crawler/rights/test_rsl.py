"""RSL 1.0: https://rslstandard.org/rsl"""

import pytest

from crawler.rights.finding import Verdict
from crawler.rights.rsl import is_licence_type, read_licence, read_link, read_rule


def document(*licences, content='url="/"'):
    inner = "".join(f"<license>{licence}</license>" for licence in licences)
    return f'<rsl xmlns="https://rslstandard.org/rsl"><content {content}>{inner}</content></rsl>'


def permits(uses, kind="usage"):
    return f'<permits type="{kind}">{uses}</permits>'


def prohibits(uses):
    return f'<prohibits type="usage">{uses}</prohibits>'


@pytest.mark.parametrize(
    "xml",
    [
        document(permits("all")),
        document(permits("ai-all")),
        document(permits("search, ai-train")),
        document(permits("train-ai") + '<payment type="free"/>'),
        document(permits("ai-train") + prohibits("ai-input")),
        document(permits("all"), permits("ai-train")),
        document(permits("all")).replace("<", "<r:").replace("<r:/", "</r:").replace("xmlns", "xmlns:r"),
        '\n <?xml version="1.0"?>' + document(permits("all")),
    ],
)
def test_a_free_grant_of_training_permits(xml):
    assert read_licence(xml) is Verdict.PERMITTED


@pytest.mark.parametrize(
    "xml",
    [
        document(prohibits("ai-train")),
        document(permits("search")),
        document(permits("all") + prohibits("ai-train")),
        document(permits("all") + prohibits("all")),
        document(permits("all"), prohibits("ai-train")),
        document(permits("all") + '<payment type="purchase"><amount currency="EUR">9</amount></payment>'),
        document(permits("all") + '<payment type="attribution"/>'),
        document(permits("all") + permits("education", "user")),
        document(permits("all"), content='url="/" server="https://licences.example"'),
        document(),
        document(permits("all")).removesuffix("</rsl>"),
        "<!DOCTYPE rsl [<!ENTITY use 'ai-train'>]>" + document(permits("&use;")),
        "all rights",
        "",
        document(permits("all") + " " * (1 << 20)),
    ],
)
def test_anything_else_reserves(xml):
    assert read_licence(xml) is Verdict.RESERVED


def test_a_link_to_a_licence_reserves_and_its_url_is_the_policy():
    header = '</style,1.css>; rel=preload, </rsl.xml>; type="Application/RSL+XML"; rel="license"'
    assert read_link(header) == (Verdict.RESERVED, "/rsl.xml")
    assert read_link("application/rsl+xml") == (Verdict.RESERVED, "")
    assert read_link('<https://creativecommons.org/licenses/by/4.0/>; rel="license"') == (Verdict.SILENT, "")


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ("https://a.example/rsl.xml", Verdict.RESERVED),
        ("/license", Verdict.RESERVED),
        ("terms.rsl", Verdict.RESERVED),
        ("MIT", Verdict.SILENT),
        ("", Verdict.SILENT),
    ],
)
def test_a_rule_with_an_address_reserves(value, verdict):
    assert read_rule(value) is verdict


def test_the_media_type_is_known_with_parameters_and_in_capitals():
    assert is_licence_type(" Application/RSL+XML ; charset=utf-8")
    assert not is_licence_type("text/html")
    assert not is_licence_type("")
