"""Read values of JSON-LD, in which each may be null, one thing, a list, a text or an object.

None of these functions raises an error: a value of another kind counts as absent.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias
from urllib.parse import urljoin, urlsplit

from crawler.plaintext import plain_text

Object: TypeAlias = Mapping[str, Any]

_NUMBER = re.compile(r"\s*(\d{1,9})(?:\.\d*)?\s*", re.ASCII)
_NOT_UTF_8 = re.compile("[\ud800-\udfff]")


def listed(value: Any) -> list[Any]:
    """Return the values in a list, or the one value."""
    return value if isinstance(value, list) else [] if value is None else [value]


def objects(value: Any) -> list[Object]:
    """Return the objects in a list, or the one object."""
    return [one for one in listed(value) if isinstance(one, Mapping)]


def mapping(value: Any) -> Object:
    """Return an object, or the first one in a list; else an empty one."""
    return next(iter(objects(value)), {})


def number(value: Any) -> int | None:
    """Return a number of pixels, which may be written as a text; None if it is not at least 1."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    written = _NUMBER.fullmatch(f"{value:.0f}" if isinstance(value, float) else str(value))
    return (written and int(written[1])) or None


def kinds(thing: Object) -> set[str]:
    """Return the types of a resource in lower case, without prefix: `image` for `dctypes:Image`."""
    return {last_part(one) for one in (*listed(thing.get("type")), *listed(thing.get("@type")))}


def last_part(name: Any) -> str:
    """Return the last part of a URI or of a name with a prefix, in lower case."""
    return re.split(r"[:/#]", name)[-1].strip().lower() if isinstance(name, str) else ""


def identity(thing: Any) -> str:
    """Return the URL of a resource, which may be an object or the URL itself; "" if there is none."""
    if isinstance(thing, Mapping):
        thing = next((one for one in (thing.get("id"), thing.get("@id")) if one and isinstance(one, str)), "")
    return thing.strip() if isinstance(thing, str) else ""


def web_address(thing: Any, base: str) -> str:
    """Return the absolute URL of a resource; "" if it has none with which a request can be made."""
    try:
        url = urljoin(base, identity(thing) or "urn:none")
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # not a host, not a port
        return ""
    return url if usable and not _NOT_UTF_8.search(url) else ""


def leaves(value: Any, *, every_language: bool = True) -> Iterator[str]:
    """Yield the texts in a text, a list, `{"@value": …}` or a map of languages, as they are written.

    Args:
        value: of any kind.
        every_language: if false, those of one language: English, else without a language, else the first.
    """
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting.extend(reversed(one))
        elif isinstance(one, Mapping):
            stated = [one[key] for key in ("@value", "en", "none") if one.get(key)] or list(filter(None, one.values()))
            every = [one["@value"]] if "@value" in one else list(one.values())
            waiting.extend(reversed(every if every_language else stated[:1]))
        elif one is not None and not isinstance(one, bool):
            yield _NOT_UTF_8.sub("", str(one))


def texts(value: Any) -> list[str]:
    """Return the texts in a value, in one language, without HTML; empty ones are left out."""
    return list(filter(None, map(plain_text, leaves(value, every_language=False))))


def text(value: Any) -> str:
    """Return the texts in a value, in one language, without HTML, as one."""
    return "; ".join(texts(value))


def metadata(thing: Object) -> Iterator[tuple[str, list[str]]]:
    """Yield label, in lower case, and texts of each entry in the metadata of a resource."""
    for pair in objects(thing.get("metadata")):
        yield text(pair.get("label")).lower(), texts(pair.get("value"))
