"""Filters: which values they reject, in which order they are applied, and what they read from a prepared table."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError

from curate.rules import FILTER_OF, FILTERS, CurateParams, Filter, Thresholds
from curate.schemas import MEASURES, Reason, prepared_schema
from tests.curate.tables import SIZE, Image


@pytest.mark.parametrize("rule", FILTERS, ids=lambda rule: rule.threshold)
@given(threshold=st.floats(0, 500))
def test_a_value_at_the_threshold_passes_in_the_precision_of_the_table(rule: Filter, threshold: float) -> None:
    for precision in (np.float32, np.float64):
        limit = precision(threshold)
        wrong, right = (np.nextafter(limit, precision(end)) for end in (-np.inf, np.inf))
        if not rule.is_minimum:
            wrong, right = right, wrong
        values: NDArray[np.floating] = np.array([limit, wrong, right, np.nan], precision)
        assert rule.rejects(values, threshold).tolist() == [False, True, False, False]


def test_filters_are_in_the_order_of_their_reasons() -> None:
    order = [list(Reason).index(rule.reason) for rule in FILTERS]
    assert order == sorted(order)


def test_every_threshold_has_one_filter_and_every_measure_is_read_by_one() -> None:
    assert sorted(rule.threshold for rule in FILTERS) == sorted(Thresholds.model_fields)
    assert {rule.measure for rule in FILTERS} == {*MEASURES, "side", "aspect"}
    assert [FILTER_OF[rule.reason, rule.measure] for rule in FILTERS] == list(FILTERS)


def test_a_filter_reads_its_measure_from_a_prepared_table() -> None:
    images = [Image(1, width=301, height=200), Image(2, width=90, height=450), Image(3, error="corrupt")]
    table = pa.Table.from_pylist([image.prepared_row() for image in images], prepared_schema(SIZE))
    for rule in FILTERS:
        values = rule.values(table.select(rule.columns))
        assert np.isnan(values[2])
        for image, value in zip(images[:2], values, strict=False):
            assert value == image.measure(rule.measure)
        assert values.dtype == (np.float64 if rule.measure in ("side", "aspect") else np.float32)


def test_a_threshold_is_found_by_its_filter() -> None:
    thresholds = Thresholds(min_side=7, max_border=None)
    found = {rule.threshold: thresholds.of(rule) for rule in FILTERS}
    assert found == thresholds.model_dump()


def test_the_facade_filter_needs_its_measure() -> None:
    with pytest.raises(ValidationError, match=r"true while thresholds\.min_facade is not null"):
        CurateParams(score_facades=False)
    CurateParams(score_facades=False, thresholds=Thresholds(min_facade=None))
