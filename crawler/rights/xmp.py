"""IPTC/PLUS Data Mining: the property `plus:DataMining` in the XMP of an image.

https://iptc.org/std/photometadata/specification/IPTC-PhotoMetadata#data-mining, since version 2023.1; the values are
those of http://ns.useplus.org/ldf/vocab/. XMP is RDF/XML (ISO 16684-1), so the value may be an attribute, a text, a
resource, a list or a structure, in any encoding of Unicode.

Packets are found by their bytes, in whatever container: JPEG, WebP, TIFF, HEIF, AVIF, JPEG XL, SVG and GIF store XMP as
it is. PNG may compress it, JPEG and GIF may split it; `crawler.rights.containers` puts them together again.
"""

import re
from collections.abc import Iterator
from xml.parsers import expat

from crawler.rights.containers import packets
from crawler.rights.finding import Verdict

_NAME = "DataMining"
_SPELLINGS = (
    (_NAME.encode(), ("latin-1",)),  # stands for UTF-8: names and values are ASCII
    (_NAME.encode("utf-16-le")[:-1], ("utf-16-le", "utf-16-be")),
    (_NAME.encode("utf-32-le")[:-3], ("utf-32-le", "utf-32-be")),
)
_MAX_REGIONS = 64  # more than any program writes; an image with more of them reserves
_MAX_RDF = 4 << 20  # characters
_FRAGMENT = 1 << 16  # characters that are read of a property outside of RDF

_ALLOWED, _UNSPECIFIED = "DMI-ALLOWED", "DMI-UNSPECIFIED"
_CODE = re.compile(r"(?:.*[/#:])?(DMI-[A-Z-]+)/?", re.IGNORECASE | re.DOTALL)
_PROPERTY = re.compile(r"<(?:[\w.-]{1,64}:)?DataMining(?=[\s>/])|(?<![\w.<-])[\w.-]{1,64}:DataMining\s{0,64}=")
_LITERAL = re.compile(r":DataMining\s{0,64}=\s{0,64}[\"']([^\"'<>&]{0,512})[\"']")
_START = re.compile(r"<(?:[\w.-]{1,64}:)?RDF[\s>]")
_END = re.compile(r"</(?:[\w.-]{1,64}:)?RDF\s{0,64}>")
_SYNTAX = re.compile(r"xmlns|xml:|(?:[\w.-]+:)?(?:parseType|datatype|ID)$")  # attributes that hold no value


def read(image: bytes) -> tuple[Verdict, str]:
    """Return the strictest verdict of all `plus:DataMining` in an image, and the value that decides.

    A property that is there and cannot be read reserves.
    """
    verdicts = [found for packet in packets(image) for found in _of_packet(packet)]
    for verdict in (Verdict.RESERVED, Verdict.PERMITTED):
        for found, value in verdicts:
            if found is verdict:
                return verdict, f"plus:DataMining {value}"
    return Verdict.SILENT, ""


def _of_packet(packet: bytes) -> Iterator[tuple[Verdict, str]]:
    for spelling, encodings in _SPELLINGS:
        if spelling in packet:
            for encoding in encodings:
                yield from _of_text(_aligned(packet, encoding))


def _aligned(packet: bytes, encoding: str) -> str:
    """Decode bytes in which the name is at any offset."""
    width = len("D".encode(encoding))
    found = packet.find(_NAME.encode(encoding))
    return packet[found % width :].decode(encoding, "replace") if found >= 0 else ""


def _of_text(text: str) -> Iterator[tuple[Verdict, str]]:
    position = regions = 0
    while found := _PROPERTY.search(text, position):
        regions += 1
        if regions > _MAX_REGIONS:
            yield Verdict.RESERVED, f"in more than {_MAX_REGIONS} places"
            return
        start, end = _region(text, position, found.start())
        reader = _Reader()
        is_whole = reader.read(text[start:end])
        yield from map(_judge, reader.values)
        named = len(_PROPERTY.findall(text, start, end))
        if not is_whole and (reader.is_open or named > reader.named):
            literal = _LITERAL.findall(text, start, end)
            yield from map(_judge, literal) if len(literal) == named else ((Verdict.RESERVED, "cannot be read"),)
        position = end


def _region(text: str, floor: int, found: int) -> tuple[int, int]:
    """Return where the RDF around a property starts and ends, or else the element that the property is in."""
    starts = [match.start() for match in _START.finditer(text, floor, found + 1)]
    if starts and (end := _END.search(text, found, found + _MAX_RDF)):
        return starts[-1], end.end()
    return max(text.rfind("<", floor, found + 1), floor), min(len(text), found + _FRAGMENT)


def _judge(value: str) -> tuple[Verdict, str]:
    match = _CODE.fullmatch(value.strip())
    stated = match[1] if match else value.strip()
    if stated.upper() == _ALLOWED or stated.lower() == "allowed":
        return Verdict.PERMITTED, stated
    is_unspecified = not stated or stated.upper() == _UNSPECIFIED or stated.lower().startswith("unspecified")
    return (Verdict.SILENT if is_unspecified else Verdict.RESERVED), stated


class _Reader:
    """Collects the values of the property from RDF/XML in one pass, without a tree and without entities."""

    def __init__(self) -> None:
        self.values: list[str] = []
        self.named = 0
        self._depth = 0  # inside of the property; 0 is outside
        self._text: list[str] = []

    @property
    def is_open(self) -> bool:
        """Whether the XML ended inside of the property."""
        return self._depth > 0

    def read(self, xml: str) -> bool:
        """Return whether the XML is well-formed; what comes before the damage is collected."""
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        try:
            parser.Parse(xml.encode("utf-8", "replace"), True)
        except expat.ExpatError:
            return False
        return True

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._depth or _is_property(name):
            if not self._depth:
                self.named += 1
            self._depth += 1
            self.values += [value for key, value in attributes.items() if not _SYNTAX.match(key)]
        else:
            stated = [value for key, value in attributes.items() if _is_property(key)]
            self.named += len(stated)
            self.values += stated

    def _end(self, _: str) -> None:
        if self._depth:
            self._depth -= 1
            self.values.append("".join(self._text).strip())
            self._text = []

    def _characters(self, text: str) -> None:
        if self._depth:
            self._text.append(text)


def _is_property(name: str) -> bool:
    return name.rpartition(":")[2] == _NAME
