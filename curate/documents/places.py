"""The countries of the facades, and in which of them the architect's right deserves a look."""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import reverse_geocode
from numpy.typing import NDArray

from curate.documents.markdown import table

FREEDOM_OF_PANORAMA = "freedom_of_panorama.toml"

FAR = 30  # kilometres from the nearest town, beyond which the country is not known
INHABITANTS = 1000  # of a town; without Vatican City, whose 800 would be the nearest to half of Rome
NOT_KNOWN = ""

_EARTH = 6371.0  # radius in kilometres
_AROUND = np.stack([np.sin(np.arange(8) * np.pi / 4), np.cos(np.arange(8) * np.pi / 4)], axis=1)

Points = NDArray[np.float64]


def count_countries(kept: pa.Table) -> dict[str, int]:
    """Return the number of facades by country, the most first, of those with coordinates.

    Args:
        kept: rows of the manifest, with the columns latitude and longitude.

    Returns:
        ISO 3166-1 codes of two letters; NOT_KNOWN where the country is not certain.
    """
    points = np.stack([kept[name].drop_null().to_numpy() for name in ("latitude", "longitude")], axis=1)
    # A ten-thousandth of a degree is 11 m.
    distinct, which = np.unique(np.round(points, 4), axis=0, return_inverse=True)
    counts = Counter(np.array(countries(distinct), object)[which.ravel()].tolist()) if len(points) else Counter()
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def countries(points: Points) -> list[str]:
    """Return the country of each point: that of the nearest town with INHABITANTS or more (GeoNames).

    It is NOT_KNOWN farther than FAR from any town, and near a border: where eight points around, as far away as the
    town, are not all nearest to a town of the same country.

    Args:
        points: n × 2, latitude and longitude in degrees.
    """
    codes, towns = _nearest(points)
    distance = _kilometres(points, towns)
    degrees = np.degrees(distance / _EARTH)
    per_degree = np.maximum(np.cos(np.radians(points[:, 0])), 0.01)  # of longitude
    steps = np.stack([degrees, degrees / per_degree], axis=1)
    around, _ = _nearest((points[:, None] + steps[:, None] * _AROUND).reshape(-1, 2))
    agree = (around.reshape(-1, len(_AROUND)) == codes[:, None]).all(axis=1)
    return [str(code) for code in np.where(agree & (distance <= FAR), codes, NOT_KNOWN)]


def by_place(placed: Mapping[str, int], without: Mapping[str, int]) -> Iterator[str]:
    """Yield the lines of the card's section on places, in Markdown.

    Args:
        placed: facades with coordinates by country, as `count_countries` returns them.
        without: facades without coordinates, by source.
    """
    total = sum(placed.values()) + sum(without.values())
    yield "## By place"
    yield ""
    yield f"{sum(placed.values())} of {total} facades have coordinates, and {sum(without.values())} have no place."
    yield ""
    if placed:
        yield (
            "The country is that of the nearest town (GeoNames, CC BY 4.0); it is not known near a border and far from "
            "any town. Beside the photographer, the architect of a building may have a right in its picture, until 70 "
            "years after the architect's death in most countries. “Deserves a look” marks countries whose law does not "
            "allow every use of photographs taken from a public place, and those that the table "
            f"`curate/documents/{FREEDOM_OF_PANORAMA}` does not list. This is no legal advice."
        )
        yield ""
        yield from table(
            ("country", "facades", "architect's right"),
            ((country_name(code), count, architects_right(code)) for code, count in placed.items()),
        )
    if without:
        yield from table(("source of facades without a place", "facades"), without.items())


def country_name(code: str) -> str:
    """Return the name of a country by its ISO 3166-1 code."""
    listed = _table().get(code)
    return listed["name"] if listed else code or "not known"


def architects_right(code: str) -> str:
    """Return in a few words whether the architect's right deserves a look in a country."""
    listed = _table().get(code)
    if listed is None:
        return "not known: deserves a look"
    if listed["buildings"] == "free":
        return "free from public places"
    return f"deserves a look: {listed['law']}; {listed['source']}"


@cache
def _table() -> dict[str, dict[str, str]]:
    text = (Path(__file__).parent / FREEDOM_OF_PANORAMA).read_text(encoding="utf-8")
    return tomllib.loads(text)


def _nearest(points: Points) -> tuple[NDArray[np.str_], Points]:
    """Return country and position of the town that is nearest in degrees."""
    towns = reverse_geocode.search(points, min_population=INHABITANTS)
    positions = np.array([(town["latitude"], town["longitude"]) for town in towns]).reshape(-1, 2)
    return np.array([town["country_code"] for town in towns], np.str_), positions


def _kilometres(one: Points, other: Points) -> NDArray[np.float64]:
    """Return the great-circle distances between two arrays of points (haversine formula)."""
    (north, east), (to_north, to_east) = np.radians(one).T, np.radians(other).T
    chord = np.sin((to_north - north) / 2) ** 2 + np.cos(north) * np.cos(to_north) * np.sin((to_east - east) / 2) ** 2
    return np.asarray(2 * _EARTH * np.arcsin(np.sqrt(chord)))
