"""Decode an encoded image to an upright sRGB picture, or give the reason why it cannot be decoded."""

import io
import warnings
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pillow_heif
import simplejpeg
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from common import formats
from curate.schemas import Reason

MAX_PIXELS = 1024**3 // 4 // 3
"""Images with more pixels are refused before they are decoded. Pillow's own limit: a quarter of a GiB in RGB."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "HEIF", "TIFF", "BMP", "JPEG2000")
"""Formats that are decoded, by their names in Pillow. No others are tried: some run external programs (EPS)."""

_DECODED = ("jpeg", "png", "webp", "gif", "avif", "heic", "tiff", "bmp", "jp2", "j2k")
_UNSUPPORTED = ("svg", "psd", "eps", "pdf", "jxl", "ico", "bigtiff", "ftyp")
"""What `common.formats.claimed` calls the formats above, and pictures in other formats."""

pillow_heif.register_heif_opener()

_ORIENTATION = 0x0112  # EXIF 2.32, tag 274: values above 4 swap width and height


@dataclass(frozen=True, slots=True)
class Picture:
    """An image as a person sees it: upright, in sRGB, transparent parts on white, the first frame of several."""

    rgb: Image.Image  # 8 bits a channel; may be smaller than the original
    width: int  # of the upright original, in pixels
    height: int


def decode(data: bytes, min_side: int) -> Picture | Reason:
    """Decode an image, reduced as far as is cheap while both sides stay at least `min_side` pixels.

    Never raises, whatever the bytes are.

    Args:
        data: the encoded image.
        min_side: in pixels; an image that is smaller keeps its size.

    Returns:
        The picture; one of `curate.schemas.DECODE_ERRORS` if the data cannot be decoded.
    """
    if not data:
        return Reason.EMPTY
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns about odd metadata, which does not change the pixels
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
    """Decode a JPEG at a fraction of its size, upright; None if simplejpeg cannot."""
    if image.format not in ("JPEG", "MPO") or image.mode not in ("RGB", "L"):
        return None
    try:
        pixels = simplejpeg.decode_jpeg(data, "RGB", min_height=min_side, min_width=min_side)
    except ValueError as error:
        # Stray bytes between two segments do no harm, and cameras write them; other warnings mean visible damage.
        if "extraneous bytes" in str(error):
            return None
        raise
    scaled = Image.fromarray(pixels)
    if "exif" in image.info:
        scaled.info["exif"] = image.info["exif"]
        ImageOps.exif_transpose(scaled, in_place=True)
    return scaled


def _opaque(image: Image.Image) -> Image.Image:
    """Convert to mode L, RGB or CMYK, 8 bits a channel, with transparent parts on white."""
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
    """Return the transform from an ICC profile to sRGB and the mode it expects; None if there is nothing to do."""
    try:
        profile = ImageCms.getOpenProfile(io.BytesIO(icc))
        mode = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}[profile.profile.xcolor_space]
        if ImageCms.getProfileDescription(profile).startswith("sRGB"):
            return None, mode
        return ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), mode, "RGB"), mode
    except (ImageCms.PyCMSError, OSError, KeyError):
        return None, ""  # a broken profile is ignored


def _unidentified(data: bytes) -> Reason:
    """Return why Pillow does not recognise a file."""
    claimed = formats.claimed(data)
    if claimed in _DECODED:
        return Reason.TRUNCATED if formats.is_truncated(data) else Reason.CORRUPT
    return Reason.UNSUPPORTED if claimed in _UNSUPPORTED else Reason.NOT_AN_IMAGE


def _failure(data: bytes, message: str) -> Reason:
    """Return why a decoder failed, by its message or by the end of the file."""
    is_reported = any(text in message.lower() for text in ("truncated", "premature end"))
    return Reason.TRUNCATED if is_reported or formats.is_truncated(data) else Reason.CORRUPT
