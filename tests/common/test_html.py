import re

import jinja2
import pytest
from markupsafe import Markup

from common.html import environment, inline_code, page_with_script, percentage

HOSTILE = '"><script>alert(1)</script>'


def scripted(**changes: object) -> str:
    parts = {
        "title": "t",
        "body": Markup("<p>b</p>"),
        "style": "p {}",
        "script": "let a;",
        "blocks": {"x": "1"},
    } | changes
    return page_with_script(**parts)  # type: ignore[arg-type]


def page(source: str, **values: object) -> str:
    return environment().from_string('{% extends "page.html.j2" %}' + source).render(values)


def test_every_value_is_escaped() -> None:
    made = page("{% block title %}{{ t }}{% endblock %}{% block body %}{{ b }}{% endblock %}", t=HOSTILE, b=HOSTILE)
    assert "<script>" not in made
    assert "<script>" not in scripted(title=HOSTILE, body=HOSTILE).replace('<script type="', "")


def test_a_misspelt_name_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError, match="titel"):
        page("{% block title %}{{ titel }}{% endblock %}", title="t")


def test_a_page_allows_no_script_and_loads_nothing() -> None:
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page(""))
    assert policy == (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )


def test_a_page_with_a_script_allows_only_that_script() -> None:
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', scripted())
    assert "unsafe-inline" not in policy
    assert policy.count("sha256-") == 2
    (other,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', scripted(script="let b;"))
    assert other != policy


def test_only_a_page_that_needs_it_may_compile_webassembly() -> None:
    assert "wasm-unsafe-eval" not in scripted()
    assert "wasm-unsafe-eval" in scripted(webassembly=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"script": "'</SCRIPT >'"},
        {"script": "'<!-- '"},
        {"blocks": {"x": "</script>"}},
        {"style": "</style>"},
    ],
)
def test_a_text_that_would_end_its_element_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"may"):
        scripted(**changes)


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 9, "0 %"), (1, 1000, "< 1 %"), (1, 3, "33 %"), (999, 1000, "> 99 %"), (9, 9, "100 %"), (0, 0, "–")],
)
def test_only_none_is_0_per_cent_and_only_all_is_100(part: int, whole: int, text: str) -> None:
    assert percentage(part, whole) == text


def test_text_in_backticks_is_code_and_the_rest_is_escaped() -> None:
    assert inline_code("`a<b` is <b>") == "<code>a&lt;b</code> is &lt;b&gt;"
