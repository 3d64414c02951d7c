"""Caps: how many images of one author, place or source are kept, and which."""

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from crawler.archive.schemas import IMAGES
from curate.caps import NO_GROUP, Caps, groups_by
from curate.rules import CurateParams
from curate.schemas import Decision, Reason
from tests.curate.tables import Image, decided

PLACES: list[tuple[float, float] | None] = [None, (48.8581, 2.2941), (48.8589, 2.2949), (-33.9, 151.2)]


@st.composite
def albums(draw: st.DrawFn) -> list[Image]:
    """Images of few authors, places and sources, all with different bytes."""
    numbers = draw(st.lists(st.integers(0, 40), unique=True, max_size=14))
    return [
        Image(
            number,
            source=draw(st.sampled_from(["town", "museum"])),
            author=draw(st.sampled_from(["", "Ann", "Ben"])),
            latitude=(place := draw(st.sampled_from(PLACES))) and place[0],
            longitude=place and place[1],
        )
        for number in numbers
    ]


def kept(images: list[Image], **caps: int) -> list[Image]:
    rows = decided(images, CurateParams(caps=caps))
    return [image for image in images if rows[image.name]["decision"] == Decision.KEPT]


def cell(image: Image) -> tuple[int, int] | None:
    if image.latitude is None or image.longitude is None:
        return None
    return int(image.latitude // 0.001), int(image.longitude // 0.001)


@settings(max_examples=60, deadline=None)
@given(albums(), st.integers(1, 3), st.integers(1, 3), st.integers(1, 5))
def test_no_cap_is_exceeded(images: list[Image], author: int, place: int, source: int) -> None:
    found = kept(images, author=author, place=place, source=source)
    assert all(count <= author for name, count in Counter(image.author for image in found).items() if name)
    assert all(count <= place for where, count in Counter(map(cell, found)).items() if where)
    assert all(count <= source for count in Counter(image.source for image in found).values())


@settings(max_examples=60, deadline=None)
@given(albums().flatmap(lambda images: st.tuples(st.just(images), st.permutations(images))), st.integers(1, 3))
def test_the_order_of_images_and_sources_changes_nothing(both: tuple[list[Image], list[Image]], limit: int) -> None:
    one, other = (kept(images, author=limit, place=limit, source=limit) for images in both)
    assert sorted(one, key=lambda image: image.sha256) == sorted(other, key=lambda image: image.sha256)


@settings(max_examples=60, deadline=None)
@given(albums(), st.integers(1, 3))
def test_an_image_of_another_group_changes_no_choice(images: list[Image], limit: int) -> None:
    stranger = Image(99, source="archive", author="Eve", latitude=1.0, longitude=1.0)
    before = kept(images, author=limit, place=limit, source=limit)
    assert kept([*images, stranger], author=limit, place=limit, source=limit) == [*before, stranger]


@settings(max_examples=60, deadline=None)
@given(albums(), st.integers(1, 3))
def test_one_more_image_of_an_author_displaces_one_at_most(images: list[Image], limit: int) -> None:
    before, after = kept(images, author=limit), kept([*images, Image(99, author="Ann")], author=limit)
    gone = [image for image in before if image not in after]
    assert len(gone) <= 1
    assert all(image.author == "Ann" for image in gone)


def test_the_smallest_sha256_stay_and_the_rest_say_their_position() -> None:
    images = sorted((Image(number, author="Ann") for number in range(4)), key=lambda image: image.sha256)
    rows = [decided(images, CurateParams(caps={"author": 2}))[image.name] for image in images]
    assert [row["reason"] for row in rows] == [None, None, Reason.CAP_AUTHOR, Reason.CAP_AUTHOR]
    assert [(row["measure"], row["value"], row["threshold"]) for row in rows[2:]] == [
        ("position", 3, 2),
        ("position", 4, 2),
    ]
    assert all(row["keeper"] is None for row in rows)


def test_only_images_that_would_be_kept_count() -> None:
    images = [Image(1, author="Ann"), Image(2, author="Ann"), Image(3, author="Ann", opt_out="tdmrep")]
    assert len(kept(images, author=2)) == 2


def test_images_without_author_or_coordinates_are_not_counted() -> None:
    images = [Image(number) for number in range(5)]
    assert len(kept(images, author=1, place=1)) == 5
    assert len(kept(images, source=1)) == 1


def test_one_place_is_one_cell_of_the_grid_on_both_sides_of_zero() -> None:
    points = [(0.0004, 0.0004), (0.0009, 0.0009), (-0.0004, 0.0004), (0.0004, -0.0004), (0.0011, 0.0)]
    images = [Image(number, latitude=one[0], longitude=one[1]) for number, one in enumerate(points)]
    table = pa.Table.from_pylist([*(image.image_row() for image in images), Image(9).image_row()], IMAGES)
    groups = groups_by("place", table, 0.001).tolist()
    assert groups[0] == groups[1]
    assert len(set(groups)) == 5
    assert groups[-1] == NO_GROUP


@pytest.mark.parametrize("values", [{"author": 0}, {"place": -1}, {"cell": 0}, {"cell": 11}, {"autor": 1}])
def test_a_cap_has_a_range(values: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Caps.model_validate(values)
