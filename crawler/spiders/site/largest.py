"""Find the largest picture of an element: its srcset, the attributes of scripts that load it later, its src."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from parsel import Selector

from crawler.spiders.site.addresses import address, is_picture
from crawler.spiders.site.srcset import candidates, looks_like_srcset

TELEPHONE = 1024  # CSS pixels; a <source> for windows up to this width is a crop
_FORMATS = ("image/svg", "image/jxl", "image/heic", "video/", "audio/")  # that are no picture here
_FULL = re.compile(r"orig(?!inal)|full|zoom|hi-?res|high-?res|big|magnif|max")
_LARGE = re.compile(r"large|original")
_SMALL = re.compile(
    r"(?:^|[-_])(?:thumb|small|medium|low|lq|tiny|blur|placeholder|preview|fallback|error|icon|avatar|hover|poster)"
)
_TEXT = re.compile(r"(?:^|[-_])(?:\w*name|title|caption|alt|desc|label|text|slug|credit|meta|id$)")
_ADDRESS = re.compile(
    r"(?:^|[-_])(?:\w*src|echo|lazy|lazyload|file|original|(?:full|zoom|large|orig)[-_]?(?:url|image|src)?"
    r"|(?:image|img|photo)[-_]?(?:url|src))$"
)
_MAX_WIDTH = re.compile(r"max-(?:device-)?width\s*:\s*([\d.]+)\s*(px|r?em)|width\s*<=?\s*([\d.]+)\s*(px|r?em)", re.I)
_NO_SCREEN = re.compile(r"\bprint\b|portrait|prefers-", re.IGNORECASE)


class _Choice(NamedTuple):
    whole: bool  # not a crop for telephones
    rank: float  # of the attribute
    size: float  # within one rank
    url: str


def largest(element: Selector) -> str:
    """Return the address of the largest picture of an element, or "".

    Any `data-` attribute counts whose whole value is the address of a picture or a srcset. The order is: what is named
    full or original, the largest of a srcset, other `data-` attributes, `src`.
    """
    sources = element.xpath("descendant-or-self::img | descendant-or-self::source | ancestor::picture[1]//source")
    return _best(choice for source in sources for choice in _choices(source))


def linked(link: Selector) -> str:
    """Return the address of the picture that a link leads to, in its `href` or in `data-` attributes, or ""."""
    href = link.attrib.get("href", "")
    choices = list(_of_data(link, True))
    return _best([*choices, _Choice(True, 1.8, 1, address(href))] if is_picture(href) else choices)


def _best(choices: Iterable[_Choice]) -> str:
    """Return the best choice, of equal ones the first."""
    usable = [one for one in choices if one.url]
    return max(usable, key=lambda one: one[:3]).url if usable else ""


def _choices(source: Selector) -> Iterator[_Choice]:
    if source.attrib.get("type", "").lower().startswith(_FORMATS):
        return
    whole = not _is_for_telephones(source.attrib.get("media", ""))
    yield from _of_srcset(source.attrib.get("srcset", ""), whole)
    yield from _of_data(source, whole)
    yield _Choice(whole, 0, 1, address(source.attrib.get("src", "")))


def _of_data(element: Selector, whole: bool) -> Iterator[_Choice]:
    for name, value in element.attrib.items():
        kind = name.lower()[5:]
        if not name.lower().startswith("data-") or _SMALL.search(kind) or _TEXT.search(kind):
            continue
        if looks_like_srcset(value) or kind.endswith("srcset"):
            yield from _of_srcset(value, whole)
        elif len(value.split()) != 1:
            continue
        elif is_picture(value) or (_ADDRESS.search(kind) and "/" in value):
            yield _Choice(whole, 3 if _FULL.search(kind) else 1.5 if _LARGE.search(kind) else 1, 1, address(value))


def _of_srcset(text: str, whole: bool) -> Iterator[_Choice]:
    for url, size in candidates(text):
        yield _Choice(whole, 2, size, address(url))


def _is_for_telephones(media: str) -> bool:
    if _NO_SCREEN.search(media):
        return True
    widths = [(first or second, unit or other) for first, unit, second, other in _MAX_WIDTH.findall(media)]
    return any(float(size) * (1 if unit == "px" else 16) <= TELEPHONE for size, unit in widths if _is_number(size))


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"\d+(?:\.\d*)?|\.\d+", text))
