"""Turn the licence statement of a source into one id, or into `unknown`.

Ids are SPDX ids (https://spdx.org/licenses/) where they exist, else those of https://rightsstatements.org/vocab/, with
their version: `CC0-1.0`, `CC-BY-SA-3.0-DE`, `GFDL-1.2-or-later`, `PDM-1.0` (Public Domain Mark, and works in the public
domain), `NKC-1.0` (no known restrictions), `NoC-US-1.0`, `InC-1.0` (all rights reserved).
A Creative Commons licence without a version is `unknown`: its terms depend on the version.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from crawler.rights import license_table
from crawler.rights.license_text import Reading, read, read_address
from crawler.rights.license_words import LONGEST

UNKNOWN = "unknown"
RESERVED = "InC-1.0"


def normalise(text: str, url: str = "") -> str:
    """Return the id of the licence in a statement: a name, an abbreviation, a Flickr number, HTML or free text.

    Fails closed: names of licences, addresses of licences and a closed list of harmless words are taken out of the
    text, and if anything is left over, the licence is `unknown`. Of several licences the strictest counts, and
    a reservation of all rights counts over everything. A text that names no licence, such as "Provided by the museum",
    leaves the licence of `url` as it is, unless it has a word that denies, limits or claims (licenses.toml lists them);
    so does HTML that links to the same licence.

    Args:
        text: what the source states.
        url: the address of the licence, if the source gives it separately.
    """
    return _normalise(text[: LONGEST + 1], url[: LONGEST + 1])


def states(text: str, url: str = "") -> bool:
    """Return whether a statement says anything of rights, so that no statement farther from the picture counts."""
    reading, address = _readings(text[: LONGEST + 1], url[: LONGEST + 1])
    return any(one.names_a_licence or one.doubtful for one in (reading, address))


def mentions(text: str) -> bool:
    """Return whether free text, such as a caption, mentions a licence or a claim: not every `no` or `only` is one."""
    reading = read(text[: LONGEST + 1])
    return reading.names_a_licence or reading.claims


def leaves(around: str, *, strictly: bool) -> bool:
    """Return whether a text leaves the licence that is linked in it as it is.

    Args:
        around: the text without that of the link.
        strictly: whether words that are not understood make it false; limits, doubts and other licences always do.
    """
    reading = read(around[: LONGEST + 1])
    changes = reading.names_a_licence or reading.doubtful or reading.doubts
    return not (changes or (strictly and reading.left_over))


class Statement(NamedTuple):
    """What a source states of the rights in a picture.

    Attributes:
        text: names of licences, free text, and further addresses.
        url: the address of a licence, if the source gives one by itself.
    """

    text: str = ""
    url: str = ""


def nearest(statements: Iterable[Statement]) -> Statement:
    """Return the first statement that says anything of rights; if none does, the last that is not empty.

    Args:
        statements: the one nearest to the picture first.
    """
    last = Statement()
    for one in statements:
        if states(*one):
            return one
        last = one if any(one) else last
    return last


def strictest(license_ids: Iterable[str]) -> str:
    """Return the least permissive licence, of equal ones the first; `unknown` if there is none."""
    return max(license_ids, key=openness, default=UNKNOWN)


@lru_cache(maxsize=10_000)
def _normalise(text: str, url: str) -> str:
    reading, address = _readings(text, url)
    if reading.reserved or address.reserved:
        return RESERVED
    named = [*address.licenses, *reading.licenses]
    doubtful = reading.doubtful or address.doubtful or address.left_over
    # Words around a link in HTML, such as the author's name, are allowed if the URL is of the same licence.
    confirmed = reading.linked and set(reading.licenses) == set(address.licenses)
    unexplained = reading.left_over and (not named or (reading.names_a_licence and not confirmed))
    if doubtful or unexplained or not _finished([*reading.unfinished, *address.unfinished], named):
        return UNKNOWN
    return strictest(named)


def _readings(text: str, url: str) -> tuple[Reading, Reading]:
    """Return what the text says and what the URL says."""
    if url and not re.match(r"(?:https?:/)?/|[\w.-]+/", url.strip(), re.IGNORECASE):
        return read(text), read(url)
    address = Reading()
    if url:
        read_address(url.strip(), address)
    return read(text), address


def _finished(unfinished: Iterable[frozenset[str]], named: Iterable[str]) -> bool:
    """Return whether each licence without a version is another name of one that has a version."""
    complete = [frozenset(_family(one).lower().split("-")[1:]) for one in named if one.startswith("CC-")]
    return all(any(elements <= one for one in complete) for elements in unfinished)


def openness(license_id: str) -> int:
    """Return a rank: lower means more permissive. Ids that are not recognised rank like `unknown`."""
    order, family = license_table.licenses().order, _family(license_id)
    return order.index(family if family in order else UNKNOWN)


def name_of(license_id: str) -> str:
    """Return the usual name of a licence, for example `CC BY-SA 3.0 DE`."""
    if license_id == UNKNOWN:
        return "licence unknown"
    if entry := license_table.by_id().get(license_id):
        return entry.name
    family, terms = _family(license_id), license_id[len(_family(license_id)) + 1 :]
    return f"{family.replace('CC-', 'CC ')} {terms.replace('-', ' ')}"


def url_of(license_id: str) -> str:
    """Return the URL of a licence; empty for `unknown`."""
    if license_id == UNKNOWN:
        return ""
    if entry := license_table.by_id().get(license_id):
        return entry.url
    family = _family(license_id)
    version, _, port = license_id[len(family) + 1 :].partition("-")
    elements = family.removeprefix("CC-").lower()
    return f"https://creativecommons.org/licenses/{elements}/{version}/" + (f"{port.lower()}/" if port else "")


def attribution(title: str, author: str, license_id: str, page_url: str) -> str:
    """Return one line to print beside an image: title, author, licence and source, as far as they are known."""
    work = f"“{title}”" if title else "Untitled"
    link = f" ({url_of(license_id)})" if url_of(license_id) else ""
    source = f", via {page_url}" if page_url else ""
    return f"{work} by {author or 'an unknown author'}, {name_of(license_id)}{link}{source}"


def _family(license_id: str) -> str:
    return re.split(r"-\d", license_id, maxsplit=1)[0]
