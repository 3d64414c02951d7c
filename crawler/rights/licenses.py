"""Turn the licence statement of a source into one id, or into `unknown`.

Ids are SPDX ids (https://spdx.org/licenses/) where they exist, else those of https://rightsstatements.org/vocab/, with
their version: `CC0-1.0`, `CC-BY-SA-3.0-DE`, `GFDL-1.2-or-later`, `PDM-1.0` (Public Domain Mark, and works in the public
domain), `NKC-1.0` (no known restrictions), `NoC-US-1.0`, `InC-1.0` (all rights reserved).
A Creative Commons licence without a version is `unknown`: its terms depend on the version.
"""

import re
import unicodedata
from functools import lru_cache

UNKNOWN = "unknown"

_CC = ("by", "by-sa", "by-nc", "by-nd", "by-nc-sa", "by-nc-nd")
_CC_VERSIONS = ("1.0", "2.0", "2.1", "2.5", "3.0", "4.0")
# Jurisdictions that versions 1.0 to 3.0 were ported to: https://creativecommons.org/licenses/list.en
_PORTS = {
    "am", "ar", "at", "au", "az", "be", "bg", "br", "ca", "ch", "cl", "cn", "co", "cr", "cz", "de", "dk", "ec", "ee",
    "eg", "es", "fi", "fr", "ge", "gr", "gt", "hk", "hr", "hu", "ie", "igo", "il", "in", "it", "jp", "kr", "lu", "mk",
    "mt", "mx", "my", "nl", "no", "nz", "pe", "ph", "pl", "pr", "pt", "ro", "rs", "scotland", "se", "sg", "si", "th",
    "tw", "ug", "uk", "us", "ve", "vn", "za",
}  # fmt: skip
_COUNTRIES = {
    "australia": "au", "austria": "at", "osterreich": "at", "belgium": "be", "brazil": "br", "canada": "ca",
    "denmark": "dk", "england": "uk", "france": "fr", "germany": "de", "deutschland": "de", "igo": "igo",
    "intergovernmental": "igo", "ireland": "ie", "italy": "it", "italia": "it", "japan": "jp", "netherlands": "nl",
    "new zealand": "nz", "norway": "no", "poland": "pl", "polska": "pl", "portugal": "pt", "scotland": "scotland",
    "spain": "es", "espana": "es", "sweden": "se", "switzerland": "ch", "united states": "us",
}  # fmt: skip

_FLICKR = {
    "0": "InC-1.0", "1": "CC-BY-NC-SA-2.0", "2": "CC-BY-NC-2.0", "3": "CC-BY-NC-ND-2.0", "4": "CC-BY-2.0",
    "5": "CC-BY-SA-2.0", "6": "CC-BY-ND-2.0", "7": "NKC-1.0", "8": "NoC-US-1.0", "9": "CC0-1.0", "10": "PDM-1.0",
    "11": "CC-BY-4.0", "12": "CC-BY-SA-4.0", "13": "CC-BY-ND-4.0", "14": "CC-BY-NC-4.0", "15": "CC-BY-NC-SA-4.0",
    "16": "CC-BY-NC-ND-4.0",
}  # fmt: skip
"""Numeric ids: https://www.flickr.com/services/api/flickr.photos.licenses.getInfo.html"""

_URLS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), license_id)
    for pattern, license_id in (
        (r"creativecommons\.org/(?:publicdomain/zero|licenses/cc0|licenses/zero)\b", "CC0-1.0"),
        (r"creativecommons\.org/(?:publicdomain/mark|licenses/(?:mark|publicdomain|pdm))\b", "PDM-1.0"),
        (r"creativecommons\.org/publicdomain/certification", "PDM-1.0"),
        (r"rightsstatements\.org/(?:vocab|page)/nkc/", "NKC-1.0"),
        (r"flickr\.com/commons/usage", "NKC-1.0"),
        (r"rightsstatements\.org/(?:vocab|page)/noc-us/", "NoC-US-1.0"),
        (r"usa\.gov/(?:government-works|government-copyright|copyright)", "NoC-US-1.0"),
        (r"rightsstatements\.org/(?:vocab|page)/inc(?:-[a-z-]+)?/", "InC-1.0"),
        (r"nationalarchives\.gov\.uk/doc/open-government-licence/version/3", "OGL-UK-3.0"),
        (r"artlibre\.org/licence/lal", "LAL-1.3"),
    )
)
_CC_URL = re.compile(r"creativecommons\.org/licen[sc]es/([a-z-]+)/(\d\.\d)(?:/([a-z]+)\b)?")
_GFDL_URL = re.compile(r"gnu\.org/(?:copyleft/fdl|licenses/(?:old-licenses/)?fdl(?:-(\d\.\d))?)")

# Matched in this order against lower-case ASCII words separated by one space.
_TEXTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), license_id)
    for pattern, license_id in (
        (r"\bnot (?:yet )?(?:in |under )?(?:the |a )?(?:public domain|creative commons|cc)\b", UNKNOWN),
        (r"\ball rights reserved\b|\bin copyright\b|\balle rechte vorbehalten\b|\btous droits reserves\b", "InC-1.0"),
        (r"\btodos los derechos reservados\b|\btutti i diritti riservati\b", "InC-1.0"),
        (r"\bno known (?:copyright )?restrictions\b", "NKC-1.0"),
        (r"\bcc ?(?:0|zero)\b|\bcreative commons zero\b|\bpublic domain dedication\b", "CC0-1.0"),
    )
)
_LATER_TEXTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), license_id)
    for pattern, license_id in (
        (r"\bfree art licen[cs]e\b|\blicence art libre\b|^fal(?: 1\.3)?$", "LAL-1.3"),
        (r"\bopen government licen[cs]e (?:v|version )?3\b|\bogl (?:uk )?v?3\b", "OGL-UK-3.0"),
        (r"\bunited states government work\b|\bnoc us\b|\bno copyright (?:in the )?united states\b", "NoC-US-1.0"),
        (r"\bpublic domain\b|\bpdm?\b|\bdomaine public\b|\bdominio publico\b|\bgemeinfrei\b", "PDM-1.0"),
    )
)
_SHORT_CC = re.compile(r"(?:^|\bcc |\bcreative commons )(by(?: (?:nc|nd|sa))*)\b(.*)")
_LONG_CC = (
    (re.compile(r"\battribution\b"), "by"),
    (re.compile(r"\bnon ?commercial\b"), "nc"),
    (re.compile(r"\bno ?deriv(?:ative|ate)?s?\b"), "nd"),
    (re.compile(r"\bshare ?alike\b"), "sa"),
)
_VERSION = re.compile(r"\b(?:v|version )?(\d(?:\.\d)?)\b(.*)")
_GFDL = re.compile(r"\b(?:gfdl|gnu free documentation licen[cs]e)\b\D{0,20}(\d\.\d)?( only)?")

# Families from the most to the least permissive.
_FAMILIES = (
    "CC0", "PDM", "NKC", "NoC-US", "CC-BY", "OGL-UK", "CC-BY-SA", "LAL", "GFDL", "CC-BY-ND", "CC-BY-NC", "CC-BY-NC-SA",
    "CC-BY-NC-ND", UNKNOWN, "InC",
)  # fmt: skip

_NAMED = {
    "CC0-1.0": ("CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
    "PDM-1.0": ("public domain", "https://creativecommons.org/publicdomain/mark/1.0/"),
    "NKC-1.0": ("no known copyright restrictions", "http://rightsstatements.org/vocab/NKC/1.0/"),
    "NoC-US-1.0": ("no copyright in the United States", "http://rightsstatements.org/vocab/NoC-US/1.0/"),
    "InC-1.0": ("all rights reserved", "http://rightsstatements.org/vocab/InC/1.0/"),
    "OGL-UK-3.0": ("OGL 3.0", "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"),
    "LAL-1.3": ("Free Art License 1.3", "https://artlibre.org/licence/lal/en/"),
    UNKNOWN: ("licence unknown", ""),
}


@lru_cache(maxsize=10_000)
def normalise(text: str, url: str = "") -> str:
    """Return the id of a licence that is given as a URL, a name, an abbreviation, a Flickr number or free text.

    If text and URL name different licences, the stricter one counts. `unknown` if nothing is recognised.
    """
    known = {_of_url(url), _of_url(text), _of_text(text)} - {UNKNOWN}
    return max(sorted(known), key=openness, default=UNKNOWN)


def openness(license_id: str) -> int:
    """Return a rank: lower means more permissive. Ids that are not recognised rank like `unknown`."""
    family = _family(license_id)
    return _FAMILIES.index(family if family in _FAMILIES else UNKNOWN)


def name_of(license_id: str) -> str:
    """Return the usual name of a licence, for example `CC BY-SA 3.0 DE`."""
    if license_id in _NAMED:
        return _NAMED[license_id][0]
    family, terms = _family(license_id), license_id[len(_family(license_id)) + 1 :]
    return f"{family.replace('CC-', 'CC ')} {terms.replace('-', ' ')}"


def url_of(license_id: str) -> str:
    """Return the URL of a licence; empty for `unknown`."""
    if license_id in _NAMED:
        return _NAMED[license_id][1]
    family = _family(license_id)
    version, _, port = license_id[len(family) + 1 :].partition("-")
    if family == "GFDL":
        return f"https://www.gnu.org/licenses/old-licenses/fdl-{version}.html".replace(
            "old-licenses/fdl-1.3", "fdl-1.3"
        )
    elements = family.removeprefix("CC-").lower()
    return f"https://creativecommons.org/licenses/{elements}/{version}/" + (f"{port.lower()}/" if port else "")


def attribution(title: str, author: str, license_id: str, page_url: str) -> str:
    """Return one line to print beside an image: title, author, licence and source, as far as they are known."""
    work = f"“{title}”" if title else "Untitled"
    link = f" ({url_of(license_id)})" if url_of(license_id) else ""
    source = f", via {page_url}" if page_url else ""
    return f"{work} by {author or 'an unknown author'}, {name_of(license_id)}{link}{source}"


def _of_url(url: str) -> str:
    lower = url.lower()
    for pattern, license_id in _URLS:
        if pattern.search(lower):
            return license_id
    if match := _CC_URL.search(lower):
        return _cc(match[1].split("-"), match[2], match[3] or "")
    if match := _GFDL_URL.search(lower):
        return f"GFDL-{match[1] or '1.2'}-or-later"
    return UNKNOWN


def _of_text(text: str) -> str:
    if text.strip() in _FLICKR:
        return _FLICKR[text.strip()]
    words = _words(text)
    for pattern, license_id in _TEXTS:
        if pattern.search(words):
            return license_id
    if (license_id := _cc_of_words(words)) != UNKNOWN:
        return license_id
    if match := _GFDL.search(words):
        return f"GFDL-{match[1] or '1.2'}-{'only' if match[2] else 'or-later'}"
    for pattern, license_id in _LATER_TEXTS:
        if pattern.search(words):
            return license_id
    return UNKNOWN


def _cc_of_words(words: str) -> str:
    if match := _SHORT_CC.search(words):
        elements, rest = match[1].split(), match[2]
    else:
        elements, rest = [element for pattern, element in _LONG_CC if pattern.search(words)], words
    version = _VERSION.search(rest)
    if not version:
        return UNKNOWN
    last = version[2].split()[-1:] or [""]
    country = next((code for name, code in _COUNTRIES.items() if re.search(rf"\b{name}\b", version[2])), "")
    return _cc(elements, version[1] if "." in version[1] else f"{version[1]}.0", country or last[0])


def _cc(elements: list[str], version: str, port: str) -> str:
    name = "-".join(element for element in ("by", "nc", "nd", "sa") if element in elements)
    if name not in _CC or version not in _CC_VERSIONS:
        return UNKNOWN
    ported = port in _PORTS and version != "4.0"
    return f"CC-{name.upper()}-{version}" + (f"-{port.upper()}" if ported else "")


def _family(license_id: str) -> str:
    return re.split(r"-\d", license_id, maxsplit=1)[0]


def _words(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(re.sub(r"[^a-z0-9.]|\.(?!\d)|(?<!\d)\.", " ", plain).split())
