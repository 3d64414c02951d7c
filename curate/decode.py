"""From the bytes of one image to an upright sRGB picture, or the reason why there is none."""

import io
import warnings
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pillow_heif
import simplejpeg
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from curate.schemas import Reason

MAX_PIXELS = 1024**3 // 4 // 3
"""An image of more pixels is refused before it is decoded. Pillow's own limit: a quarter of a GiB in RGB."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "HEIF", "TIFF", "BMP", "JPEG2000")
"""What is decoded. Pillow is never asked to guess more widely: some of its formats run other programs (EPS)."""

_SIGNATURES = (
    b"\xff\xd8\xff",
    b"\x89PNG",
    b"RIFF",
    b"GIF8",
    b"II*\0",
    b"MM\0*",
    b"BM",
    b"\0\0\0\x0cjP",
    b"\xff\x4f\xff\x51",
)
"""First bytes of `FORMATS` (AVIF and HEIF aside, whose box comes later)."""

_BRANDS = (b"ftypavif", b"ftypavis", b"ftypheic", b"ftypheix", b"ftypmif1")
"""Of AVIF and HEIF, from the fifth byte on."""

_FOREIGN_SIGNATURES = (
    b"<svg",
    b"8BPS",
    b"%!PS",
    b"%PDF",
    b"\xff\x0a",
    b"\0\0\0\x0cJXL ",
    b"\0\0\1\0",
    b"II+\0",
    b"MM\0+",
)
"""First bytes of pictures in other formats: SVG, PSD, EPS, PDF, JPEG XL (two), ICO, BigTIFF (two)."""

_END_MARKS = {b"\xff\xd8": b"\xff\xd9", b"\x89PNG": b"IEND\xaeB`\x82", b"GIF8": b";", b"\0\0\0\x0cjP": b"\xff\xd9"}
"""How a whole file ends, by how it begins."""

pillow_heif.register_heif_opener()

_ORIENTATION = 0x0112  # EXIF 2.32, tag 274: above 4 the picture lies on its side


@dataclass(frozen=True, slots=True)
class Picture:
    """What a person sees of an image: upright, sRGB, alpha laid on white, the first frame of several.

    `rgb` is 8-bit RGB and may be smaller than the original, whose size upright is `width` × `height` pixels.
    """

    rgb: Image.Image
    width: int
    height: int


def decode(data: bytes, min_side: int) -> Picture | Reason:
    """Decode `data`, reduced by as much as is cheap while both sides stay at least `min_side` pixels.

    Whatever the bytes are, the answer is a value: one of `curate.schemas.DECODE_ERRORS` where there is no picture.
    """
    if not data:
        return Reason.EMPTY
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of odd metadata; the pixels speak for themselves
        try:
            image = Image.open(io.BytesIO(data), formats=FORMATS)
            if image.width * image.height > MAX_PIXELS:
                return Reason.TOO_MANY_PIXELS
            if image.mode in ("F", "I", "LAB"):
                return Reason.UNSUPPORTED
            return _picture(image, data, min_side)
        except Image.DecompressionBombError:
            return Reason.TOO_MANY_PIXELS
        except UnidentifiedImageError:
            return _unidentified(data)
        except Exception as error:  # decoders raise anything on hostile bytes
            return _failure(data, str(error))


def _picture(image: Image.Image, data: bytes, min_side: int) -> Picture:
    icc = image.info.get("icc_profile")
    scaled = _scaled_jpeg(image, data, min_side)
    if scaled is not None:
        sideways = image.getexif().get(_ORIENTATION, 1) > 4 if "exif" in image.info else False
        return Picture(_to_srgb(scaled, icc), *(reversed(image.size) if sideways else image.size))
    upright = _opaque(ImageOps.exif_transpose(image))
    reduced = upright.reduce(max(1, min(upright.size) // min_side))
    return Picture(_to_srgb(reduced, icc), *upright.size)


def _scaled_jpeg(image: Image.Image, data: bytes, min_side: int) -> Image.Image | None:
    """A JPEG decoded at a fraction of its size, upright; None where that is not for simplejpeg to do."""
    if image.format not in ("JPEG", "MPO") or image.mode not in ("RGB", "L"):
        return None
    try:
        pixels = simplejpeg.decode_jpeg(data, "RGB", min_height=min_side, min_width=min_side)
    except ValueError as error:
        # Stray bytes between two segments hurt nothing, and cameras leave them. Whatever else libjpeg warns of, shows.
        if "extraneous bytes" in str(error):
            return None
        raise
    scaled = Image.fromarray(pixels)
    if "exif" in image.info:
        scaled.info["exif"] = image.info["exif"]
        ImageOps.exif_transpose(scaled, in_place=True)
    return scaled


def _opaque(image: Image.Image) -> Image.Image:
    """`image` in mode L, RGB or CMYK, 8 bits a channel, transparent parts laid on white."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def _to_srgb(image: Image.Image, icc: bytes | None) -> Image.Image:
    transform, mode = _transform(icc) if icc else (None, "")
    if transform is None:
        return image if image.mode == "RGB" else image.convert("RGB")
    return ImageCms.applyTransform(image.convert(mode), transform) or image.convert("RGB")


@lru_cache(maxsize=64)
def _transform(icc: bytes) -> tuple[ImageCms.ImageCmsTransform | None, str]:
    """The way from a profile's colours to sRGB and the mode it starts from; None where there is nothing to do."""
    try:
        profile = ImageCms.getOpenProfile(io.BytesIO(icc))
        mode = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}[profile.profile.xcolor_space]
        if ImageCms.getProfileDescription(profile).startswith("sRGB"):
            return None, mode
        return ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), mode, "RGB"), mode
    except (ImageCms.PyCMSError, OSError, KeyError):
        return None, ""  # a broken profile is as good as none


def _unidentified(data: bytes) -> Reason:
    if data.startswith(_SIGNATURES) or data[4:12] in _BRANDS:
        return Reason.TRUNCATED if _is_cut(data) else Reason.CORRUPT
    if data.startswith(_FOREIGN_SIGNATURES) or data[4:8] == b"ftyp" or b"<svg" in data[:512]:
        return Reason.UNSUPPORTED
    return Reason.NOT_AN_IMAGE


def _failure(data: bytes, message: str) -> Reason:
    told = any(word in message.lower() for word in ("truncated", "premature end"))
    return Reason.TRUNCATED if told or _is_cut(data) else Reason.CORRUPT


def _is_cut(data: bytes) -> bool:
    """Whether `data` ends before its container says that it does; False where the container does not say."""
    if data.startswith(b"RIFF"):
        return len(data) < 8 + int.from_bytes(data[4:8], "little")
    if data[4:8] == b"ftyp":
        return _end_of_boxes(data) > len(data)
    mark = next((mark for start, mark in _END_MARKS.items() if data.startswith(start)), b"")
    return not data.rstrip(b"\0").endswith(mark)


def _end_of_boxes(data: bytes) -> int:
    """Where the last top-level box of an ISO base media file (AVIF, HEIF) ends: each begins with its length."""
    offset = 0
    while offset + 8 <= len(data):
        length = int.from_bytes(data[offset : offset + 4], "big")
        if length < 8:  # 0: to the end of the file; 1: a 64-bit length, which no picture needs
            return len(data)
        offset += length
    return offset
