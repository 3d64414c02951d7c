"""EXIF: place and date of files that Pillow wrote, and of damaged ones."""

import io
import random
from fractions import Fraction
from typing import Any

import pytest
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from crawler.metadata.exif import read_exif

GPS = ExifTags.GPS
NORTH_WEST: dict[int, Any] = {
    GPS.GPSLatitudeRef: "N",
    GPS.GPSLatitude: (48.0, 51.0, 29.5),
    GPS.GPSLongitudeRef: "W",
    GPS.GPSLongitude: (2.0, 17.0, 40.0),
    GPS.GPSImgDirectionRef: "T",
    GPS.GPSImgDirection: 90.5,
    GPS.GPSMapDatum: "WGS-84",
}
PLACE = {"latitude": "48.8581944", "longitude": "-2.2944444", "heading": "90.5"}
ZERO_BY_ZERO = IFDRational(0, 0)


def picture(format_: str = "JPEG", gps: dict[int, Any] | None = None, taken: str | None = None, **more: Any) -> bytes:
    exif = Image.Exif()
    if gps:
        exif[ExifTags.IFD.GPSInfo] = gps
    if taken is not None:
        exif[ExifTags.IFD.Exif] = {ExifTags.Base.DateTimeOriginal: taken}
    exif[ExifTags.Base.DateTime] = "2026:01:01 00:00:00"  # when the file was changed
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, format_, exif=exif.tobytes(), **more)
    return out.getvalue()


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_place_and_date_are_read_from_every_format_that_has_exif(format_: str) -> None:
    body = picture(format_, NORTH_WEST, "1998:05:24 16:23:02")
    assert read_exif(body) == {**PLACE, "taken": "1998:05:24 16:23:02"}


@pytest.mark.parametrize(
    ("change", "lost"),
    [
        ({GPS.GPSLatitude: (ZERO_BY_ZERO, 0.0, 0.0)}, {"latitude"}),
        ({GPS.GPSLatitude: (48.0, 60.0, 0.0)}, {"latitude"}),
        ({GPS.GPSLatitude: (48.0, 51.0)}, {"latitude"}),
        ({GPS.GPSLatitudeRef: ""}, {"latitude"}),
        ({GPS.GPSLatitudeRef: "E"}, {"latitude"}),
        ({GPS.GPSLongitudeRef: "NS"}, {"longitude"}),
        ({GPS.GPSImgDirectionRef: "M"}, {"heading"}),
        ({GPS.GPSMapDatum: "TOKYO"}, set(PLACE)),
        ({GPS.GPSStatus: "V"}, set(PLACE)),
    ],
)
def test_what_is_odd_is_left_out(change: dict[int, Any], lost: set[str]) -> None:
    found = read_exif(picture(gps={**NORTH_WEST, **change}))
    assert found == {name: text for name, text in PLACE.items() if name not in lost}


def test_a_heading_of_zero_by_zero_is_no_number() -> None:
    assert read_exif(picture(gps={**NORTH_WEST, GPS.GPSImgDirection: ZERO_BY_ZERO}))["heading"] == "nan"


def test_south_and_west_are_negative() -> None:
    found = read_exif(picture(gps={**NORTH_WEST, GPS.GPSLatitudeRef: "S", GPS.GPSLongitudeRef: "E"}))
    assert (found["latitude"], found["longitude"]) == ("-48.8581944", "2.2944444")


@pytest.mark.parametrize("body", [b"", b"no image", b"Exif\0\0", b"II*\0", b"\xff\xd8\xff\xe1\0\x10Exif\0\0MM\0*"])
def test_a_file_without_exif_states_nothing(body: bytes) -> None:
    assert read_exif(body) == {}


def test_damage_is_never_an_error() -> None:
    rng = random.Random(7)
    body = picture(gps=NORTH_WEST, taken="1998:05:24 16:23:02")
    for _ in range(1000):
        damaged = bytearray(body)
        for _ in range(rng.randrange(1, 9)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        found = read_exif(bytes(damaged[: rng.randrange(1, len(damaged) + 1)]))
        assert found.keys() <= {*PLACE, "taken"}


def test_the_pixels_of_a_huge_png_are_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    body = picture("PNG", NORTH_WEST)
    assert read_exif(body) == PLACE
    monkeypatch.setattr("crawler.metadata.exif.MAX_PIXELS", 63)
    assert read_exif(body) == {}
    assert read_exif(picture("JPEG", NORTH_WEST)) == PLACE


def test_the_numbers_are_those_of_exact_arithmetic() -> None:
    rng = random.Random(3)
    for _ in range(50):
        degrees, minutes, seconds = rng.randrange(90), rng.randrange(60), Fraction(rng.randrange(6000), 100)
        found = read_exif(picture(gps={**NORTH_WEST, GPS.GPSLatitude: (degrees, minutes, float(seconds))}))
        exact = Fraction(degrees) + Fraction(minutes, 60) + seconds / 3600
        assert abs(Fraction(found["latitude"]) - exact) < Fraction(1, 10**6)
