"""Read place, date and subject of a IIIF canvas or its manifest.

https://iiif.io/api/extension/navplace/ (GeoJSON), https://iiif.io/api/presentation/3.0/#navdate
"""

from collections.abc import Iterator
from typing import Any

from crawler.metadata.dates import coarse_date
from crawler.metadata.wikidata import q_id
from crawler.spiders.iiif.values import Object, identity, listed, mapping, metadata, objects, text

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
        dates = [values[0] for label, values in metadata(thing) if label in _DATES and values]
        date = dates[0] if dates else coarse_date(text(thing.get("navDate")))
        if date:
            found.setdefault("taken", date)
        if item := next(filter(None, map(q_id, map(identity, listed(thing.get("seeAlso"))))), None):
            found.setdefault("wikidata", item)
    return found


def subjects(manifest: Object) -> tuple[str, ...]:
    """Return the subjects in the metadata of a manifest."""
    return tuple(value for label, values in metadata(manifest) if label in _SUBJECTS for value in values)


def _points(place: Any) -> Iterator[tuple[str, str]]:
    """Yield longitude and latitude of each feature; _NO_POINT for a line or an area."""
    for collection in objects(place):
        for feature in objects(collection.get("features")):
            geometry = mapping(feature.get("geometry"))
            position = listed(geometry.get("coordinates")) if geometry.get("type") == "Point" else []
            longitude, latitude, *_ = [*map(text, position), "", ""]
            yield (longitude, latitude) if longitude and latitude else _NO_POINT
