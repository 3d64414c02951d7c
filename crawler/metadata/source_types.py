"""How a picture was made: the Digital Source Type of IPTC (http://cv.iptc.org/newscodes/digitalsourcetype/)."""

import re
from collections.abc import Iterable

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


def term(text: str) -> str | None:
    """Return the term that a text names; None if it names none.

    Args:
        text: the term, its URI, its QCode (`digsrctype:digitalCapture`), or its name at schema.org
            (`https://schema.org/DigitalCaptureDigitalSource`).
    """
    name = re.split(r"[/:#]", text.strip().rstrip("/"))[-1]
    letters = name.removesuffix("DigitalSource").removesuffix("Data").lower()
    return _BY_LETTERS.get(letters) or _BY_LETTERS.get(f"{letters}media")


def most_synthetic(stated: Iterable[str]) -> str | None:
    """Return the term that is least a photograph among those stated; None if there is none.

    One statement that a picture was made by AI outweighs any number of others.
    """
    terms = {term(text) for text in stated}
    return next((one for one in TERMS if one in terms), None)
