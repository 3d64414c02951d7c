"""`curate.where`: which images each condition drops, and what happens where nothing is stated."""

import pytest
from pydantic import ValidationError

from crawler.metadata.source_types import AI_MADE, TERMS
from curate.rules import CurateParams
from curate.schemas import Reason
from curate.where import CONDITIONS, Where
from tests.curate.tables import Image, decided


def reasons(images: list[Image], **where: object) -> list[str | None]:
    rows = decided(images, CurateParams(where=where))
    return [rows[image.name]["reason"] for image in images]


def test_conditions_are_in_the_order_of_their_reasons_and_complete() -> None:
    order = [list(Reason).index(reason) for reason in CONDITIONS.values()]
    assert order == sorted(order)
    assert list(CONDITIONS) == list(Where.model_fields)


def test_by_default_only_pictures_that_state_ai_are_dropped() -> None:
    images = [Image(number, digital_source_type=term) for number, term in enumerate([None, *TERMS])]
    images += [Image(90, tags=("Drawings",), taken="1700", latitude=-89.0, longitude=0.0)]
    expected = [Reason.SYNTHETIC if term in AI_MADE else None for term in [None, *TERMS]]
    assert reasons(images) == [*expected, None]


def test_another_setting_keeps_the_default_against_ai() -> None:
    (reason,) = reasons([Image(1, digital_source_type=AI_MADE[0])], digital_source_type={"unknown": "keep"})
    assert reason == Reason.SYNTHETIC
    assert reasons([Image(1, digital_source_type=AI_MADE[0])], digital_source_type={"drop": []}) == [None]


def test_one_source_that_states_ai_is_enough_for_the_same_bytes_in_all() -> None:
    images = [Image(1, source="a"), Image(1, source="b", digital_source_type=AI_MADE[0]), Image(2, source="a")]
    assert reasons(images) == [Reason.SYNTHETIC, Reason.SYNTHETIC, None]


def test_a_type_that_is_not_stated_can_be_dropped_and_types_can_be_kept() -> None:
    images = [Image(1), Image(2, digital_source_type="digitalCapture"), Image(3, digital_source_type="print")]
    drop = Reason.WHERE_DIGITAL_SOURCE_TYPE
    assert reasons(images, digital_source_type={"unknown": "drop"}) == [drop, None, None]
    assert reasons(images, digital_source_type={"keep": ["*capture"]}) == [None, None, drop]


def test_what_ai_made_has_its_own_reason_however_it_is_dropped() -> None:
    images = [Image(1, digital_source_type="algorithmicMedia"), Image(2, digital_source_type="screenCapture")]
    rules: list[dict[str, list[str]]] = [{"drop": ["*"]}, {"drop": [], "keep": ["digitalCapture"]}]
    for rule in rules:
        assert reasons(images, digital_source_type=rule) == [Reason.SYNTHETIC, Reason.WHERE_DIGITAL_SOURCE_TYPE]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"drop": ["*interior*"]}, [None, "drop", "drop", None, None]),
        ({"keep": ["facades in *"]}, [None, "drop", None, "drop", None]),
        ({"keep": ["facades in *"], "unknown": "drop"}, ["drop", "drop", None, "drop", "drop"]),
        ({"drop": ["*INTERIOR*"], "keep": ["Facades*"]}, [None, "drop", "drop", "drop", None]),
        ({"drop": ["church"], "unknown": "drop"}, [None, None, None, None, None]),
        ({"drop": ["sha1:*"]}, [None, None, None, None, "drop"]),
    ],
)
def test_tags_drop_and_keep_by_patterns(rule: dict[str, object], expected: list[str | None]) -> None:
    """Without tags, with an unwanted one, with both, with another one, with nothing but an identifier."""
    tags: list[tuple[str, ...]] = [(), ("Interiors",), ("Facades in Paris", "Interiors"), ("Churches",), ("sha1:ab",)]
    images = [Image(number, tags=one) for number, one in enumerate(tags)]
    assert reasons(images, tags=rule) == [one and Reason.WHERE_TAGS for one in expected]


@pytest.mark.parametrize(
    ("rule", "dropped"),
    [
        ({}, set()),
        ({"unknown": "drop"}, set()),
        ({"first": 1990}, {"1989"}),
        ({"last": 2020}, {"2021-01-01"}),
        ({"first": 1990, "last": 1990}, {"1989", "2020-12-31", "2021-01-01"}),
        ({"first": 1990, "unknown": "drop"}, {"1989", None}),
    ],
)
def test_years_are_compared_whatever_the_precision(rule: dict[str, object], dropped: set[str | None]) -> None:
    dates = [None, "1989", "1990-01", "1990", "2020-12-31", "2021-01-01"]
    images = [Image(number, taken=date) for number, date in enumerate(dates)]
    if {"first", "last"} <= rule.keys():
        assert rule["first"] == rule["last"] == 1990
    found = reasons(images, years=rule)
    assert {date for date, reason in zip(dates, found, strict=True) if reason} == dropped
    assert set(found) <= {None, Reason.WHERE_YEARS}


def test_a_year_that_decided_is_in_the_manifest_with_its_limit() -> None:
    images = [Image(1, taken="1989-12-31"), Image(2, taken="2021"), Image(3)]
    years = {"first": 1990, "last": 2020, "unknown": "drop"}
    rows = decided(images, CurateParams(where={"years": years}))
    found = [(row["measure"], row["value"], row["threshold"]) for row in (rows[image.name] for image in images)]
    assert found == [("year", 1989, 1990), ("year", 2021, 2020), (None, None, None)]


@pytest.mark.parametrize(
    ("west", "east", "inside"),
    [
        (0, 20, {0.0, 10.0, 20.0}),
        (20, 0, {20.0, 170.0, -180.0, -170.0, -0.1, 0.0}),
        (170, -170, {170.0, -180.0, -170.0}),
        (-180, 180, {0.0, 10.0, 20.0, 170.0, -180.0, -170.0, -0.1}),
        (10, 10, {10.0}),
        (170, 180, {170.0, -180.0}),
    ],
)
def test_a_box_goes_eastwards_from_west_over_180_degrees_if_it_must(
    west: float, east: float, inside: set[float]
) -> None:
    longitudes = [0.0, 10.0, 20.0, 170.0, -180.0, -170.0, -0.1]
    images = [Image(number, latitude=50.0, longitude=degrees) for number, degrees in enumerate(longitudes)]
    found = reasons(images, box={"south": 50, "west": west, "north": 50, "east": east})
    assert {degrees for degrees, reason in zip(longitudes, found, strict=True) if reason is None} == inside


def test_a_box_ends_at_its_latitudes_and_has_a_rule_for_images_without_a_place() -> None:
    images = [Image(1, latitude=39.9, longitude=1.0), Image(2, latitude=60.1, longitude=1.0), Image(3)]
    box = {"south": 40, "west": -180, "north": 60, "east": 180}
    assert reasons(images, box=box) == [Reason.WHERE_BOX, Reason.WHERE_BOX, None]
    assert reasons(images[2:], box={**box, "unknown": "drop"}) == [Reason.WHERE_BOX]


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"years": {"first": 2000, "last": 1999}}, "first ≤ last"),
        ({"years": {"first": 99}}, "greater than or equal to 1000"),
        ({"box": {"south": 40}}, "all of south, west, north and east"),
        ({"box": {"south": 41, "west": 0, "north": 40, "east": 1}}, "south ≤ north"),
        ({"box": {"south": -91, "west": 0, "north": 40, "east": 1}}, "greater than or equal to -90"),
        ({"tags": {"unknown": "maybe"}}, "'keep' or 'drop'"),
        ({"tag": {}}, "Extra inputs"),
        ({"digital_source_type": {"drop": ["algoritmicMedia"]}}, "like algoritmicMedia; did you mean algorithmicMedia"),
        ({"digital_source_type": {"keep": ["photo"]}}, "of which none is like photo"),
    ],
)
def test_a_mistake_is_named(where: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Where.model_validate(where)
