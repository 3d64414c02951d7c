"""Metadata in the bytes of an image that its format splits or compresses, put together again.

JPEG: XMP specification part 3, section 1.1.3 (ExtendedXMP); C2PA 2.2, appendix A (APP11 segments).
PNG: https://www.w3.org/TR/png/#11iTXt and the "Raw profile" chunks of ImageMagick. GIF: XMP specification part 3.
"""

import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

_MAX_PACKET = 4 << 20  # bytes after decompression
_MAX_CHUNKS = 32
_STEP = 4096

_EXTENDED = b"http://ns.adobe.com/xmp/extension/\0"
_KEYWORD = b"XML:com.adobe.xmp\0\x01"
_ITXT = re.compile(rb"XML:com\.adobe\.xmp\0\x01.[^\0]{0,256}\0[^\0]{0,256}\0", re.DOTALL)
_RAW_PROFILE = b"Raw profile type xmp\0"
_HEX = re.compile(rb"\n?xmp\n\s{0,64}\d{1,10}\n([0-9a-fA-F\s]*)")
_GIF_XMP = b"XMP DataXMP"
_APP1, _APP11, _START_OF_SCAN = 0xE1, 0xEB, 0xDA


def packets(image: bytes) -> Iterator[bytes]:
    """Yield the bytes of an image, without parts that are put together, and each of these parts as a whole."""
    extended = [(start, end) for marker, start, end in (_segments(image) if _EXTENDED in image else ())
                if marker == _APP1 and image.startswith(_EXTENDED, start)]  # fmt: skip
    blocks = _gif_blocks(image)
    if extended:
        image, parts = _without(image, extended), _extended(image[start:end] for start, end in extended)
        yield from parts
    elif blocks:
        start, end, joined = blocks
        image = _without(image, [(start, end)])
        yield joined
    yield image
    yield from _compressed(image)


def jumbf(image: bytes) -> bytes:
    """Return bytes in which each JUMBF box (ISO 19566-5) of an image is in one piece."""
    boxes: dict[bytes, list[bytes]] = {}
    for marker, start, end in _segments(image):
        if marker == _APP11 and image.startswith(b"JP", start) and end - start > 16:
            parts = boxes.setdefault(image[start + 2 : start + 4], [])
            # Each segment repeats the length and type of the box, which only the first may keep.
            parts.append(image[start + 8 if not parts else start + 16 : end])
    if not boxes:
        blocks = _gif_blocks(image, b"C2PA_GIF")
        return blocks[2] if blocks else image
    return b"".join(part for parts in boxes.values() for part in parts)


def _segments(image: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of the content of each segment of a JPEG before the image data."""
    position = 2 if image.startswith(b"\xff\xd8") else len(image)
    while position + 4 <= len(image) and image[position] == 0xFF and image[position + 1] != _START_OF_SCAN:
        if image[position + 1] == 0xFF:  # a fill byte
            position += 1
            continue
        end = position + 2 + int.from_bytes(image[position + 2 : position + 4], "big")
        yield image[position + 1], position + 4, min(end, len(image))
        position = max(end, position + 4)


def _without(image: bytes, spans: list[tuple[int, int]]) -> bytes:
    edges = [0, *(edge for span in spans for edge in span), len(image)]
    return b"".join(image[edges[i] : edges[i + 1]] for i in range(0, len(edges), 2))


def _extended(segments: Iterator[bytes]) -> list[bytes]:
    """Return each packet of ExtendedXMP: digest (32 bytes), length and offset (4 each) precede each piece."""
    pieces: dict[bytes, list[tuple[bytes, bytes]]] = {}
    for segment in segments:
        header = segment[len(_EXTENDED) : len(_EXTENDED) + 40]
        pieces.setdefault(header[:32], []).append((header[36:40], segment[len(_EXTENDED) + 40 :]))
    return [b"".join(piece for _, piece in sorted(parts)) for parts in pieces.values()]


def _gif_blocks(image: bytes, name: bytes = _GIF_XMP) -> tuple[int, int, bytes] | None:
    """Return start, end and joined content of the sub-blocks of a GIF extension; None if it is stored as it is."""
    found = image.find(name) if image.startswith(b"GIF8") else -1
    if found < 0:
        return None
    start = position = found + len(name) + (3 if name != _GIF_XMP else 0)
    if name == _GIF_XMP and image[start : start + 1] == b"<" and image[start + 1 : start + 2] != b"<":
        return None
    joined = []
    while position < len(image) and image[position]:
        joined.append(image[position + 1 : position + 1 + image[position]])
        position += 1 + image[position]
    return start, min(position, len(image)), b"".join(joined)


def _compressed(image: bytes) -> Iterator[bytes]:
    """Yield the packets in text chunks of a PNG that are compressed, or written as hexadecimal digits."""
    for chunk in islice(_ITXT.finditer(image), _MAX_CHUNKS) if _KEYWORD in image else ():
        yield _inflate(image, chunk.end())
    position = -1
    for _ in range(_MAX_CHUNKS):
        position = image.find(_RAW_PROFILE, position + 1)
        if position < 0:
            return
        content = position + len(_RAW_PROFILE)
        is_plain = image[content : content + 1] == b"\n"
        text = image[content : content + 3 * _MAX_PACKET] if is_plain else _inflate(image, content + 1)
        if match := _HEX.match(text):
            with suppress(ValueError):
                yield bytes.fromhex(match[1].decode("ascii"))


def _inflate(image: bytes, start: int) -> bytes:
    """Return what can be decompressed of a zlib stream, whose end or damage is unknown."""
    stream, out, size = zlib.decompressobj(), [], 0
    with suppress(zlib.error):
        for position in range(start, min(len(image), start + _MAX_PACKET), _STEP):
            piece = stream.decompress(image[position : position + _STEP], _MAX_PACKET)
            out.append(piece)
            size += len(piece)
            if stream.eof or size >= _MAX_PACKET:
                break
    return b"".join(out)
