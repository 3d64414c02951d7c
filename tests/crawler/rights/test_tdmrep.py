"""TDMRep: https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240510/"""

import json

import pytest

from crawler.rights.finding import Verdict
from crawler.rights.tdmrep import read, read_file

IMAGE = "https://museum.example/photos/mill.jpg"


def of(*rules, url=IMAGE):
    return read_file(json.dumps(rules).encode(), url)


def rule(location, reservation, **other):
    return {"location": location, "tdm-reservation": reservation, **other}


@pytest.mark.parametrize("value", ["1", '"1"', "'1'", " 1 ", "1; q=0.5", "true", "Yes", "2", "0, 1"])
def test_a_header_reserves_by_any_value_but_zero(value):
    assert read([value]).verdict is Verdict.RESERVED


@pytest.mark.parametrize(
    ("values", "verdict"),
    [(["0"], Verdict.PERMITTED), (['"0"', ""], Verdict.PERMITTED), ([""], Verdict.SILENT), ([], Verdict.SILENT)],
)
def test_zero_permits_and_nothing_is_silent(values, verdict):
    assert read(values).verdict is verdict


def test_of_several_headers_the_strictest_counts_and_the_policy_is_kept():
    assert read(["0", "1"], ["", "/policy.json"]) == (Verdict.RESERVED, "tdm-reservation: 0, 1", "/policy.json")
    assert read([], ["/policy.json"]) == (Verdict.SILENT, "", "/policy.json")


@pytest.mark.parametrize(
    "location",
    ["/", "/photos/", "/photos/mill.jpg", "/photos/*.jpg", "*.jpg$", "/*/mill", "/photos/mill.jpg$", "/%70hotos/",
     "https://museum.example/photos/", "photos/", "*", "", None],
)  # fmt: skip
def test_a_location_matches_as_in_robots_txt(location):
    assert of(rule(location, 1)).verdict is Verdict.RESERVED


@pytest.mark.parametrize(
    "location", ["/texts/", "/Photos/", "/photos$", "*.png", "/photos/mill.jpg/", "https://museum.example/texts/"]
)
def test_other_locations_say_nothing(location):
    assert of(rule(location, 1)).verdict is Verdict.SILENT


def test_the_first_rule_that_matches_decides():
    free, reserved = rule("/photos/*.jpg", 0), rule("/", 1)
    assert of(free, reserved).verdict is Verdict.PERMITTED
    assert of(reserved, free).verdict is Verdict.RESERVED
    assert of(rule("/texts/", 0), reserved).verdict is Verdict.RESERVED


def test_where_the_first_match_and_the_longest_differ_the_stricter_counts():
    free, reserved = rule("/", 0), rule("/photos/", 1)
    assert of(free, reserved).verdict is Verdict.RESERVED
    assert of(free, reserved, url="https://museum.example/texts/").verdict is Verdict.PERMITTED


def test_a_policy_does_not_lift_a_reservation():
    found = of(rule("/", 1, **{"tdm-policy": "https://museum.example/terms.json"}))
    assert found == (Verdict.RESERVED, "/: tdm-reservation 1", "https://museum.example/terms.json")


@pytest.mark.parametrize("reservation", [1, 1.0, True, "1", "yes", 7])
def test_a_reservation_may_have_other_types(reservation):
    assert of(rule("/", reservation)).verdict is Verdict.RESERVED


@pytest.mark.parametrize(
    ("reservation", "verdict"),
    [
        (0, Verdict.PERMITTED),
        (False, Verdict.PERMITTED),
        ("0", Verdict.PERMITTED),
        (None, Verdict.SILENT),
        ("", Verdict.SILENT),
    ],
)
def test_zero_in_a_file_permits_and_an_empty_value_is_unset(reservation, verdict):
    assert of(rule("/", reservation)).verdict is verdict


@pytest.mark.parametrize(
    "body",
    [
        b'{"location": "/", "tdm-reservation": 1}',
        b'[{"Location": "/", "TDM_Reservation": 1}]',
        b'{"tdm_reservation": 1, "tdm_policy": "https://museum.example/terms"}',
        b'{"version": 1, "tdmrep": [{"location": "/photos/", "tdm-reservation": 1}]}',
        b'{"tdm": {"rules": {"all": {"tdm:reservation": "1"}}}}',
        b'{"@context": "http://www.w3.org/ns/tdmrep#", "type": "Reservation"}',
        b'{"rights": "all rights reserved"}',
        b'\xef\xbb\xbf[{"location": "/", "tdm-reservation": 1}]',
        '[{"location": "/", "tdm-reservation": 1}]'.encode("utf-16"),
        b'[{"location": "/", "tdm-reservation": 1},]',
        b"// all of it\n[{'location': '/', 'tdm-reservation': 1}]",
        b'["tdm-reservation", 1]',
        b"tdm-reservation: 1",
        b"[" * 100_000 + b"tdm-reservation",
        json.dumps([rule(f"/{number}/", 1) for number in range(1001)]).encode(),
    ],
)
def test_a_file_that_is_almost_right_reserves(body):
    assert read_file(body, IMAGE).verdict is Verdict.RESERVED


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n",
        b"[]",
        b"null",
        b"{}",
        b'{"policy": "none"}',
        b"not json",
        b"<!doctype html><p>tdm-reservation: not found",
        b"\xff\xfe\x00",
    ],
)
def test_a_file_without_rules_or_a_page_in_its_place_says_nothing(body):
    assert read_file(body, IMAGE).verdict is Verdict.SILENT
