"""Read place and date from the EXIF data of a picture (EXIF 2.32, CIPA DC-008)."""

import io
import math
import warnings
from collections.abc import Mapping
from typing import Any

import pillow_heif
from PIL import ExifTags, Image

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF")
"""The formats that may contain EXIF, by their names in Pillow."""

MAX_PIXELS = 32_000_000
"""Of a PNG: Pillow decodes its pixels to find EXIF data that may follow them."""

_MARKS = (b"Exif\0", b"eXIf", b"EXIF", b"Raw profile type exif")
_TIFF = (b"II*\0", b"MM\0*")
_WGS84 = ("", "WGS84")

pillow_heif.register_heif_opener()


def read_exif(body: bytes) -> dict[str, str]:
    """Return what EXIF states, as text: `latitude`, `longitude`, `heading`, `taken`; only what is stated and usable.

    Never raises, whatever the bytes are. A coordinate needs its hemisphere, a heading needs true north as its
    reference, and a map datum other than WGS 84 makes both unusable. `taken` is DateTimeOriginal; the times at which a
    file was scanned or changed are not.
    """
    if not body.startswith(_TIFF) and not any(mark in body for mark in _MARKS):
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns about damaged EXIF data
        try:
            with Image.open(io.BytesIO(body), formats=FORMATS) as image:
                if image.format == "PNG" and image.width * image.height > MAX_PIXELS:
                    return {}
                exif = image.getexif()
                position, details = exif.get_ifd(ExifTags.IFD.GPSInfo), exif.get_ifd(ExifTags.IFD.Exif)
            found = {**_place(position), "taken": _text(details.get(ExifTags.Base.DateTimeOriginal))}
        except Exception:  # decoders raise anything on hostile bytes
            return {}
    return {name: text for name, text in found.items() if text}


def _place(gps: Mapping[int, Any]) -> dict[str, str]:
    if _text(gps.get(ExifTags.GPS.GPSMapDatum)).upper().replace("-", "").replace(" ", "") not in _WGS84:
        return {}
    if _text(gps.get(ExifTags.GPS.GPSStatus)).upper() == "V":  # the receiver had no fix
        return {}
    is_true = _text(gps.get(ExifTags.GPS.GPSImgDirectionRef)).upper() == "T"
    return {
        "latitude": _degrees(gps, ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLatitudeRef, "NS"),
        "longitude": _degrees(gps, ExifTags.GPS.GPSLongitude, ExifTags.GPS.GPSLongitudeRef, "EW"),
        "heading": str(float(gps.get(ExifTags.GPS.GPSImgDirection, math.nan))) if is_true else "",
    }


def _degrees(gps: Mapping[int, Any], tag: int, reference: int, hemispheres: str) -> str:
    """Return degrees, minutes and seconds as decimal degrees, to a centimetre; "" if one of them is unusable."""
    parts, hemisphere = gps.get(tag), _text(gps.get(reference)).upper()
    if not isinstance(parts, tuple) or len(parts) != 3 or not hemisphere or hemisphere not in hemispheres:
        return ""
    degrees, minutes, seconds = map(float, parts)
    if not (degrees >= 0 and 0 <= minutes < 60 and 0 <= seconds <= 60):  # nor NaN, which is 0/0
        return ""
    value = round(degrees + minutes / 60 + seconds / 3600, 7)
    return str(-value if hemisphere in "SW" else value)


def _text(value: object) -> str:
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else value if isinstance(value, str) else ""
    return text.replace("\0", "").strip()
