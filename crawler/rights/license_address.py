"""Read the addresses of licences. An address counts at the host of its licence only."""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from crawler.rights import license_table

VERSIONS = ("1.0", "2.0", "2.1", "2.5", "3.0", "4.0")
_DOCUMENT = re.compile(
    r"(?:deed|legalcode|rdf|index)(?:[._-](?P<language>[a-z]{1,3}(?:[_-][a-z0-9]+)*))?(?:\.(?:html?|txt|xml))?"
)
_LANGUAGE = re.compile(r"([a-z]{1,3})(?:[_-](?:[a-z]{2}|[a-z]{4}|i18n|\d{3}))?")  # with a region or a script
_BADGE = re.compile(r"(?:\d+x\d+|80x15|88x31)\.(?:png|svg|gif)")
_QUERIES = ("ref", "lang", "language")  # keys that choose how an address is shown
_OVERVIEWS = ("creativecommons.org/licenses", "creativecommons.org/licences", "creativecommons.org/publicdomain")
_HOSTS = ("creativecommons.org", "i.creativecommons.org", "licensebuttons.net")
CLOSING = ".,;:!'\"”’…*_"
# An address stands by itself: after a space, a bracket, a quotation mark or a separator.
_ADDRESS = re.compile(r"(?<![^\s(\[{<\"'“„«»:;,|])(?:https?:)?//[^\s<>\"'()\[\]{}|«»“”„`，、。]+", re.IGNORECASE)


class Address(NamedTuple):
    """What an address says of a licence.

    Attributes:
        license: the id of a licence, or "".
        elements: of a Creative Commons licence without a version.
        strange: it is where licences are, but no licence that is known.
    """

    license: str = ""
    elements: frozenset[str] = frozenset()
    strange: bool = False


def find(text: str) -> Iterator[re.Match[str]]:
    """Yield the addresses in a text: those with `http://`, `https://` or `//`, and bare ones of hosts of licences."""
    seen = 0
    for match in _pattern().finditer(text):
        if match.start() >= seen:
            seen = match.end()
            yield match


@lru_cache(maxsize=10_000)
def read(address: str) -> Address:
    """Read one address; without a scheme, too. An address elsewhere says nothing."""
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
        port, host = parts.port, (parts.hostname or "").lower().removeprefix("www.")
    except ValueError:
        return Address()
    if parts.scheme not in ("", "http", "https") or "@" in parts.netloc or "\\" in address:
        return Address()
    path = "/".join(part for part in parts.path.lower().split("/") if part)
    place = f"{host}/{path}".rstrip("/")
    if not any(place == known or place.startswith(f"{known}/") for known in (*_known(), *_prefixes())):
        return Address()
    if port not in (None, 80, 443) or not _only_shows(parts.query):
        return Address(strange=True)
    for known, rest in _ends(place):
        if known in _known() and (not rest or _is_document(rest)):
            return Address(_known()[known])
    if host in _HOSTS and path.startswith(("licenses/", "licences/", "l/")):
        return _creative_commons(path.split("/")[1:])
    return Address(strange=bool(path) and place not in _OVERVIEWS and place.startswith(_prefixes()))


def creative_commons_id(elements: frozenset[str], version: str, port: str) -> str:
    """Return the id of a Creative Commons licence; "" if there is none with these elements and this version."""
    if elements not in _ELEMENTS or version not in VERSIONS:
        return ""
    name = "-".join(element.upper() for element in ("by", "nc", "nd", "sa") if element in elements)
    return f"CC-{name}-{version}" + (f"-{port.upper()}" if port and version != "4.0" else "")


_ELEMENTS = tuple(frozenset(name.split("-")) for name in ("by", "by-sa", "by-nc", "by-nd", "by-nc-sa", "by-nc-nd"))


def _creative_commons(parts: list[str]) -> Address:
    names, *rest = parts
    elements = names.split("-")
    if frozenset(elements) not in _ELEMENTS or len(set(elements)) < len(elements):
        return Address(strange=True)
    if not rest:
        return Address(elements=frozenset(elements))
    version, *rest = rest
    port = rest.pop(0) if rest and rest[0] in license_table.titles().jurisdictions else ""
    license_id = creative_commons_id(frozenset(elements), version, port)
    if not license_id or len(rest) > 1 or (rest and not _is_document(rest[0])):
        return Address(strange=True)
    return Address(license_id)


def _is_document(name: str) -> bool:
    match = _DOCUMENT.fullmatch(name)
    language = match and match["language"]
    return bool(_BADGE.fullmatch(name) or (match and (not language or _is_language(language))) or _is_language(name))


def _is_language(name: str) -> bool:
    match = _LANGUAGE.fullmatch(name)
    return name in ("html", "txt", "xml") or bool(match and match[1] in license_table.titles().deeds)


def _only_shows(query: str) -> bool:
    names = (name for name, _ in parse_qsl(query.lower(), keep_blank_values=True))
    return all(name in _QUERIES or name.startswith("utm_") for name in names)


def _ends(place: str) -> Iterator[tuple[str, str]]:
    yield place, ""
    yield tuple(place.rpartition("/")[::2])  # type: ignore[misc]


@cache
def _known() -> dict[str, str]:
    return {address.lower(): entry.id for entry in license_table.licenses().license for address in entry.addresses}


@cache
def _prefixes() -> tuple[str, ...]:
    return tuple(license_table.licenses().addresses_of_licenses)


@cache
def _pattern() -> re.Pattern[str]:
    hosts = sorted({address.partition("/")[0] for address in (*_known(), *_prefixes())})
    bare = "|".join(map(re.escape, hosts))
    pattern = _ADDRESS.pattern.replace("(?:https?:)?//", rf"(?:(?:https?:)?//|(?:www\.)?(?=(?:{bare})/))", 1)
    return re.compile(pattern, re.IGNORECASE)
