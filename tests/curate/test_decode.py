"""Decoding: every format, every EXIF orientation, every kind of damage."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from curate.decode import FORMATS, MAX_PIXELS, Picture, decode
from curate.schemas import DECODE_ERRORS, Reason
from tests.curate.pictures import encoded, facade


def seen(body: bytes, min_side: int = 128) -> Picture:
    picture = decode(body, min_side)
    assert isinstance(picture, Picture), picture
    assert picture.rgb.mode == "RGB"
    return picture


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean difference in levels, at 32 × 32."""
    small = [np.asarray(image.convert("RGB").resize((32, 32)), float) for image in (one, other)]
    return float(np.abs(small[0] - small[1]).mean())


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_shows_the_same_picture(kind: str) -> None:
    picture = seen(encoded(facade(1), kind))
    assert (picture.width, picture.height) == (240, 300)
    assert difference(picture.rgb, facade(1)) < (4 if kind == "GIF" else 2)


def test_a_reduced_picture_is_no_smaller_than_min_side() -> None:
    for kind in ("JPEG", "PNG"):
        body = encoded(facade(1, 900, 1400), kind)
        assert 128 <= min(seen(body, 128).rgb.size) < 256
        assert min(seen(body, 512).rgb.size) >= 512
        assert seen(body, 5000).rgb.size == (900, 1400)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_upright(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    body = encoded(facade(2), kind, exif=exif)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(body)))
    picture = seen(body)
    assert (picture.width, picture.height) == upright.size
    assert difference(picture.rgb, upright) < 2


def test_transparent_parts_are_white() -> None:
    rgba = facade(3).convert("RGBA")
    rgba.paste((0, 0, 0, 0), (0, 0, 240, 100))
    palette = Image.new("P", (200, 200), 1)
    palette.putpalette([255, 0, 0, 0, 0, 0])
    grey = Image.new("LA", (200, 200), (0, 0))
    for image, options in ((rgba, {}), (palette, {"transparency": 1}), (grey, {})):
        assert np.asarray(seen(encoded(image, "PNG", **options)).rgb)[:60].min() > 250


def test_cmyk_looks_as_it_prints() -> None:
    for color in ((200, 30, 40), (20, 180, 90), (240, 240, 240)):
        body = encoded(Image.new("RGB", (150, 150), color).convert("CMYK"), "JPEG")
        assert difference(seen(body).rgb, Image.new("RGB", (150, 150), color)) < 6


def test_sixteen_bits_keep_their_tones() -> None:
    ramp = np.linspace(0, 65535, 200).astype(np.uint16)[None].repeat(200, 0)
    out = np.asarray(seen(encoded(Image.fromarray(ramp), "PNG")).rgb)
    assert np.abs(out[0, :, 0].astype(int) - (ramp[0] >> 8)).max() <= 1


def test_the_first_frame_of_an_animation_counts() -> None:
    frames = [Image.new("RGB", (150, 150), color) for color in ("red", "lime", "blue")]
    for kind in ("GIF", "WEBP", "PNG"):
        body = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
        assert difference(seen(body).rgb, frames[0]) < 6


def test_colours_are_converted_to_srgb() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # The same profile with red and blue exchanged, under another name.
    swapped = profile.replace(b"rXYZ", b"?XYZ").replace(b"bXYZ", b"rXYZ").replace(b"?XYZ", b"bXYZ")
    swapped = swapped.replace("sRGB".encode("utf-16-be"), "Swap".encode("utf-16-be"))
    red, blue = Image.new("RGB", (150, 150), (250, 10, 10)), Image.new("RGB", (150, 150), (10, 10, 250))
    for kind in ("JPEG", "PNG"):
        assert difference(seen(encoded(red, kind, icc_profile=profile)).rgb, red) < 3
        assert difference(seen(encoded(red, kind, icc_profile=swapped)).rgb, blue) < 12
        assert difference(seen(encoded(red, kind, icc_profile=b"no profile")).rgb, red) < 3


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("share", [0.2, 0.6, 0.97])
def test_a_file_that_ends_early_is_truncated(kind: str, share: float) -> None:
    body = encoded(facade(4), kind)
    assert decode(body[: int(len(body) * share)], 128) is Reason.TRUNCATED


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", Reason.EMPTY),
        (b"<!DOCTYPE html><html><body>Not here</body></html>", Reason.NOT_AN_IMAGE),
        (b'{"error": "not found"}', Reason.NOT_AN_IMAGE),
        (b"\0" * 1000, Reason.NOT_AN_IMAGE),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', Reason.UNSUPPORTED),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", Reason.UNSUPPORTED),
        (b"\0\0\0\x18ftypheic\0\0\0\0heicmif1" + b"\0" * 100, Reason.CORRUPT),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 100, Reason.UNSUPPORTED),
        (b"\xff\xd8\xff\xe0\x00\x04\x11\x11" + b"\x11" * 500 + b"\xff\xd9", Reason.CORRUPT),
    ],
)
def test_a_file_without_a_picture_has_its_reason(body: bytes, reason: Reason) -> None:
    assert decode(body, 128) is reason


def test_floating_point_pixels_are_unsupported() -> None:
    assert decode(encoded(Image.new("F", (200, 200)), "TIFF"), 128) is Reason.UNSUPPORTED


def test_a_decompression_bomb_is_not_decoded() -> None:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    for side in (int(MAX_PIXELS**0.5) + 1, 60_000):
        header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
        bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
        assert decode(bomb, 128) is Reason.TOO_MANY_PIXELS


def test_stray_bytes_between_segments_do_no_harm() -> None:
    body = encoded(facade(5))
    end = body.index(b"\xff\xda")  # start of scan
    assert difference(seen(body[:end] + b"\0\0\0\0" + body[end:]).rgb, facade(5)) < 2


WHOLE = [encoded(facade(6, 90, 110), kind) for kind in FORMATS]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(WHOLE), st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=8)), max_size=6))
def test_decode_never_raises(body: bytes, damage: list[tuple[float, bytes]]) -> None:
    spoiled = bytearray(body)
    for place, junk in damage:
        offset = int(place * len(body))
        spoiled[offset : offset + len(junk)] = junk
    result = decode(bytes(spoiled), 64)
    assert isinstance(result, Picture) or result in DECODE_ERRORS


def test_every_file_of_a_dirty_crawl_decodes_or_has_its_reason(data: Path) -> None:
    files = [path for path in sorted((data / "dirty-crawl").rglob("*")) if path.is_file() and path.suffix != ".csv"]
    results = [decode(path.read_bytes(), 128) for path in files[::8]]
    assert all(isinstance(result, Picture) for result in results)
