"""Split a licence statement into words that can be compared: without markup, capitals, accents and punctuation."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from html import unescape
from itertools import islice
from typing import NamedTuple

from bs4 import BeautifulSoup
from w3lib.html import remove_tags, remove_tags_with_content

LONGEST = 5_000
"""Characters of a statement that are read. A longer one is `unknown`, unless its beginning reserves all rights."""

# Letters that have no decomposition in Unicode, and the Arabic stroke that only stretches a word.
_LETTERS = str.maketrans(
    {"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "œ": "oe", "æ": "ae", "\u0640": None}
)
# Scripts without spaces between words: each character is a word, so that names are found anywhere.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"(?P<number>\d+(?:\.\d+)*)|[{_UNSPACED}]|[^\W\d_{_UNSPACED}]+|(?P<sign>[^\w\s])")
_DOUBTFUL = re.compile(r"[?？؟¿]|!(?=\w)")
# Punctuation and marks that only separate. Other signs, such as © or ≠, are words.
_SEPARATORS = frozenset(".,:;!'\"`´()[]{}<>/\\|-‐‑‒–—―─_~*•·…«»‹›“”„‚‘’&@#+=、。・「」『』【】《》،؛·։|^")
_FOLLOWING = re.compile(r"\s*(\S)")
_ENUM = re.compile(r"(?<=\d)_(?=\d)")  # CC_BY_4_0
_COPYRIGHT = re.compile(r"\(\s*c\s*\)", re.IGNORECASE)
# Elements of texts; any other is text in angle brackets: "CC BY 4.0 <no commercial use>".
_ELEMENTS = (
    *(
        "a",
        "abbr",
        "address",
        "article",
        "b",
        "bdi",
        "bdo",
        "big",
        "blockquote",
        "body",
        "br",
        "center",
        "cite",
        "code",
        "dd",
    ),
    *(
        "del",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "font",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
    ),
    *(
        "head",
        "header",
        "hr",
        "html",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "link",
        "main",
        "mark",
        "meta",
        "nav",
        "ol",
        "p",
        "pre",
    ),
    *(
        "q",
        "s",
        "samp",
        "section",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
    ),
    *("thead", "time", "tr", "tt", "u", "ul", "var", "wbr"),
)
_BREAK = re.compile(r"<(?=/?(?:br|p|div|li|td|th|tr|dd|dt|ul|ol|table|h[1-6])\b)", re.IGNORECASE)
_STRUCK = "\u0338"  # the stroke through ≠
_SURROGATES = re.compile("[\ud800-\udfff]")


class Word(NamedTuple):
    """A word in a text that was folded.

    Attributes:
        text: the folded word, a number such as `4.0`, or a sign such as `©`.
        following: the next sign or letter; "" at the end of the text.
    """

    text: str
    following: str

    @property
    def ends(self) -> bool:
        """Whether punctuation or the end of the text follows the word."""
        return not self.following or self.following in _SEPARATORS


def fold(text: str) -> str:
    """Return `text` in lower case, without accents and invisible characters, with compatible characters replaced."""
    text = _ENUM.sub(".", _COPYRIGHT.sub("©", text))
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    decomposed = decomposed.replace(_STRUCK, " ? ")
    kept = "".join(char for char in decomposed if unicodedata.category(char) not in ("Mn", "Cf"))
    return unicodedata.normalize("NFC", kept.translate(_LETTERS))


def words(text: str) -> list[Word]:
    """Return the words of a text in their order. A question mark is the word `?`: a question is no statement."""
    folded = _DOUBTFUL.sub(" ? ", fold(text))
    if len(folded) > 2 * LONGEST:  # one character can be decomposed into 18
        folded = f"{folded[: 2 * LONGEST]} ?"
    found: list[Word] = []
    for match in _WORD.finditer(folded):
        sign = match["sign"]
        if sign and sign in _SEPARATORS:
            continue
        following = _FOLLOWING.match(folded, match.end())
        found.append(Word(match[0], following[1] if following else ""))
    return found


def key(name: str) -> str:
    """Return what names are compared by: their words without anything between them."""
    return "".join(word.text for word in words(name))


def without_markup(text: str) -> tuple[str, list[str]]:
    """Return the text of an HTML fragment, and the addresses in its attributes.

    Elements that HTML does not have, comments and what is not closed are read as text. Text that is struck out gets a
    question mark, because it no longer holds. Alternative texts of images are read.
    """
    text = _SURROGATES.sub("\ufffd", text)
    if "<" not in text:
        return unescape(unescape(text)), []
    soup = BeautifulSoup(text, "lxml")
    addresses = [str(tag[name]) for tag in soup.find_all(True) for name in ("href", "src", "resource") if tag.get(name)]
    alternatives = [str(tag["alt"]) for tag in soup.select("[alt]")]
    struck = " ?" if soup.select_one("s, del, strike") else ""
    apart = _BREAK.sub(" <", remove_tags_with_content(text, ("script", "style")))
    return unescape(unescape(" ".join((remove_tags(apart, _ELEMENTS), *alternatives)))) + struck, addresses


def joined(found: list[Word], start: int, beginnings: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Yield the names that can begin at the word `start`, as the number of their words and their key.

    Args:
        beginnings: every beginning of every name.
    """
    name = ""
    for count, word in enumerate(islice(found, start, None), 1):
        name += word.text
        if name not in beginnings:
            return
        yield count, name


def beginnings(names: Iterable[str]) -> frozenset[str]:
    """Return every beginning of every name."""
    return frozenset(name[:end] for name in names for end in range(1, len(name) + 1))
