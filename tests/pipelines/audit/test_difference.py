"""Compares two manifests: exact for each row, and each change has its cause."""

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.dotted import dotted
from curate.schemas import MANIFEST, Decision, Reason
from pipelines.audit.causes import Basis, Cause, Rejection, cause_of
from pipelines.audit.difference import AMENDABLE, CHANGES, Change, Difference, compare
from pipelines.audit.parameters import changed, sentence
from pipelines.versions.manifest import ManifestReader

pytestmark = pytest.mark.integration

Row = dict[str, Any]
SHAS = [f"{number:x}" * 64 for number in range(10)]


def manifest(rows: Sequence[Row]) -> pa.Table:
    return pa.Table.from_pylist(sorted(rows, key=lambda row: (row["sha256"], row["source"])), MANIFEST)


def difference(
    before: Sequence[Row], after: Sequence[Row], old: Basis | None = None, new: Basis | None = None
) -> Difference:
    """`compare`, with the sources of each manifest for its archives where no basis is given."""
    old = old or Basis({}, {row["source"]: "1" for row in before})
    new = new or Basis({}, {row["source"]: "1" for row in after})

    return compared(manifest(before), manifest(after), old, new)


def compared(before: pa.Table, after: pa.Table, old: Basis, new: Basis) -> Difference:
    with TemporaryDirectory() as folder:
        files = Path(folder, "before.parquet"), Path(folder, "after.parquet")
        for file, table in zip(files, (before, after), strict=True):
            pq.write_table(table, file, row_group_size=5)  # several groups in a small table
        return compare(ManifestReader(files[0]), ManifestReader(files[1]), old, new)


def row(sha256: str, source: str = "town", reason: Reason | None = None, **given: Any) -> Row:
    decision = Decision.KEPT if reason is None else Decision.DROPPED
    return {"sha256": sha256, "source": source, "decision": decision, "reason": reason, "rule_version": 1, **given}


@st.composite
def manifests(draw: st.DrawFn, sources: Sequence[str]) -> list[Row]:
    keys = draw(st.lists(st.tuples(st.sampled_from(SHAS), st.sampled_from(sources)), unique=True, max_size=16))
    return [
        row(
            sha256,
            source,
            draw(st.sampled_from([None, None, *Reason])),
            title=draw(st.sampled_from(["a", "b", None])),
            tags=draw(st.sampled_from([None, [], ["x"], ["x", "y"]])),
            keeper=draw(st.sampled_from([None, *SHAS])),
            value=draw(st.sampled_from([None, 1.0, 2.0])),
        )
        for sha256, source in keys
    ]


def by_hand(before: Sequence[Row], after: Sequence[Row]) -> dict[tuple[str, str], tuple[Change, set[str]]]:
    """The expected changes, found one row at a time."""
    old = {(one["sha256"], one["source"]): one for one in manifest(before).to_pylist()}
    new = {(one["sha256"], one["source"]): one for one in manifest(after).to_pylist()}
    found: dict[tuple[str, str], tuple[Change, set[str]]] = {}
    for key in old.keys() | new.keys():
        if key not in old:
            found[key] = Change.ADDED, set()
        elif key not in new:
            found[key] = Change.REMOVED, set()
        elif any(old[key][name] != new[key][name] for name in ("decision", "reason")):
            found[key] = Change.REDECIDED, set()
        elif columns := {name for name in AMENDABLE if old[key][name] != new[key][name]}:
            found[key] = Change.AMENDED, columns
    return found


def amended(bits: int) -> set[str]:
    return {name for place, name in enumerate(AMENDABLE) if bits >> place & 1}


# A source in common keeps the two from being a renaming.
@given(manifests(["town", "museum"]), manifests(["town", "museum", "suburb"]))
@settings(max_examples=60, deadline=None)
def test_totals_add_up_to_the_exact_difference(before: list[Row], after: list[Row]) -> None:
    before, after = [*before, row("f" * 64, "museum")], [*after, row("f" * 64, "museum")]
    if not any(one["source"] == "town" for one in after):
        after.append(row("e" * 64, "town"))
    found = difference(before, after)
    changes = found.changes.to_pylist()
    expected = by_hand(before, after)
    assert {(one["sha256"], one["source"]): Change(one["change"]) for one in changes} == {
        key: change for key, (change, _) in expected.items()
    }
    assert {(one["sha256"], one["source"]): amended(one["amended"]) for one in changes if one["amended"]} == {
        key: columns for key, (_, columns) in expected.items() if columns
    }
    assert found.changes.schema == CHANGES
    assert all(one["cause"] for one in changes if one["change"] != Change.AMENDED)

    counts = Counter(one["change"] for one in changes)
    shared = found.unchanged + counts[Change.AMENDED] + counts[Change.REDECIDED]
    assert found.before == len(before) == shared + counts[Change.REMOVED]
    assert found.after == len(after) == shared + counts[Change.ADDED]
    gained = sum(one["decision_after"] == "kept" for one in changes) - sum(
        one["decision_before"] == "kept" for one in changes
    )
    assert found.kept_after - found.kept_before == gained


@given(manifests(["town", "museum"]))
@settings(max_examples=20, deadline=None)
def test_a_manifest_does_not_differ_from_itself(rows: list[Row]) -> None:
    assert difference(rows, random.Random(0).sample(rows, len(rows))).changes.num_rows == 0


def test_a_renamed_source_is_the_same_source() -> None:
    before = [row(sha256, "town") for sha256 in SHAS[:6]] + [row(SHAS[0], "market"), row(SHAS[9], "market")]
    after = [row(sha256, "village") for sha256 in SHAS[1:7]] + [row(SHAS[0], "market"), row(SHAS[1], "market")]
    found = difference(before, after)
    assert found.renamed == {"town": "village"}
    changes = Counter(
        (one["change"], one["source"], tuple(amended(one["amended"] or 0))) for one in found.changes.to_pylist()
    )
    assert changes == {
        ("added", "village", ()): 1,
        ("added", "market", ()): 1,
        ("removed", "town", ()): 1,
        ("removed", "market", ()): 1,
        ("amended", "village", ("source",)): 5,
    }


def test_two_sources_with_little_in_common_are_two_sources() -> None:
    found = difference([row(sha256, "town") for sha256 in SHAS[:6]], [row(sha256, "village") for sha256 in SHAS[4:]])
    assert found.renamed == {}
    assert {(one["change"], one["cause"]) for one in found.changes.to_pylist()} == {
        ("added", "new_source"),
        ("removed", "source_removed"),
    }


def test_an_older_manifest_may_lack_columns() -> None:
    old = manifest([row(SHAS[0]), row(SHAS[2])])
    new = manifest([row(SHAS[0], title="a"), row(SHAS[1]), row(SHAS[2], reason=Reason.DARK)])
    basis = Basis({}, {"town": "1"})
    found = compared(old.drop_columns(["title", "similarity", "rule_version"]), new, basis, basis)
    assert [one["change"] for one in found.changes.to_pylist()] == ["added", "redecided"]
    assert [one["detail"] for one in found.changes.to_pylist()][1] == "rule version None → 1"


THRESHOLD = Basis({"curate.thresholds.min_side": 96}, {}), Basis({"curate.thresholds.min_side": 120}, {})
RADIUS = Basis({"curate.duplicates.radius": 8}, {}), Basis({"curate.duplicates.radius": 10}, {})
LICENSES = Basis({"crawl.licenses": ["CC0-1.0"]}, {}), Basis({"crawl.licenses": ["CC0-1.0", "CC-BY-*"]}, {})
YEARS = Basis({"curate.where.years.first": None}, {}), Basis({"curate.where.years.first": 1990}, {})
CELL = Basis({"curate.caps.cell": 0.001}, {}), Basis({"curate.caps.cell": 0.01}, {})
SAME = Basis({}, {}), Basis({}, {})


@pytest.mark.parametrize(
    ("rejection", "bases", "cause", "detail"),
    [
        (Rejection(True, Reason.EXCLUDED, "", "", "", "", 1, 1), SAME, Cause.EXCLUSION, ""),
        (Rejection(True, Reason.OPT_OUT, "", "", "", "", 1, 1), SAME, Cause.OPT_OUT, "the source reserves use"),
        (
            Rejection(False, Reason.OPT_OUT, "", "", "", "", 1, 1),
            SAME,
            Cause.OPT_OUT,
            "the source no longer reserves use",
        ),
        (
            Rejection(True, Reason.LICENSE_UNKNOWN, "", "", "CC0-1.0", "unknown", 1, 1),
            SAME,
            Cause.LICENSE,
            "CC0-1.0 → unknown",
        ),
        (
            Rejection(False, Reason.LICENSE_NOT_ALLOWED, "", "", "CC-BY-4.0", "CC-BY-4.0", 1, 1),
            LICENSES,
            Cause.RULES,
            "licenses [CC0-1.0] → [CC0-1.0, CC-BY-*]",
        ),
        (Rejection(True, Reason.TOO_SMALL, "side", "", "", "", 1, 1), THRESHOLD, Cause.THRESHOLD, "min_side 96 → 120"),
        (
            Rejection(False, Reason.TOO_SMALL, "side", "", "", "", 1, 1),
            THRESHOLD[::-1],
            Cause.THRESHOLD,
            "min_side 120 → 96",
        ),
        (Rejection(True, Reason.BLURRED, "sharpness", "", "", "", 1, 2), THRESHOLD, Cause.RULES, "rule version 1 → 2"),
        (Rejection(True, Reason.BLURRED, "sharpness", "", "", "", 1, 1), THRESHOLD, Cause.MEASURED, ""),
        (Rejection(True, Reason.WHERE_YEARS, "year", "", "", "", 4, 4), YEARS, Cause.WHERE, "first off → 1990"),
        (Rejection(True, Reason.WHERE_TAGS, "", "", "", "", 4, 4), YEARS, Cause.WHERE, "stated tags changed"),
        (Rejection(True, Reason.WHERE_BOX, "", "", "", "", 3, 4), SAME, Cause.RULES, "rule version 3 → 4"),
        (Rejection(True, Reason.CAP_PLACE, "position", "", "", "", 4, 4), CELL, Cause.CAP, "cell 0.001 → 0.01"),
        (
            Rejection(False, Reason.CAP_AUTHOR, "position", "", "", "", 4, 4),
            CELL,
            Cause.CAP,
            "other images of its author",
        ),
        (Rejection(True, Reason.TRUNCATED, "", "", "", "", 1, 1), SAME, Cause.MEASURED, ""),
        (
            Rejection(True, Reason.NEAR_DUPLICATE, "", "keeper is new", "", "", 1, 1),
            RADIUS,
            Cause.DUPLICATE,
            "keeper is new",
        ),
        (Rejection(True, Reason.NEAR_DUPLICATE, "", "", "", "", 1, 1), RADIUS, Cause.RULES, "radius 8 → 10"),
        (Rejection(True, Reason.NEAR_DUPLICATE, "", "", "", "", 1, 1), SAME, Cause.RULES, "other code"),
    ],
)
def test_every_rejection_has_its_cause(
    rejection: Rejection, bases: tuple[Basis, Basis], cause: Cause, detail: str
) -> None:
    assert cause_of(rejection, *bases) == (cause, detail)


def test_the_earlier_of_two_reasons_gives_the_cause() -> None:
    """From too small to excluded, the exclusion is new; from excluded to too small, it was withdrawn."""
    small, excluded = (
        row(SHAS[0], reason=Reason.TOO_SMALL, measure="side", value=80.0),
        row(SHAS[0], reason=Reason.EXCLUDED),
    )
    (added,) = difference([small], [excluded]).changes.to_pylist()
    (withdrawn,) = difference([excluded], [small]).changes.to_pylist()
    assert (added["cause"], added["detail"], withdrawn["cause"], withdrawn["detail"]) == (
        "exclusion",
        "",
        "exclusion",
        "withdrawn",
    )
    assert added["measure"] is None


def test_a_duplicate_depends_on_its_keeper() -> None:
    near, keeper = SHAS[0], SHAS[1]
    lost = row(near, reason=Reason.NEAR_DUPLICATE, keeper=keeper)
    cases = {
        "keeper is new": ([row(near)], [lost, row(keeper)]),
        "keeper was dropped before: dark": ([row(near), row(keeper, reason=Reason.DARK)], [lost, row(keeper)]),
        "keeper is gone": ([lost, row(keeper)], [row(near)]),
        "keeper is dropped now: excluded": ([lost, row(keeper)], [row(near), row(keeper, reason=Reason.EXCLUDED)]),
    }
    for detail, (before, after) in cases.items():
        (one,) = [one for one in difference(before, after).changes.to_pylist() if one["sha256"] == near]
        assert (one["cause"], one["detail"], one["keeper"]) == ("duplicate", detail, keeper)


def test_the_same_bytes_in_another_source_are_another_row() -> None:
    lost = row(SHAS[0], "town", Reason.EXACT_DUPLICATE, keeper=SHAS[0])
    (one,) = [
        one
        for one in difference(
            [row(SHAS[0]), row(SHAS[2], "museum")], [lost, row(SHAS[0], "museum"), row(SHAS[2], "museum")]
        ).changes.to_pylist()
        if one["source"] == "town"
    ]
    assert (one["cause"], one["detail"]) == ("duplicate", "keeper is new")


def test_parameters_in_words() -> None:
    before = dotted({"a": {"b": 1, "c": [1, 2]}, "d": None})
    after = dotted({"a": {"b": 2, "c": [1, 2]}, "e": "x"})
    assert before == {"a.b": 1, "a.c": [1, 2], "d": None}
    assert sentence(changed(before, after)) == "b 1 → 2, d off → default, e default → x"
