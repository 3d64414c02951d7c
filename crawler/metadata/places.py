"""Read the coordinates and headings that sources and cameras state."""

import math
import re

_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d{1,2})?", re.ASCII)


def coordinates(latitude: str, longitude: str) -> tuple[float, float] | None:
    """Return latitude and longitude in degrees, −90 to 90 and −180 to below 180; None if they are no place.

    One without the other is no place, and neither is 0, 0: receivers without a fix and empty databases write it.
    """
    north, east = number(latitude), number(longitude)
    if north is None or east is None or abs(north) > 90 or abs(east) > 180 or (north, east) == (0, 0):
        return None
    return north, -180.0 if east == 180 else east


def heading(text: str) -> float | None:
    """Return the direction in which the camera looks in degrees clockwise from true north, 0 to below 360."""
    degrees = number(text)
    return degrees % 360 if degrees is not None and 0 <= degrees <= 360 else None


def number(text: str) -> float | None:
    """Return a decimal number; None if the text is no number, or not a finite one."""
    text = text.strip()
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    return value + 0.0 if math.isfinite(value) else None  # + 0.0 turns -0.0 into 0.0
