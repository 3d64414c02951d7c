"""The tables of licences and of words around them: licenses.toml and cc_titles.toml, beside this module."""

import tomllib
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from common.errors import UserError
from crawler.rights.license_words import beginnings, key
from crawler.rights.license_words import words as words_of

_FOLDER = Path(__file__).parent


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class License(_Entry):
    """A licence with a fixed id; the files describe the fields."""

    id: str
    name: str
    url: str
    names: list[str]
    addresses: list[str]
    examples: list[str]


class Unknown(_Entry):
    """Texts that name no licence."""

    examples: list[str]


class Words(_Entry):
    """Words around a licence, by what they do to it."""

    creative_commons: list[str]
    harmless: list[str]
    limits: list[str]
    doubts: list[str]
    claims: list[str]
    limit_stems: list[str]
    claim_stems: list[str]


class Licenses(_Entry):
    """The file licenses.toml."""

    order: list[str]
    addresses_of_licenses: list[str]
    license: list[License]
    unknown: Unknown
    flickr: dict[str, str]
    words: Words


class Language(_Entry):
    """The elements of the titles of Creative Commons' licences in one language."""

    by: list[str] = []
    nc: list[str] = []
    nd: list[str] = []
    sa: list[str] = []
    examples: dict[str, str]


class International(_Entry):
    """What follows the version of a licence without a jurisdiction."""

    scopes: list[str]


class Titles(_Entry):
    """The file cc_titles.toml."""

    deeds: list[str]
    languages: dict[str, Language]
    international: International
    jurisdictions: dict[str, list[str]]


class Kind(StrEnum):
    """What a name in a text means."""

    LICENSE = "license"
    ELEMENT = "element"
    CREATIVE_COMMONS = "creative_commons"
    SCOPE = "scope"
    LIMIT = "limit"
    CLAIM = "claim"
    DOUBT = "doubt"
    HARMLESS = "harmless"


class Name(NamedTuple):
    """A name in a text.

    Attributes:
        kind: what it means.
        value: the id of a licence, or an element of a Creative Commons licence.
        whole: whether it must be one word: "a nd" is not "and", but "Non Commercial" is "NonCommercial".
    """

    kind: Kind
    value: str = ""
    whole: bool = False


_Model = TypeVar("_Model", Licenses, Titles)


@cache
def licenses() -> Licenses:
    """Return licenses.toml.

    Raises:
        UserError: the file is not TOML, lacks a key, or has one that is not known.
    """
    return _read("licenses.toml", Licenses)


@cache
def titles() -> Titles:
    """Return cc_titles.toml.

    Raises:
        UserError: as `licenses`.
    """
    return _read("cc_titles.toml", Titles)


@cache
def by_id() -> dict[str, License]:
    """Return the licences with a fixed id."""
    return {entry.id: entry for entry in licenses().license}


@cache
def names() -> dict[str, Name]:
    """Return the meaning of each name by its key. A name with several meanings has the strictest."""
    found: dict[str, Name] = {}
    for name, text in _names():
        if folded := key(text):
            found.setdefault(folded, name)
    return found


@cache
def beginnings_of_names() -> frozenset[str]:
    """Return every beginning of the key of a name."""
    return beginnings(names())


@cache
def jurisdictions() -> dict[str, str]:
    """Return the code of each jurisdiction by the keys of its names and its code."""
    return {key(text): code for code, texts in titles().jurisdictions.items() for text in (code, *texts)}


@cache
def beginnings_of_jurisdictions() -> frozenset[str]:
    """Return every beginning of the key of a name that can follow a version."""
    return beginnings((*jurisdictions(), *names()))


@cache
def stems() -> tuple[tuple[Kind, tuple[str, ...]], ...]:
    """Return the beginnings of words that claim, and of those that limit."""
    words = licenses().words
    return (
        (Kind.CLAIM, tuple(map(key, words.claim_stems))),
        (Kind.LIMIT, tuple(map(key, words.limit_stems))),
    )


def _names() -> Iterator[tuple[Name, str]]:
    """Yield every name with its text, the strictest meaning first."""
    words = licenses().words
    for entry in sorted(licenses().license, key=lambda entry: entry.id != "InC-1.0"):
        yield from ((Name(Kind.LICENSE, entry.id), text) for text in entry.names)
    elements: tuple[Literal["nc", "nd", "sa", "by"], ...] = ("nd", "nc", "sa", "by")
    for element in elements:
        for language in titles().languages.values():
            yield from ((Name(Kind.ELEMENT, element), text) for text in getattr(language, element))
    lists = (
        (words.claims, Kind.CLAIM),
        (words.limits, Kind.LIMIT),
        (words.doubts, Kind.DOUBT),
        (words.creative_commons, Kind.CREATIVE_COMMONS),
        (titles().international.scopes, Kind.SCOPE),
        (words.harmless, Kind.HARMLESS),
    )
    for texts, kind in lists:
        yield from ((Name(kind, whole=len(words_of(text)) == 1), text) for text in texts)


def _read(name: str, model: type[_Model]) -> _Model:
    path = _FOLDER / name
    try:
        return model.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: found no valid TOML ({error})") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise UserError(f"{path}: {place}: {first['msg']}; expected the keys that its other entries have") from None
