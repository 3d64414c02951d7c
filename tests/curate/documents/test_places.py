"""Countries of coordinates, and the table of the freedom of panorama."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from curate.documents import places
from curate.documents.conditions import conditions
from curate.documents.places import architects_right, by_place, countries, country_name
from curate.rules import CurateParams

TABLE = tomllib.loads((Path(places.__file__).parent / places.FREEDOM_OF_PANORAMA).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("place", "country"),
    [
        ((48.8582, 2.2945), "FR"),  # Paris
        ((41.8902, 12.4922), "IT"),  # Rome
        ((40.6892, -74.0445), "US"),
        ((-33.8568, 151.2153), "AU"),
        ((35.6586, 139.7454), "JP"),
        ((59.9139, 10.7522), "NO"),
        ((-54.8019, -68.303), "AR"),  # Ushuaia
        ((48.5734, 7.7521), "FR"),  # Strasbourg, 3 km from Germany
        ((48.573, 7.79), ""),  # between Strasbourg and Kehl
        ((41.9022, 12.4539), "IT"),  # the Vatican: it has too few inhabitants
        ((43.7396, 7.4276), "MC"),
        ((0.0, -140.0), ""),  # the Pacific
        ((90.0, 0.0), ""),
        ((-90.0, -180.0), ""),
    ],
)
def test_the_country_is_that_of_the_nearest_town_or_not_known(place: tuple[float, float], country: str) -> None:
    assert countries(np.array([place])) == [country]


def test_many_points_have_the_countries_that_each_has_alone() -> None:
    points = np.random.default_rng(0).uniform((-60, -180), (70, 180), (300, 2))
    assert countries(points) == [countries(point[None])[0] for point in points]


def test_the_table_has_a_name_a_rule_and_a_source_for_each_country() -> None:
    for code, entry in TABLE.items():
        assert re.fullmatch("[A-Z]{2}", code)
        assert set(entry) == {"name", "buildings", "law", "source"}, code
        assert entry["buildings"] in ("free", "restricted"), code
        assert entry["source"].startswith("https://commons.wikimedia.org/wiki/Commons:Copyright_rules_by_territory/")
        assert entry["name"].split()[0] in entry["source"], code
    assert list(TABLE) == sorted(TABLE)


def test_a_country_deserves_a_look_unless_the_table_calls_it_free() -> None:
    assert architects_right("FR").startswith("deserves a look: Code de la propriété intellectuelle, art. L122-5")
    assert architects_right("DE") == "free from public places"
    assert architects_right("") == architects_right("ZZ") == "not known: deserves a look"
    assert (country_name("FR"), country_name("ZZ"), country_name("")) == ("France", "ZZ", "not known")


def test_without_coordinates_the_card_lists_sources_only() -> None:
    text = "\n".join(by_place({}, {"town": 3}))
    assert "0 of 3 facades have coordinates, and 3 have no place." in text
    assert "| town | 3 |" in text
    assert "architect" not in text


def test_conditions_that_drop_nothing_are_not_in_the_card() -> None:
    assert list(conditions(CurateParams())) == [
        "where.digital_source_type.drop",
        "where.digital_source_type.unknown",
    ]
    params = CurateParams(
        where={"digital_source_type": {"drop": []}, "years": {"first": 1990}, "tags": {"drop": ["a", "b"]}},
        caps={"place": 2},
    )
    assert conditions(params) == {
        "where.tags.drop": "a, b",
        "where.tags.unknown": "keep",
        "where.years.first": "1990",
        "where.years.unknown": "keep",
        "caps.place": "2",
        "caps.cell": "0.001",
    }
