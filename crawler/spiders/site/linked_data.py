"""Read the properties of an ImageObject in JSON-LD (https://schema.org/ImageObject)."""

from collections.abc import Iterator, Mapping
from typing import Any

from crawler.metadata.wikidata import q_id


def title(node: Mapping[str, Any]) -> str:
    """Return the name, else the caption: of several the first."""
    return next((text for name in ("name", "caption", "headline") for text in _texts(node.get(name))), "")


def author(node: Mapping[str, Any]) -> str:
    """Return the names of the creators, else of the authors, else the credit."""
    for name in ("creator", "author", "creditText"):
        if names := list(dict.fromkeys(_texts(node.get(name)))):
            return "; ".join(names)
    return ""


def place_and_date(node: Mapping[str, Any]) -> dict[str, str]:
    """Return latitude, longitude, taken, wikidata and digital_source_type of an ImageObject, where stated.

    The place is `contentLocation`, else `locationCreated`; the subject is the first Wikidata item of `about` and
    `mainEntity`.
    """
    found = {
        "taken": _text(node.get("dateCreated")),
        "wikidata": next(_items(node), ""),
        "digital_source_type": _text(node.get("digitalSourceType")),
    }
    for place in (*_objects(node.get("contentLocation")), *_objects(node.get("locationCreated"))):
        point = next(iter(_objects(place.get("geo"))), place)
        latitude, longitude = (_text(point.get(name)) for name in ("latitude", "longitude"))
        if latitude and longitude:
            return {**found, "latitude": latitude, "longitude": longitude}
    return found


def keywords(node: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the keywords: a list of texts or of defined terms, or one text with commas."""
    stated = node.get("keywords")
    if isinstance(stated, str):
        return tuple(_line(one) for one in stated.split(","))
    return tuple(_text(one.get("name") if isinstance(one, Mapping) else one) for one in _list(stated))


def _items(node: Mapping[str, Any]) -> Iterator[str]:
    for thing in (*_objects(node.get("about")), *_objects(node.get("mainEntity"))):
        for url in (thing.get("@id"), *_list(thing.get("sameAs"))):
            if item := q_id(_text(url)):
                yield item


def _texts(value: Any) -> Iterator[str]:
    """Yield the names in a value: texts, numbers, objects with a name or a value, lists of these."""
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, list):
            stack += reversed(one)
        elif isinstance(one, Mapping):
            stack += [one[name] for name in ("@value", "name", "caption", "text") if name in one][:1]
        elif isinstance(one, str | int | float) and not isinstance(one, bool) and (text := _line(str(one))):
            yield text


def _line(text: str) -> str:
    """Return a text on one line, a replacement character for each half of a surrogate pair."""
    return " ".join(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").split())


def _text(value: Any) -> str:
    """Return a text or a number; of an object its `@id` or `@value`."""
    if isinstance(value, Mapping):
        value = value.get("@value") or value.get("@id")
    return _line(str(value)) if isinstance(value, str | int | float) else ""


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in _list(value) if isinstance(one, Mapping)]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
