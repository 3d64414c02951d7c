"""Credits and descriptions, as sites write them."""

import pytest

from crawler.plaintext import plain_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Jane Doe", "Jane Doe"),
        ("  Jane\n Doe ", "Jane Doe"),
        ("", ""),
        ("https://example.org/jane", "https://example.org/jane"),
        ('<bdi><a href="https://en.wikipedia.org/wiki/en:Edvard_Munch">Edvard Munch</a>\n</bdi>', "Edvard Munch"),
        ("A &amp; B", "A & B"),
        ("from <a>it.wikipedia</a>.", "from it.wikipedia."),
        ("Jane<br>Joe", "Jane Joe"),
        ("<ul><li>Jane</li><li>Joe</li></ul>", "Jane Joe"),
        # As {{unknown|author}} renders on Commons.
        ('<span>Unknown author</span><span style="display: none;">Unknown author</span>', "Unknown author"),
        ("<script>alert(1)</script>Jane", "Jane"),
        ("1 < 2", "1 < 2"),
    ],
)
def test_is_what_a_reader_sees(html, text):
    assert plain_text(html) == text
