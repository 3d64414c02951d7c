import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.safe_text import one_line, web_url


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://commons.invalid/a?b=c&d", True),
        ("HTTP://x.invalid/", True),
        ("javascript:alert(1)", False),
        (" javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("data:text/html,x", False),
        ("//x.invalid/", False),
        ("http://", False),
        ("http://[bad", False),
        ("folder://pictures/a.jpg", False),
        ("", False),
        (None, False),
    ],
)
def test_only_web_addresses_are_links(url: str | None, safe: bool) -> None:
    assert web_url(url) == (url if safe else "")


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("Rue de Rivoli", "Rue de Rivoli"),
        ("a\x00b\r\nc", "a b c"),
        ("photo\u202egpj.exe", "photo gpj.exe"),
        ("\x1b[31mred", "[31mred"),
        (None, ""),
        ("abcdef", "abcd…"),
    ],
)
def test_a_text_becomes_one_line_without_control_characters(text: str | None, printed: str) -> None:
    assert one_line(text, 5 if text == "abcdef" else 160) == printed


@given(st.text(), st.integers(1, 20))
def test_no_text_is_longer_than_allowed_or_changed_by_a_second_call(text: str, longest: int) -> None:
    printed = one_line(text, longest)
    assert len(printed) <= longest
    assert not any(mark in printed for mark in "\n\r\x00\x1b\x7f\u2028\u2029\u202e\u2066")
