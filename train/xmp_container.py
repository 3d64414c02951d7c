"""XMP packets in PNG and GIF files (Adobe, XMP Specification Part 3, 2016, § 1.1.5 and § 1.1.2)."""

import zlib
from collections.abc import Iterator

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_XMP = b"iTXtXML:com.adobe.xmp\0"
_GIF_APPLICATION = b"\x21\xff"
_GIF_XMP = _GIF_APPLICATION + b"\x0bXMP DataXMP"
_GIF_TRAILER = b"\x3b"
_GIF_MAGIC = b"\x01" + bytes(range(0xFF, -1, -1)) + b"\0"
"""Ends a packet for readers that take its bytes for lengths of sub-blocks: each of them arrives at the last zero."""


def embed(file: bytes, packet: bytes) -> bytes:
    """Return a PNG or GIF file with an XMP packet in the place of the one that it has; all else keeps its bytes.

    Args:
        packet: UTF-8 without zero bytes.

    Raises:
        ValueError: the file is neither PNG nor GIF, or it is cut off.
    """
    if file.startswith(_PNG):
        return _into_png(file, packet)
    if file.startswith((b"GIF87a", b"GIF89a")):
        return _into_gif(file, packet)
    raise ValueError(f"found a file that begins with {file[:8]!r}, expected a PNG or GIF file")


def _into_png(file: bytes, packet: bytes) -> bytes:
    first, *others = _png_chunks(file)
    # After the keyword: not compressed, no language, no translated keyword (PNG, third edition, § 11.3.3.4).
    body = _PNG_XMP + b"\0\0\0\0" + packet
    chunk = (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    return b"".join([_PNG, first, chunk, *(one for one in others if not one.startswith(_PNG_XMP, 4))])


def _png_chunks(file: bytes) -> Iterator[bytes]:
    """Yield the chunks, and what follows the last one."""
    start, kind = len(_PNG), b""
    while kind != b"IEND":
        kind, end = file[start + 4 : start + 8], start + 12 + int.from_bytes(file[start : start + 4], "big")
        if len(file) < end:
            raise ValueError(f"found a PNG file of {len(file)} bytes, expected a chunk to end at byte {end}")
        yield file[start:end]
        start = end
    yield file[start:]


def _into_gif(file: bytes, packet: bytes) -> bytes:
    try:
        start = 13 + _color_table(file[10])
        blocks = [one for one in _gif_blocks(file, start) if not one.startswith(_GIF_XMP)]
    except IndexError:
        raise ValueError(f"found a GIF file of {len(file)} bytes that ends within a block") from None
    # Browsers take the number of repetitions from an application extension at the start, which stays there.
    place = next(index for index, one in enumerate(blocks) if not one.startswith(_GIF_APPLICATION))
    blocks.insert(place, _GIF_XMP + packet + _GIF_MAGIC)
    return b"".join([b"GIF89a", file[6:start], *blocks])


def _gif_blocks(file: bytes, start: int) -> Iterator[bytes]:
    """Yield the blocks (GIF89a, 1990), and the trailer with what follows it."""
    while file[start : start + 1] != _GIF_TRAILER:
        is_image = file[start] == 0x2C
        end = start + (11 + _color_table(file[start + 9]) if is_image else 2)
        while length := file[end]:
            end += 1 + length
        yield file[start : end + 1]
        start = end + 1
    yield file[start:]


def _color_table(flags: int) -> int:
    """The bytes of the colour table that the flags of a screen or an image announce."""
    return 3 * 2 ** (flags % 8 + 1) if flags & 0x80 else 0
