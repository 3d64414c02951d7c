"""plus:DataMining in XMP: https://iptc.org/std/photometadata/specification/IPTC-PhotoMetadata#data-mining"""

import binascii
import io
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from crawler.rights.finding import Verdict
from crawler.rights.xmp import read

PROHIBITED = "http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED-AIMLTRAINING"
ALLOWED = "http://ns.useplus.org/ldf/vocab/DMI-ALLOWED"
NAMESPACES = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/"'


def packet(inner="", attributes=""):
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF {NAMESPACES}><rdf:Description rdf:about="" {attributes}>{inner}</rdf:Description></rdf:RDF>'
        '</x:xmpmeta><?xpacket end="w"?>'
    )


def prohibited(form):
    return packet(form.replace("VALUE", PROHIBITED))


ATTRIBUTE = packet(attributes=f'plus:DataMining="{PROHIBITED}"')


def picture(xmp):
    return b"\xff\xd8\xff\xe1\x40\x00http://ns.adobe.com/xap/1.0/\0" + xmp + b"\xff\xda\x00\x00" + bytes(range(256))


def verdict(xmp):
    return read(picture(xmp.encode() if isinstance(xmp, str) else xmp))[0]


FORMS = {
    "text": "<plus:DataMining>VALUE</plus:DataMining>",
    "text with blanks": "<plus:DataMining\n>\n  VALUE\n</plus:DataMining >",
    "resource": '<plus:DataMining rdf:resource="VALUE"/>',
    "node": '<plus:DataMining><rdf:Description rdf:about="VALUE"/></plus:DataMining>',
    "bag": "<plus:DataMining><rdf:Bag><rdf:li>VALUE</rdf:li></rdf:Bag></plus:DataMining>",
    "alternatives": '<plus:DataMining><rdf:Alt><rdf:li xml:lang="x-default">VALUE</rdf:li></rdf:Alt></plus:DataMining>',
    "sequence of resources": '<plus:DataMining><rdf:Seq><rdf:li rdf:resource="VALUE"/></rdf:Seq></plus:DataMining>',
    "structure": '<plus:DataMining rdf:parseType="Resource"><rdf:value>VALUE</rdf:value></plus:DataMining>',
    "qualified": "<plus:DataMining><rdf:Description><rdf:value>VALUE</rdf:value></rdf:Description></plus:DataMining>",
    "language": '<plus:DataMining xml:lang="en">VALUE</plus:DataMining>',
    "data type": '<plus:DataMining rdf:datatype="http://a.example/#x">VALUE</plus:DataMining>',
    "character data": "<plus:DataMining><![CDATA[VALUE]]></plus:DataMining>",
    "comment": "<plus:DataMining>VALUE<!-- since 2024 --></plus:DataMining>",
    "other prefix": '<p:DataMining xmlns:p="http://ns.useplus.org/ldf/xmp/1.0/">VALUE</p:DataMining>',
    "default namespace": '<DataMining xmlns="http://ns.useplus.org/ldf/xmp/1.0/">VALUE</DataMining>',
    "after an allowed one": "<plus:DataMining>DMI-ALLOWED</plus:DataMining><plus:DataMining>VALUE</plus:DataMining>",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_legal_form_of_rdf_is_read(form):
    assert verdict(prohibited(FORMS[form])) is Verdict.RESERVED
    assert verdict(prohibited(FORMS[form]).replace(PROHIBITED, ALLOWED)) is Verdict.PERMITTED


@pytest.mark.parametrize("quote", ['"', "'"])
def test_an_attribute_is_read(quote):
    xmp = packet(attributes=f"xmp:a='1'\nplus:DataMining = {quote}{PROHIBITED}{quote}")
    assert read(picture(xmp.encode())) == (Verdict.RESERVED, "plus:DataMining DMI-PROHIBITED-AIMLTRAINING")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("DMI-PROHIBITED", Verdict.RESERVED),
        ("https://ns.useplus.org/ldf/vocab/dmi-prohibited-genaimltraining", Verdict.RESERVED),
        ("DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING", Verdict.RESERVED),
        ("DMI-PROHIBITED-SEECONSTRAINT", Verdict.RESERVED),
        ("http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED/", Verdict.RESERVED),
        ("http://ns.useplus.org/ldf/vocab#DMI-PROHIBITED", Verdict.RESERVED),
        ("http://example.org/terms/", Verdict.RESERVED),
        ("DMI-ALLOWED DMI-PROHIBITED", Verdict.RESERVED),
        ("DMI-ALLOWED-EXCEPTTRAINING", Verdict.RESERVED),
        ("plus:DMI-ALLOWED", Verdict.PERMITTED),
        ("DMI&#45;PROHIBITED", Verdict.RESERVED),
        ("D&#x4d;I-PROHIBITED", Verdict.RESERVED),
        ("Prohibited for AI/ML training", Verdict.RESERVED),
        ("DMI-SOMETHING-NEW", Verdict.RESERVED),
        ("&undeclared;", Verdict.RESERVED),
        ("DMI-ALLOWED", Verdict.PERMITTED),
        ("Allowed", Verdict.PERMITTED),
        ("DMI-UNSPECIFIED", Verdict.SILENT),
        ("http://ns.useplus.org/ldf/vocab/DMI-UNSPECIFIED", Verdict.SILENT),
        ("Unspecified - no prohibition defined", Verdict.SILENT),
        ("", Verdict.SILENT),
    ],
)
def test_any_value_but_allowed_and_unspecified_reserves(value, expected):
    assert verdict(packet(f"<plus:DataMining>{value}</plus:DataMining>")) is expected
    assert verdict(packet(attributes=f'plus:DataMining="{value}"')) is expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("before", [b"", b"1", b"12", b"123"])
def test_every_encoding_of_unicode_is_read(encoding, before):
    assert verdict(before + prohibited(FORMS["text"]).encode(encoding)) is Verdict.RESERVED


@pytest.mark.parametrize(
    "xmp",
    [
        prohibited(FORMS["text"]).replace("</rdf:Description>", ""),
        prohibited("<open>" + FORMS["text"]),
        prohibited(FORMS["text"])[:-110],
        prohibited('<a b="<">' + FORMS["bag"]),
        packet("<plus:DataMining><rdf:Bag><rdf:li>DMI-ALLOWED"),
        packet(f'<plus:DataMining rdf:nodeID="n"/><rdf:Description rdf:nodeID="n" rdf:value="{PROHIBITED}"/>'),
        "<plus:DataMining>DMI-ALLOWED</plus:DataMining>" * 65,
        f'plus:DataMining="{PROHIBITED}"',
    ],
)
def test_a_property_that_cannot_be_read_reserves(xmp):
    assert verdict(xmp) is Verdict.RESERVED


@pytest.mark.parametrize(
    "xmp",
    [
        "",
        packet(),
        packet("<dc:description>On DataMining, plus:DataMining = DMI-PROHIBITED</dc:description>"),
        packet("<plus:DataMiningNote>DMI-PROHIBITED</plus:DataMiningNote>"),
        "A course in DataMining",
        "https://example.org/DataMining/",
    ],
)
def test_a_mention_elsewhere_says_nothing(xmp):
    assert verdict(xmp) is Verdict.SILENT


# Containers


def saved(kind, **options):
    out = io.BytesIO()
    Image.new("RGB", (16, 12), "tan").save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_a_packet_that_pillow_wrote_is_read(kind):
    options = {"pnginfo": _text_chunk(zip=False)} if kind == "PNG" else {"xmp": ATTRIBUTE.encode()}
    if kind == "TIFF":
        options = {"tiffinfo": {700: ATTRIBUTE.encode()}}
    assert read(saved(kind, **options))[0] is Verdict.RESERVED
    assert read(saved(kind))[0] is Verdict.SILENT


def _text_chunk(zip):
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", ATTRIBUTE, lang="en", tkey="XMP", zip=zip)
    return info


def test_a_compressed_chunk_of_png_is_read():
    image = saved("PNG", pnginfo=_text_chunk(zip=True))
    assert b"DataMining" not in image
    assert read(image)[0] is Verdict.RESERVED


@pytest.mark.parametrize("is_compressed", [True, False])
def test_a_profile_of_imagemagick_is_read(is_compressed):
    raw = ATTRIBUTE.encode()
    digits = binascii.hexlify(raw)
    lines = b"".join(digits[at : at + 72] + b"\n" for at in range(0, len(digits), 72))
    text = b"\nxmp\n%8d\n" % len(raw) + lines
    content = b"\0" + zlib.compress(text) if is_compressed else text
    info = PngImagePlugin.PngInfo()
    info.add(b"zTXt" if is_compressed else b"tEXt", b"Raw profile type xmp\0" + content)
    assert read(saved("PNG", pnginfo=info))[0] is Verdict.RESERVED


def test_a_damaged_chunk_is_read_up_to_the_damage():
    stream = zlib.compress((prohibited(FORMS["text"]) + "x" * 9000).encode())
    info = PngImagePlugin.PngInfo()
    info.add(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + stream[:-8] + b"\xff" * 8)
    assert read(saved("PNG", pnginfo=info))[0] is Verdict.RESERVED


def _extended(xmp, length):
    """Split a packet into segments of ExtendedXMP, the last one first."""
    segments = []
    for at in range(0, len(xmp), length):
        piece = xmp[at : at + length]
        content = b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32 + struct.pack(">II", len(xmp), at) + piece
        segments.append(b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content)
    return b"\xff\xd8" + b"".join(reversed(segments)) + saved("JPEG")[2:]


@pytest.mark.parametrize("length", [7, 64, 200, 60_000])
@pytest.mark.parametrize(("value", "expected"), [(PROHIBITED, Verdict.RESERVED), (ALLOWED, Verdict.PERMITTED)])
def test_a_packet_that_is_split_over_segments_is_read(length, value, expected):
    xmp = packet(f"<plus:DataMining>{value}</plus:DataMining>").encode()
    assert read(_extended(xmp, length))[0] is expected


@pytest.mark.parametrize("shift", range(0, 260, 20))
@pytest.mark.parametrize(("value", "expected"), [(PROHIBITED, Verdict.RESERVED), (ALLOWED, Verdict.PERMITTED)])
def test_gif_stores_a_packet_as_it_is_or_in_blocks(shift, value, expected):
    xmp = packet("<a>" + "b" * shift + f"</a><plus:DataMining>{value}</plus:DataMining>").encode()
    blocks = b"".join(bytes([len(xmp[at : at + 255])]) + xmp[at : at + 255] for at in range(0, len(xmp), 255))
    trailer = b"\1" + bytes(range(255, -1, -1))
    for content in (blocks, xmp + trailer):
        assert read(b"GIF89a" + b"!\xff\x0bXMP DataXMP" + content + b"\0;")[0] is expected
