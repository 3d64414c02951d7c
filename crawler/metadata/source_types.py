"""How a picture was made: the Digital Source Type of IPTC (http://cv.iptc.org/newscodes/digitalsourcetype/)."""

import re
from collections.abc import Iterable, Iterator

from crawler.rights.containers import jumbf, packets

AI_MADE = (
    "trainedAlgorithmicMedia",
    "compositeWithTrainedAlgorithmicMedia",
    "compositeSynthetic",
    "algorithmicMedia",
)
"""Terms for pictures that were made by a model or an algorithm, or partly so."""

TERMS = (
    *AI_MADE,
    "dataDrivenMedia",
    "virtualRecording",
    "digitalCreation",
    "digitalArt",
    "softwareImage",
    "screenCapture",
    "composite",
    "compositeCapture",
    "algorithmicallyEnhanced",
    "humanEdits",
    "minorHumanEdits",
    "print",
    "positiveFilm",
    "negativeFilm",
    "computationalCapture",
    "digitalCapture",
)
"""All terms of the vocabulary, retired ones too, from what is least a photograph to what is most."""

_BY_LETTERS = {term.lower(): term for term in TERMS}
_PROPERTY = re.compile(r"DigitalSourceType\s{0,9}(?:=\s{0,9}[\"']|>)\s{0,9}([A-Za-z:]{1,80})\s{0,9}[\"'<]")
_URI = re.compile(r"(?:cv\.iptc\.org/newscodes|c2pa\.org)/digitalsourcetype/[A-Za-z]{1,60}", re.IGNORECASE)
_NEEDLES = tuple(
    ("igital".encode(encoding).rstrip(b"\0"), encodings)  # in the names of the property and of the vocabulary
    for encoding, encodings in (
        ("latin-1", ("latin-1",)),  # stands for UTF-8: names and values are ASCII
        ("utf-16-le", ("utf-16-le", "utf-16-be")),
        ("utf-32-le", ("utf-32-le", "utf-32-be")),
    )
)
_MAX_HITS = 1000  # in a part of a file
_BEFORE, _AFTER = 40, 160  # characters


def term(text: str) -> str | None:
    """Return the term that a text names; None if it names none.

    Args:
        text: the term, its URI, its QCode (`digsrctype:digitalCapture`), or its name at schema.org
            (`https://schema.org/DigitalCaptureDigitalSource`).
    """
    name = re.split(r"[/:#]", text.strip().rstrip("/"))[-1]
    letters = name.removesuffix("DigitalSource").removesuffix("Data").lower()
    return _BY_LETTERS.get(letters) or _BY_LETTERS.get(f"{letters}media")


def in_file(body: bytes) -> list[str]:
    """Return the types that a file states in XMP or in a C2PA manifest: terms, URIs or QCodes, in any order.

    Every statement counts, also that of a picture which this one was composed of. Signatures are not checked.
    """
    boxes = jumbf(body)
    parts = (*packets(body), *((boxes,) if boxes is not body else ()))
    texts = (text for part in parts for text in _around(part))
    return [found for text in texts for found in (*_URI.findall(text), *_PROPERTY.findall(text))]


def _around(part: bytes) -> Iterator[str]:
    """Yield the text around each place that may name the property or the vocabulary, in every encoding of Unicode."""
    for needle, encodings in _NEEDLES:
        position = part.find(needle)
        for _ in range(_MAX_HITS):
            if position < 0:
                break
            for encoding in encodings:
                # Big-endian characters start before the first byte that is not zero.
                width = len("i".encode(encoding))
                start = position - ("i".encode(encoding).index(b"i"))
                first = max(start - _BEFORE * width, start % width)
                yield part[first : start + _AFTER * width].decode(encoding, "replace")
            position = part.find(needle, position + 1)


def most_synthetic(stated: Iterable[str]) -> str | None:
    """Return the term that is least a photograph among those stated; None if there is none.

    One statement that a picture was made by AI outweighs any number of others.
    """
    terms = {term(text) for text in stated}
    return next((one for one in TERMS if one in terms), None)
