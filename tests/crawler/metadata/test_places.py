"""Coordinates and headings: bounds, and what is no place."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.metadata.places import coordinates, heading


def degrees(limit: int) -> st.SearchStrategy[float]:
    """Degrees to a centimetre."""
    return st.floats(-limit, limit).map(lambda value: round(value, 7)).filter(lambda value: value != 180)


@given(degrees(90), degrees(180))
def test_every_place_on_earth_is_read_exactly(north: float, east: float) -> None:
    expected = None if north == east == 0 else (north, east)
    assert coordinates(repr(north), f" {east!r} ") == expected


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        ("", ""),
        ("48.8", ""),
        ("0", "0"),
        ("-0.0", "0.0"),
        ("90.1", "0"),
        ("48.8", "180.1"),
        ("48.8", "348.2"),
        ("nan", "2"),
        ("inf", "2"),
        ("48,8", "2,3"),
        ("48.8N", "2.3E"),
        ("4_8", "2"),
        ("1e999", "2"),
        ("None", "None"),
    ],
)
def test_what_is_no_place_is_none(latitude: str, longitude: str) -> None:
    assert coordinates(latitude, longitude) is None


def test_the_date_line_has_one_number() -> None:
    assert coordinates("10", "180") == coordinates("10", "-180") == (10, -180)


@pytest.mark.parametrize(
    ("text", "degrees"),
    [("0", 0), ("359.9", 359.9), ("360", 0), ("360.1", None), ("-1", None), ("north", None), ("", None), ("nan", None)],
)
def test_a_heading_is_below_360_degrees(text: str, degrees: float | None) -> None:
    assert heading(text) == degrees


@given(st.text(max_size=12))
def test_no_text_is_an_error(text: str) -> None:
    found = coordinates(text, text)
    assert found is None or all(math.isfinite(one) for one in found)
