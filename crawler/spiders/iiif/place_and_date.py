"""Read place, date and subject of a IIIF canvas or its manifest.

https://iiif.io/api/extension/navplace/ (GeoJSON), https://iiif.io/api/presentation/3.0/#navdate
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from crawler.metadata.dates import coarse_date
from crawler.metadata.wikidata import q_id
from crawler.plaintext import plain_text

Object: TypeAlias = Mapping[str, Any]

_NO_POINT = ("", "")
_SUBJECTS = {"keyword", "keywords", "subject", "subjects"}
_DATES = {"created", "created published", "date", "date created", "date taken"}


def place_and_date(canvas: Object, manifest: Object) -> dict[str, str]:
    """Return latitude, longitude, taken and wikidata, where stated; the canvas comes before the manifest.

    navPlace counts if all its features are one point. A date in the metadata, even an uncertain one, comes before
    navDate, which is always a full timestamp and may be the beginning of a range.
    """
    found: dict[str, str] = {}
    for thing in (canvas, manifest):
        points = set(_points(thing.get("navPlace")))
        if len(points) == 1 and points != {_NO_POINT} and "latitude" not in found:
            found["longitude"], found["latitude"] = points.pop()
        dates = [value for label, value in _metadata(thing) if label.lower() in _DATES]
        date = dates[0] if dates else coarse_date(str(thing.get("navDate") or ""))
        if date:
            found.setdefault("taken", date)
        items = (q_id(str(other.get("id") or other.get("@id"))) for other in _objects(thing.get("seeAlso")))
        if item := next(filter(None, items), None):
            found.setdefault("wikidata", item)
    return found


def subjects(manifest: Object) -> tuple[str, ...]:
    """Return the subjects in the metadata of a manifest."""
    found = (
        pair.get("value")
        for pair in _objects(manifest.get("metadata"))
        if _text(pair.get("label")).lower() in _SUBJECTS
    )
    values = (
        value.get("en") or next(iter(value.values()), "") if isinstance(value, Mapping) else value for value in found
    )
    return tuple(_text(one) for value in values for one in (value if isinstance(value, list) else [value]))


def _points(place: Any) -> Iterator[tuple[str, str]]:
    """Yield longitude and latitude of each feature; _NO_POINT for a line or an area."""
    for collection in _objects(place):
        for feature in _objects(collection.get("features")):
            geometry = next(iter(_objects(feature.get("geometry"))), {})
            position = geometry.get("coordinates") if geometry.get("type") == "Point" else None
            is_point = isinstance(position, list) and len(position) >= 2
            yield (str(position[0]), str(position[1])) if position and is_point else _NO_POINT


def _metadata(thing: Object) -> Iterator[tuple[str, str]]:
    for pair in _objects(thing.get("metadata")):
        yield _text(pair.get("label")), _text(pair.get("value"))


def _text(value: Any) -> str:
    """Return the first text of a label or a value: a string, a list, or a map of languages."""
    while isinstance(value, Mapping | list):
        values = value if isinstance(value, list) else [value.get("@value"), value.get("en"), *value.values()]
        value = next(filter(None, values), "")
    return plain_text(str(value or ""))


def _objects(value: Any) -> list[Object]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, Mapping)]
