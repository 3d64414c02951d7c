"""What a row states: the source before EXIF, the first URL before the others, AI before everything."""

import itertools

import pytest

from crawler.archive.schemas import METADATA_COLUMNS, FacadeImage
from crawler.metadata.merge import place_date_and_kind
from crawler.metadata.source_types import AI_MADE, TERMS, in_bytes, most_synthetic, term
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


XMP = b'<rdf:Description Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/%s"/>'


@pytest.mark.parametrize("name", TERMS)
def test_the_file_states_its_type_in_xmp_or_c2pa(name: str) -> None:
    body = b"\xff\xd8\xff" + XMP % name.encode()
    assert place_date_and_kind([image()], body)["digital_source_type"] == name
    assert in_bytes(b"qdigitalSourceTypexFhttp://c2pa.org/digitalsourcetype/trainedAlgorithmicData") == [
        "trainedAlgorithmicData"
    ]


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
