"""Dates: which texts are one date, and in which precision."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.metadata.dates import coarse_date, iso_date


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("1998", "1998"),
        ("1998.0", "1998"),
        ("1998-05", "1998-05"),
        ("1998-05-24", "1998-05-24"),
        ("1998-05-24 16:23:02", "1998-05-24"),
        ("1998-05-24T16:23:02.5+02:00", "1998-05-24"),
        ("1998-05-24T16:23Z", "1998-05-24"),
        ("1998:05:24 16:23:02", "1998-05-24"),
        ("24 May 1998, 16:23", "1998-05-24"),
        ("Taken on 24 May 1998", "1998-05-24"),
        ("1998-05-24 16:23 (according to Exif data)", "1998-05-24"),
        ("May 24, 1998", "1998-05-24"),
        ("SEPT 1998", "1998-09"),
        ("2007 Nov. 3.", "2007-11-03"),
        ("[1905]", "1905"),
        ("1888.", "1888"),
        ("2000-02-29", "2000-02-29"),
    ],
)
def test_a_date_keeps_its_precision(text: str, date: str) -> None:
    assert iso_date(text) == date
    assert iso_date(f"  {text}\n") == date


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0000:00:00 00:00:00",
        "    :  :     :  :  ",
        "1998:13:01 00:00:00",
        "1999-02-29",
        "1998-5-24",
        "05/06/1998",
        "24.05.98",
        "circa 1900",
        "c1905.",
        "[1905?]",
        "1890s",
        "1890-1900",
        "1998/1999",
        "between 1890 and 1900",
        "before 1914",
        "19th century",
        "Mai 1998",
        "1998 or 1999",
        "١٩٩٨",
        "998",
        "19980",
        "1998-05-24" * 50,
    ],
)
def test_what_is_not_one_certain_date_is_none(text: str) -> None:
    assert iso_date(text) is None


@given(st.dates(datetime.date(1000, 1, 1), datetime.date(2999, 12, 31)), st.times())
def test_every_day_is_read_in_every_form(day: datetime.date, time: datetime.time) -> None:
    forms = ("%Y-%m-%d", "%Y:%m:%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%d %B %Y", "%B %d, %Y, %H:%M", "%Y %b %d")
    for form in forms:
        text = datetime.datetime.combine(day, time).strftime(form)
        assert iso_date(text) == day.isoformat(), text
        assert (iso_date(text) or "").startswith(iso_date(day.strftime("%Y-%m")) or "no month")


@given(st.text(max_size=30))
def test_no_text_is_an_error(text: str) -> None:
    found = iso_date(text)
    assert found is None or iso_date(found) == found


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("1998-01-01T00:00:00Z", "1998"),
        ("1998-05-01T00:00:00Z", "1998-05"),
        ("1998-05-24", "1998-05-24"),
        ("1998-01-24", "1998-01-24"),
        ("1980-01-01:T00:00:00Z", None),
    ],
)
def test_the_first_of_a_period_stands_for_the_period(text: str, date: str | None) -> None:
    assert coarse_date(text) == date
