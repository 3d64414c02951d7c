"""XMP packets in PNG and GIF files: the pixels stay, and a second packet takes the place of the first."""

import io
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageSequence, PngImagePlugin

from train.xmp_container import embed

PACKET = b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"/><?xpacket end="r"?>'
IMAGES = st.builds(
    lambda seed, width, height, mode: noise(seed).resize((width, height)).convert(mode),
    st.integers(0, 5),
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from(["RGB", "L", "P", "1"]),
)


def noise(seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8))


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def frames(file: bytes) -> list[tuple[bytes, object]]:
    with Image.open(io.BytesIO(file)) as image:
        return [(one.convert("RGBA").tobytes(), one.info.get("duration")) for one in ImageSequence.Iterator(image)]


def check(file: bytes, packet: bytes = PACKET) -> bytes:
    """Assert what is true of every file with a packet; return it."""
    made = embed(file, packet)
    assert frames(made) == frames(file)
    assert made.count(packet) == 1
    assert embed(made, packet) == made
    assert embed(embed(file, packet.replace(b"meta", b"data")), packet) == made
    return made


@given(IMAGES)
def test_a_png_keeps_its_pixels(image: Image.Image) -> None:
    made = check(encoded(image, "PNG"))
    with Image.open(io.BytesIO(made)) as opened:
        assert opened.info["xmp"] == PACKET


@given(IMAGES, st.lists(IMAGES, max_size=3), st.sampled_from([None, 0, 3]))
def test_a_gif_keeps_its_frames_durations_and_repetitions(
    first: Image.Image, others: list[Image.Image], loop: int | None
) -> None:
    rest = [other.resize(first.size) for other in others]
    options: dict[str, Any] = {} if loop is None else {"loop": loop}
    file = encoded(first, "GIF", save_all=True, append_images=rest, duration=40, **options)
    made = check(file)
    with Image.open(io.BytesIO(made)) as opened, Image.open(io.BytesIO(file)) as before:
        assert opened.info.get("loop") == before.info.get("loop") == loop


def test_all_other_chunks_of_a_png_and_what_follows_them_stay() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_itxt("Comment", "grün")
    text.add_itxt("XML:com.adobe.xmp", "<old/>")
    file = encoded(noise(0), "PNG", pnginfo=text, dpi=(72, 72)) + b"what follows"
    made = check(file)
    assert b"<old/>" not in made
    assert made.endswith(b"what follows")
    with Image.open(io.BytesIO(made)) as opened:
        assert opened.info["Comment"] == "grün"
        assert opened.info["dpi"] == pytest.approx((72, 72), abs=0.1)


def test_a_gif_of_1987_becomes_one_of_1989_which_has_extensions() -> None:
    file = encoded(noise(0).quantize(4), "GIF")
    assert check(b"GIF87a" + file[6:]).startswith(b"GIF89a")


def test_the_repetitions_of_a_gif_stay_its_first_extension() -> None:
    file = encoded(noise(0), "GIF", save_all=True, append_images=[noise(1)], loop=0)
    made = check(file)
    extensions = re.findall(rb"\x21\xff\x0b(.{11})", made, re.DOTALL)
    assert extensions == [b"NETSCAPE2.0", b"XMP DataXMP"]


@pytest.mark.parametrize("form", ["PNG", "GIF"])
def test_a_file_that_is_cut_off_is_refused_wherever_it_ends(form: str) -> None:
    file = encoded(noise(0), form)
    for length in range(8, len(file)):
        with pytest.raises(ValueError, match=f"found a {form} file of {length} bytes"):
            embed(file[:length], PACKET)


@pytest.mark.parametrize("file", [b"", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP"])
def test_other_formats_are_refused(file: bytes) -> None:
    with pytest.raises(ValueError, match="expected a PNG or GIF file"):
        embed(file, PACKET)
