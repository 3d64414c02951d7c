"""Split a licence statement into words that can be compared: without markup, capitals, accents and punctuation."""

import re
import unicodedata
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

from bs4 import BeautifulSoup

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
_COPYRIGHT = re.compile(r"\(\s*c\s*\)", re.IGNORECASE)
_SURROGATES = re.compile("[\ud800-\udfff]")


class Word(NamedTuple):
    """A word in a text that was folded.

    Attributes:
        text: the folded word, a number such as `4.0`, or a sign such as `©`.
        end: whether punctuation or the end of the text follows it.
    """

    text: str
    end: bool

    @property
    def is_number(self) -> bool:
        return self.text[0].isdecimal()


def fold(text: str) -> str:
    """Return `text` in lower case, without accents and invisible characters, with compatible characters replaced."""
    decomposed = unicodedata.normalize("NFKD", _COPYRIGHT.sub("©", text)).casefold()
    kept = "".join(char for char in decomposed if unicodedata.category(char) not in ("Mn", "Cf"))
    return unicodedata.normalize("NFC", kept.translate(_LETTERS))


def words(text: str) -> list[Word]:
    """Return the words of a text in their order. A question mark is the word `?`: a question is no statement."""
    folded = _DOUBTFUL.sub(" ? ", fold(text))
    found: list[Word] = []
    for match in _WORD.finditer(folded):
        sign = match["sign"]
        if sign and sign in _SEPARATORS:
            continue
        following = _FOLLOWING.match(folded, match.end())
        found.append(Word(match[0], not following or following[1] in _SEPARATORS))
    return found


def key(name: str) -> str:
    """Return what names are compared by: their words without anything between them."""
    return "".join(word.text for word in words(name))


def without_markup(text: str) -> tuple[str, list[str]]:
    """Return the text of an HTML fragment, and the addresses in its attributes.

    Text that is struck out becomes a question mark, because it no longer holds. Alternative texts of images are read.
    """
    text = _SURROGATES.sub("\ufffd", text)
    if "<" not in text:
        return unescape(unescape(text)), []
    soup = BeautifulSoup(text, "lxml")
    addresses = [str(tag[name]) for tag in soup.find_all(True) for name in ("href", "src", "resource") if tag.get(name)]
    for tag in soup.select("script, style, template"):
        tag.decompose()
    for tag in soup.select("s, del, strike"):
        tag.replace_with(" ? ")
    for tag in soup.select("img[alt], input[alt]"):
        tag.insert_after(f" {tag['alt']} ")
    return unescape(soup.get_text(" ")), addresses


def runs(found: list[Word], longest: int) -> Iterator[tuple[int, str]]:
    """Yield the ends and keys of the names that can begin at the first word, the shortest first."""
    joined = ""
    for end, word in enumerate(found, 1):
        joined += word.text
        if len(joined) > longest:
            return
        yield end, joined
