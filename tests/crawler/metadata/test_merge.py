"""What a row states: the source before EXIF, the first URL before the others, AI before everything."""

import io
import itertools

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from crawler.archive.schemas import METADATA_COLUMNS, FacadeImage
from crawler.metadata.embedded_types import in_file
from crawler.metadata.merge import place_date_and_kind
from crawler.metadata.source_types import AI_MADE, TERMS, most_synthetic, term
from crawler.metadata.wikidata import q_id
from tests.crawler.metadata.test_exif import NORTH_WEST, picture

FILE = picture(gps=NORTH_WEST, taken="1998:05:24 16:23:02")
STATED = {"latitude": "10", "longitude": "20", "heading": "30", "taken": "1905", "wikidata": "Q243"}
NOTHING = dict.fromkeys(column.name for column in METADATA_COLUMNS)


def image(url: str = "https://a.invalid/1.jpg", **values: str) -> FacadeImage:
    return FacadeImage(url, **values)  # type: ignore[arg-type]


def test_the_source_comes_before_the_file() -> None:
    found = place_date_and_kind([image(**STATED)], FILE)
    expected = {"latitude": 10, "longitude": 20, "heading": 30, "taken": "1905", "wikidata": "Q243"}
    assert found == {**NOTHING, **expected}


def test_the_file_fills_what_the_source_leaves_out() -> None:
    found = place_date_and_kind([image(taken="circa 1905")], FILE)
    expected = {"latitude": 48.8581944, "longitude": -2.2944444, "heading": 90.5, "taken": "1998-05-24"}
    assert found == {**NOTHING, **expected}


def test_a_place_is_never_half_of_the_source_and_half_of_the_file() -> None:
    found = place_date_and_kind([image(latitude="10")], FILE)
    assert (found["latitude"], found["longitude"]) == (48.8581944, -2.2944444)


def test_only_the_first_url_gives_place_and_date() -> None:
    found = place_date_and_kind([image(), image("https://a.invalid/2.jpg", **STATED)], b"")
    assert found == NOTHING


def test_one_statement_of_ai_is_enough_in_whatever_order() -> None:
    stated = ["", "digitalCapture", "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"]
    for order in itertools.permutations(stated):
        images = [image(f"https://a.invalid/{n}.jpg", digital_source_type=text) for n, text in enumerate(order)]
        assert place_date_and_kind(images, b"")["digital_source_type"] == "trainedAlgorithmicMedia"


AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
XMP = '<rdf:Description Iptc4xmpExt:DigitalSourceType="%s"/>'
FORMS = {
    "attribute": XMP % AI,
    "text": f"<a:DigitalSourceType>\n {AI} </a:DigitalSourceType>",
    "resource": f'<a:DigitalSourceType rdf:resource="{AI}"/>',
    "value of a description": f"<a:DigitalSourceType><rdf:Description><rdf:value>{AI}</rdf:value></rdf:Description>",
    "term": "<a:DigitalSourceType>trainedAlgorithmicMedia</a:DigitalSourceType>",
    "QCode": XMP % "digsrctype:trainedAlgorithmicMedia",
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("offset", range(4))
def test_a_type_in_xmp_is_found_in_every_form_encoding_and_alignment(form: str, encoding: str, offset: int) -> None:
    body = b"\xff\xd8\xff" + b"." * offset + f"<x:xmpmeta>{FORMS[form]}</x:xmpmeta>".encode(encoding)
    assert most_synthetic(in_file(body)) == "trainedAlgorithmicMedia"


@pytest.mark.parametrize("name", TERMS)
def test_every_term_in_a_file_is_its_type(name: str) -> None:
    body = (XMP % f"http://cv.iptc.org/newscodes/digitalsourcetype/{name}").encode()
    assert place_date_and_kind([image()], body)["digital_source_type"] == name


def test_a_type_in_compressed_xmp_of_a_png_is_found() -> None:
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", f"<x:xmpmeta>{XMP % AI}</x:xmpmeta>", zip=True)
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG", pnginfo=info)
    assert b"trainedAlgorithmicMedia" not in out.getvalue()
    assert most_synthetic(in_file(out.getvalue())) == "trainedAlgorithmicMedia"


def test_a_type_in_a_c2pa_manifest_is_found_across_segments() -> None:
    """CBOR: text of 17 bytes, text of 70 bytes; the box of a manifest continues in a second APP11 segment."""
    box = b"jumbqdigitalSourceTypexH" + AI.encode()
    halves = [box[:60], box[60:]]
    segments = [
        b"\xff\xeb" + (18 + len(half)).to_bytes(2, "big") + b"JP\0\1" + n.to_bytes(4, "big") + b"\0\0\1\0jumb" + half
        for n, half in enumerate(halves, 1)
    ]
    body = b"\xff\xd8" + b"".join(segments) + b"\xff\xda"
    assert most_synthetic(in_file(body)) == "trainedAlgorithmicMedia"
    assert in_file(b"c2pa.org/digitalsourcetype/trainedAlgorithmicData")


@pytest.mark.parametrize("following", [b"", b"\x6dsoftwareAgent", b"\x64when", b"\x6aparameters"])
@pytest.mark.parametrize("name", ["trainedAlgorithmicMedia", "composite", "compositeSynthetic", "digitalCapture"])
def test_the_length_of_the_next_text_is_no_letter_of_the_type(name: str, following: bytes) -> None:
    value = f"http://cv.iptc.org/newscodes/digitalsourcetype/{name}".encode()
    body = b"\x71digitalSourceType\x78" + bytes([len(value)]) + value + following
    assert most_synthetic(in_file(body)) == name


@pytest.mark.parametrize("body", [b"", b"A digital photograph", b"DigitalSourceType", b"igital" * 5000])
def test_other_files_state_no_type(body: bytes) -> None:
    assert in_file(body) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("digsrctype:trainedAlgorithmicMedia", "trainedAlgorithmicMedia"),
        ("TRAINEDALGORITHMICMEDIA", "trainedAlgorithmicMedia"),
        ("trainedAlgorithmicData", "trainedAlgorithmicMedia"),
        ("https://schema.org/TrainedAlgorithmicMediaDigitalSource", "trainedAlgorithmicMedia"),
        ("https://schema.org/DigitalCaptureDigitalSource", "digitalCapture"),
        ("https://cv.iptc.org/newscodes/digitalsourcetype/print/", "print"),
        ("a photograph", None),
        ("", None),
    ],
)
def test_a_type_has_several_spellings(text: str, expected: str | None) -> None:
    assert term(text) == expected


def test_ai_is_the_least_photographic() -> None:
    assert most_synthetic(reversed(TERMS)) == AI_MADE[0] == TERMS[0]
    assert most_synthetic(["a photograph"]) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Q243", "Q243"),
        ("http://www.wikidata.org/entity/Q243", "Q243"),
        ("https://www.wikidata.org/wiki/Q243", "Q243"),
        ("wd:Q243", "Q243"),
        ("Q0", None),
        ("P31", None),
        ("Q243 and Q90", None),
        ("https://evil.invalid/wiki/Q243", None),
        ("", None),
    ],
)
def test_a_wikidata_item_is_an_id_or_its_url(text: str, expected: str | None) -> None:
    assert q_id(text) == expected
