"""Read a statement of rights: which licences it names, and what else it says.

The rule is an allow-list. Names of licences, addresses of licences and a closed list of harmless words are taken away;
whatever is left over makes the statement one that was not understood.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from crawler.rights import license_address, license_table, license_words
from crawler.rights.license_address import creative_commons_id
from crawler.rights.license_table import Kind, Name
from crawler.rights.license_words import LONGEST, Word

_VERSIONS = {"1": "1.0", "2": "2.0", "3": "3.0", "4": "4.0"} | {name: name for name in license_address.VERSIONS}
# `by`, `ccby`, `byncsa`: codes written without hyphens. A bare `sand` is a word.
_CODE = re.compile(r"(?P<cc>cc)?(?P<by>by)(?P<more>(?:nc|nd|sa)*)|nc|nd|sa|ncsa|ncnd|ndnc|sanc")
# A name with initials, as a credit at the end: `CC BY 3.0 NZ / A. Ge`.
_CREDIT = re.compile(r"[/,;|–—-]\s*(?:[A-Z]\.\s?){1,3}(?P<name>[^\W\d_]{2,30})\s*$")


@dataclass
class Reading:
    """What a statement says.

    Attributes:
        licenses: ids of the licences that it names, in order.
        unfinished: elements of Creative Commons licences that it names without a version.
        reserved: whether it reserves all rights.
        doubtful: whether it denies, limits or contradicts what it names, or names a licence that is not known.
        left_over: whether words are left over that were not understood.
        claims: whether it speaks of rights beside that: ©, copyright, permission.
        linked: whether its HTML links to a licence.
        doubts: whether it has words that cast doubt on a licence: another time, a part of the work.
    """

    licenses: list[str] = field(default_factory=list)
    unfinished: list[frozenset[str]] = field(default_factory=list)
    reserved: bool = False
    doubtful: bool = False
    left_over: bool = False
    claims: bool = False
    doubts: bool = False
    linked: bool = False

    @property
    def names_a_licence(self) -> bool:
        return bool(self.licenses or self.unfinished or self.reserved)


class _Item(NamedTuple):
    """A part of a statement; `kind` is None for a word that was not understood."""

    kind: Kind | None
    value: str = ""
    number: str = ""  # a version
    port: str = ""


@dataclass
class _CreativeCommons:
    """One Creative Commons licence in a statement, as far as it was read."""

    named: bool = False  # by the words Creative Commons, or CC
    elements: set[str] = field(default_factory=set)
    version: str = ""
    port: str = ""
    placed: bool = False  # a jurisdiction or "International" follows

    @property
    def complete(self) -> bool:
        return bool(self.elements and self.version)


@lru_cache(maxsize=10_000)
def read(text: str) -> Reading:
    """Read a statement: a name, an abbreviation, an address, HTML or free text. Do not change the result."""
    reading = Reading()
    flickr = license_table.licenses().flickr.get(text.strip())
    if flickr:
        reading.licenses.append(flickr)
        return reading
    plain, addresses = license_words.without_markup(text[:LONGEST])
    plain = plain[:LONGEST]
    reading.linked = any(license_address.read(address).license for address in addresses)
    spoken, start = [], 0
    for match in license_address.find(plain):
        spoken.append(plain[start : match.start()])
        addresses.append(match[0].rstrip(license_address.CLOSING))
        spoken += ["?"] if addresses[-1].endswith("?") else []
        start = match.end()
    pieces = [*spoken, _without_credit(plain[start:])]
    _read_words(pieces, reading)
    for address in addresses:
        read_address(address, reading)
    if len(text) > LONGEST:
        reading.doubtful = True
    return reading


def read_address(address: str, reading: Reading) -> None:
    """Add what an address says to a reading."""
    found = license_address.read(address)
    if found.license:
        reading.licenses.append(found.license)
    if found.elements:
        reading.unfinished.append(found.elements)
    reading.doubtful |= found.strange
    reading.reserved |= found.license == "InC-1.0"


def _read_words(pieces: list[str], reading: Reading) -> None:
    current = _CreativeCommons()
    found: list[_CreativeCommons] = []
    named = False
    for item in (item for piece in pieces for item in _items(license_words.words(piece))):
        begins = item.kind is Kind.CREATIVE_COMMONS or (item.kind is Kind.ELEMENT and item.value.startswith("by"))
        if begins and current.complete:
            found.append(current)
            current = _CreativeCommons()
        if item.kind is Kind.CREATIVE_COMMONS:
            current.named = True
        elif item.kind is Kind.ELEMENT:
            current.elements |= {item.value[start : start + 2] for start in range(0, len(item.value), 2)}
        elif item.number:
            current.version = current.version or item.number
            current.port = current.port or item.port
            current.placed |= bool(item.port)
        elif item.kind is Kind.SCOPE:
            current.placed = True
        elif item.kind is Kind.LICENSE:
            named = True
            reading.licenses.append(item.value)
            reading.reserved |= item.value == "InC-1.0"
        elif item.kind in (Kind.LIMIT, Kind.CLAIM):
            reading.doubtful = True
            reading.claims |= item.kind is Kind.CLAIM
        elif item.kind is Kind.DOUBT:
            reading.doubts = reading.left_over = True
        elif item.kind is None:
            reading.left_over = True
    for one in (*found, current):
        _add(one, named, reading)
    reading.doubtful |= reading.doubts and reading.names_a_licence


def _add(one: _CreativeCommons, named: bool, reading: Reading) -> None:
    """Add a Creative Commons licence to a reading."""
    elements = frozenset(one.elements)
    only_by = elements == {"by"} and not one.named
    if one.complete and (one.named or one.placed or len(elements) > 1):
        license_id = creative_commons_id(elements, one.version, one.port)
        reading.licenses += [license_id] if license_id else []
        reading.doubtful |= not license_id
    elif one.complete or (one.version and not one.named):  # "Photo by 3.0 Studio", or a number
        reading.left_over = True
        reading.doubtful |= len(elements - {"by"}) > 0
    elif only_by:  # "Attribution: the author" beside a licence that asks for none
        reading.doubtful |= named
    elif elements:
        reading.unfinished.append(elements)


def _items(found: list[Word]) -> Iterator[_Item]:
    """Yield the parts of a text in order: at each word the longest name that begins there."""
    names, beginnings = license_table.names(), license_table.beginnings_of_names()
    at, previous = 0, ""
    while at < len(found):
        word = found[at]
        best, meaning = 0, Name(Kind.HARMLESS)
        for count, name in license_words.joined(found, at, beginnings):
            initials = 1 < count == len(name) <= 3 and name.isascii()  # "P. D." is a person
            if name in names and not initials and not (names[name].whole and count > 1):
                best, meaning = count, names[name]
        code = _CODE.fullmatch(word.text)
        if code and best <= 1:
            following = found[at + 1].text if at + 1 < len(found) else ""
            if code["cc"]:
                yield _Item(Kind.CREATIVE_COMMONS)
            if word.text != "by" or previous == "cc" or _CODE.fullmatch(following) or following in _VERSIONS:
                yield _Item(Kind.ELEMENT, word.text.removeprefix("cc"))
            best = 1
        elif best:
            yield _Item(meaning.kind, meaning.value)
        elif word.text in _VERSIONS:
            best, port = _port(found, at + 1) if _VERSIONS[word.text] != "4.0" else (0, "")
            best += 1
            yield _Item(None, number=_VERSIONS[word.text], port=port)
        else:
            best = 1
            yield _Item(next((kind for kind, stems in license_table.stems() if word.text.startswith(stems)), None))
        if word.text not in _VERSIONS:
            previous = "cc" if meaning.kind is Kind.CREATIVE_COMMONS and not code else ""
        at += best


def _port(found: list[Word], at: int) -> tuple[int, str]:
    """Return the number of words of a jurisdiction that follows a version, and its code."""
    ports, names = license_table.jurisdictions(), license_table.names()
    best, port = 0, ""
    for count, name in license_words.joined(found, at, license_table.beginnings_of_jurisdictions()):
        last = found[at + count - 1].ends
        # "CC BY 3.0 NO" is Norway's; in "CC BY 3.0 no ads", "CC BY 3.0: no" and "CC BY 3.0 in parts" it is a word.
        if len(name) == 2 and not last:
            last = name not in names and found[at + count].text in names
        if name in names:
            last &= found[at - 1].following in ("-", name[0])
        if name in ports and (last or (len(name) > 2 and name not in names)):
            best, port = count, ports[name]
        if name in names and count > best > 0:
            best, port = 0, ""
    return best, port


def _without_credit(text: str) -> str:
    """Return a text without a name that credits somebody at its end."""
    match = _CREDIT.search(text)
    if not match or license_words.key(match["name"]) in license_table.names():
        return text
    return text[: match.start()]
