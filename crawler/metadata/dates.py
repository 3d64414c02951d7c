"""Normalise the dates that sources and cameras state to ISO 8601, in the precision in which they are stated."""

import datetime
import re

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR = r"(?P<year>[12]\d{3})"
_MONTH = r"(?P<name>jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_DAY = r"(?P<day>\d{1,2})"
_TIME = r"(?:[T,]?\s*\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?)?"

_FORMS = tuple(
    re.compile(form, re.IGNORECASE | re.ASCII)
    for form in (
        rf"{_YEAR}-(?P<month>\d{{2}})-{_DAY}{_TIME}",  # ISO 8601
        rf"{_YEAR}:(?P<month>\d{{2}}):{_DAY}{_TIME}",  # EXIF 2.32, tag 36867
        rf"{_YEAR}-(?P<month>\d{{2}})",
        rf"{_YEAR}(?:\.0)?",  # a column of years that has gaps is a column of floats
        rf"{_DAY} {_MONTH},? {_YEAR}{_TIME}",  # 25 September 2012, 16:23
        rf"{_MONTH} {_DAY},? {_YEAR}{_TIME}",  # September 25, 2012
        rf"{_YEAR},? {_MONTH}(?: {_DAY})?",  # 2007 Nov. 3: the Library of Congress
        rf"{_MONTH},? {_YEAR}",
    )
)
_AROUND = re.compile(
    r"(?:taken on |photographed |created )?\[?(?P<date>[^\[\]]*?)\]?\.?\s*(?:\(according to exif data\))?",
    re.IGNORECASE,
)


def iso_date(text: str) -> str | None:
    """Return a date as `2012-09-25`, `2012-09` or `2012` (ISO 8601-1, reduced precision); None if it is not certain.

    A text that is an estimate or a range (`circa 1900`, `[1905?]`, `1890s`, `between 1890 and 1900`) is not certain,
    and neither is a day that no calendar has, such as the `0000:00:00` of a camera whose clock was never set.

    Args:
        text: one date in ISO 8601, in the form of EXIF, or in English; a time of day is left out.
    """
    around = _AROUND.fullmatch(" ".join(text[:100].split()))
    if around is None:
        return None
    found = next(filter(None, (form.fullmatch(around["date"]) for form in _FORMS)), None)
    return found and _iso(found.groupdict())


def coarse_date(text: str) -> str | None:
    """Return the date of a timestamp that must be complete: the first of January stands for a year, of May for a month.

    Sources that know only the year of a picture write midnight of its first day (IIIF's navDate).
    """
    date = iso_date(text)
    return date and date.removesuffix("-01").removesuffix("-01")


def _iso(parts: dict[str, str | None]) -> str | None:
    name = parts.get("name")
    month = str(_MONTHS.index(name[:3].lower()) + 1) if name else parts.get("month")
    whole = [int(part) for part in (parts["year"], month, parts.get("day")) if part]
    try:
        date = datetime.date(*[*whole, 1, 1][:3])
    except ValueError:
        return None
    return date.isoformat()[: (4, 7, 10)[len(whole) - 1]]
