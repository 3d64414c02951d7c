"""Damages and changes JPEG files as real sites do. Pure functions: all randomness comes from the given generator."""

import io
import zlib
from collections.abc import Callable
from struct import pack

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

from crawler.spiders.demo.town.dirt import Kind

BOMB_SIDE = 30_000
"""Side of the decompression bomb in pixels: 900 million pixels in about 110 kB."""


def spoil(kind: Kind, file: bytes, rng: np.random.Generator) -> bytes:
    """Return the JPEG `file` as an item of `kind` has it; unchanged for the other kinds."""
    change = CHANGES.get(kind)
    if change is None:
        return file
    return change(file, rng)


def _encoded(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def _photo(file: bytes) -> Image.Image:
    return Image.open(io.BytesIO(file)).convert("RGB")


def _rescaled(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    factor = rng.uniform(0.6, 0.85) if rng.random() < 0.5 else rng.uniform(1.2, 1.6)
    return image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.LANCZOS)


def _cropped(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Cut away 2–8 % of each dimension, split at random between its two ends."""
    cut_x, cut_y = rng.uniform(0.02, 0.08, 2) * image.size
    left, top = rng.uniform(0, 1, 2) * (cut_x, cut_y)
    return image.crop((round(left), round(top), round(image.width - cut_x + left), round(image.height - cut_y + top)))


def _watermarked(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    layer = Image.new("L", image.size, 0)
    font = ImageFont.load_default(image.width / 9)
    middle = (image.width / 2, image.height * rng.uniform(0.35, 0.65))
    ImageDraw.Draw(layer).text(middle, "© Demo Town", fill=round(255 * rng.uniform(0.4, 0.6)), font=font, anchor="mm")
    return Image.composite(Image.new("RGB", image.size, (255, 255, 255)), image, layer)


def _brightened(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(rng.uniform(1.15, 1.3))


def _recompressed(file: bytes, rng: np.random.Generator) -> bytes:
    return _encoded(_photo(file), "JPEG", quality=int(rng.integers(35, 60)))


def _with_alpha(file: bytes, rng: np.random.Generator) -> bytes:
    """Return a PNG with rounded, transparent corners."""
    image = _photo(file)
    mask = Image.new("L", image.size, 0)
    radius = round(min(image.size) * rng.uniform(0.05, 0.12))
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, image.width - 1, image.height - 1), radius, fill=255)
    image.putalpha(mask)
    return _encoded(image, "PNG", compress_level=3)


def _lying(file: bytes, rng: np.random.Generator) -> bytes:
    """Return a JPEG whose pixels are rotated, and whose EXIF orientation (tag 274) rotates them back."""
    turn, orientation = (
        (Image.Transpose.ROTATE_90, 6),
        (Image.Transpose.ROTATE_180, 3),
        (Image.Transpose.ROTATE_270, 8),
    )[int(rng.integers(3))]
    exif = Image.Exif()
    exif[274] = orientation
    return _encoded(_photo(file).transpose(turn), "JPEG", quality=88, exif=exif)


def _animated(file: bytes, rng: np.random.Generator) -> bytes:
    """Return a GIF of three frames that get darker."""
    dim = ImageEnhance.Brightness(_photo(file))
    frames = [dim.enhance(gain).quantize(128) for gain in (1.0, 0.8, 0.6)]
    return _encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=400, loop=0)


def _line_drawing(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return a drawing: black lines on white along the edges of the picture."""
    edges = image.convert("L").filter(ImageFilter.MedianFilter(3)).filter(ImageFilter.FIND_EDGES)
    lines = ImageOps.invert(edges).point(lambda level: 255 if level > 205 else level // 3)
    ImageDraw.Draw(lines).rectangle((0, 0, image.width - 1, image.height - 1), outline=255, width=3)
    return lines.convert("RGB")


def _text_banner(file: bytes, rng: np.random.Generator) -> bytes:
    """Return a wide banner with large letters, without the picture."""
    height = int(rng.integers(70, 110))
    red, green, blue = rng.integers(20, 120, 3).tolist()
    banner = Image.new("RGB", (height * int(rng.integers(6, 9)), height), (red, green, blue))
    offers = ("GUIDED WALKS · EVERY SUNDAY", "FACADES FOR SALE", "VISIT DEMO TOWN", "NEW: THE BOOK OF DOORS")
    font = ImageFont.load_default(height * 0.4)
    middle = (banner.width / 2, height / 2)
    ImageDraw.Draw(banner).text(middle, offers[int(rng.integers(len(offers)))], fill="white", font=font, anchor="mm")
    return _encoded(banner, "JPEG", quality=88)


def _truncated(file: bytes, rng: np.random.Generator) -> bytes:
    return file[: round(len(file) * rng.uniform(0.3, 0.7))]


def _html(file: bytes, rng: np.random.Generator) -> bytes:
    """Return an HTML page in place of a picture; each differs by its number."""
    return (
        "<!DOCTYPE html>\n<html><head><title>Hotlinking is not allowed</title></head>\n<body><p>Please visit our "
        f'<a href="/">home page</a> to see this picture.</p><p>Incident {int(rng.integers(10**9))}</p></body></html>\n'
    ).encode()


def _bomb(file: bytes, rng: np.random.Generator) -> bytes:
    """Return a PNG of BOMB_SIDE × BOMB_SIDE one-bit pixels, made without holding them in memory."""
    row = b"\0" * (1 + BOMB_SIDE // 8)
    deflate = zlib.compressobj(9)
    data = b"".join(deflate.compress(row * 300) for _ in range(BOMB_SIDE // 300)) + deflate.flush()
    header = pack(">IIBBBBB", BOMB_SIDE, BOMB_SIDE, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return pack(">I", len(data)) + name + data + pack(">I", zlib.crc32(name + data))


Change = Callable[[bytes, np.random.Generator], bytes]


def _redone(change: Callable[[Image.Image, np.random.Generator], Image.Image]) -> Change:
    """Apply `change` and save the result as a JPEG of ordinary quality."""
    return lambda file, rng: _encoded(change(_photo(file), rng), "JPEG", quality=int(rng.integers(78, 93)))


CHANGES: dict[Kind, Change] = {
    Kind.RESCALED: _redone(_rescaled),
    Kind.RECOMPRESSED: _recompressed,
    Kind.CROPPED: _redone(_cropped),
    Kind.WATERMARKED: _redone(_watermarked),
    Kind.BRIGHTENED: _redone(_brightened),
    Kind.GREYSCALE: _redone(lambda image, rng: ImageOps.grayscale(image)),
    Kind.MIRRORED: _redone(lambda image, rng: ImageOps.mirror(image)),
    Kind.WEBP: lambda file, rng: _encoded(_photo(file), "WEBP", quality=85, method=2),
    Kind.AVIF: lambda file, rng: _encoded(_photo(file), "AVIF", quality=75, speed=8, max_threads=1),
    Kind.PNG_ALPHA: _with_alpha,
    Kind.PALETTE: lambda file, rng: _encoded(_photo(file).quantize(128), "PNG", compress_level=3),
    Kind.CMYK: lambda file, rng: _encoded(_photo(file).convert("CMYK"), "JPEG", quality=88),
    Kind.EXIF_ROTATED: _lying,
    Kind.ANIMATED_GIF: _animated,
    Kind.LINE_DRAWING: _redone(_line_drawing),
    Kind.TEXT_BANNER: _text_banner,
    Kind.THUMBNAIL: _redone(lambda image, rng: image.resize((48, 40))),
    Kind.TRUNCATED: _truncated,
    Kind.HTML_PAGE: _html,
    Kind.HTML_AS_JPEG: _html,
    Kind.BOMB: _bomb,
}
