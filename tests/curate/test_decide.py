"""The decision on every image: which rule, which keeper, which split; checked against tables and a slow oracle."""

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.metadata.source_types import AI_MADE
from crawler.rights.licenses import UNKNOWN
from curate.exclusions import Exclusion
from curate.rules import FILTERS, RULE_VERSION, CurateParams, Filter, Thresholds
from curate.schemas import DECODE_ERRORS, Decision, Reason, Split
from tests.curate.tables import Image, Similarity, decided, slow_manifest

BOX = {"south": 40, "west": 170, "north": 60, "east": -170}
WHERE = {
    "digital_source_type": {"drop": [*AI_MADE, "screen*"]},
    "tags": {"drop": ["draw*"], "keep": ["facade*", "house"]},
    "years": {"first": 1990, "last": 2020},
    "box": BOX,
}
EVERY_RULE = CurateParams(where=WHERE, caps={"author": 1, "place": 1, "source": 1})
EVERY_FILTER = CurateParams(thresholds=Thresholds(min_colorfulness=15))


def excluding(*images: Image, near: bool = False) -> list[Exclusion]:
    return [Exclusion("image", image.sha256, near) for image in images]


def alike(*groups: Sequence[Image], similarity: float = 0.9) -> Similarity:
    """Return a similarity by which the images of each group are copies of each other, and others are not."""
    names = [{image.name for image in group} for group in groups]
    return lambda one, other: similarity if any({one, other} <= group for group in names) else 0.0


def beyond(rule: Filter, threshold: float) -> Image:
    """Return an image whose measure is the first value on the wrong side of a threshold."""
    if rule.measure == "side":
        return Image(1, width=int(threshold) - 1, height=200)
    if rule.measure == "aspect":
        return Image(1, width=int(300 * threshold) + 1, height=300)
    wrong = np.nextafter(np.float32(threshold), np.float32(-np.inf if rule.is_minimum else np.inf))
    return Image(1).changed(**{rule.measure: float(wrong)})


def at(rule: Filter, threshold: float) -> Image:
    """Return an image whose measure is exactly at a threshold."""
    if rule.measure == "side":
        return Image(1, width=int(threshold), height=200)
    if rule.measure == "aspect":
        return Image(1, width=int(300 * threshold), height=300)
    return Image(1).changed(**{rule.measure: float(np.float32(threshold))})


@pytest.mark.parametrize("rule", FILTERS, ids=lambda rule: rule.threshold)
def test_an_image_at_a_threshold_is_kept_and_the_next_value_beyond_is_dropped(rule: Filter) -> None:
    threshold = EVERY_FILTER.thresholds.of(rule)
    assert threshold is not None
    (kept,) = decided([at(rule, threshold)], EVERY_FILTER).values()
    assert (kept["decision"], kept["reason"], kept["measure"], kept["value"]) == (Decision.KEPT, None, None, None)
    image = beyond(rule, threshold)
    (dropped,) = decided([image], EVERY_FILTER).values()
    assert (dropped["decision"], dropped["reason"]) == (Decision.DROPPED, rule.reason)
    assert (dropped["measure"], dropped["threshold"]) == (rule.measure, threshold)
    assert dropped["value"] == image.measure(rule.measure)
    off = EVERY_FILTER.model_copy(
        update={"thresholds": EVERY_FILTER.thresholds.model_copy(update={rule.threshold: None})}
    )
    assert next(iter(decided([image], off).values()))["decision"] == Decision.KEPT


SPOILED: dict[Reason, dict[str, object]] = {
    Reason.OPT_OUT: {"opt_out": "robots.txt"},
    Reason.LICENSE_UNKNOWN: {"license": UNKNOWN},
    Reason.LICENSE_NOT_ALLOWED: {"license": "CC-NC-1.0"},
    Reason.SYNTHETIC: {"digital_source_type": "trainedAlgorithmicMedia"},
    Reason.WHERE_DIGITAL_SOURCE_TYPE: {"digital_source_type": "screenCapture"},
    Reason.WHERE_TAGS: {"tags": ("Drawings",)},
    Reason.WHERE_YEARS: {"taken": "1989-12"},
    Reason.WHERE_BOX: {"latitude": 50.0, "longitude": 10.0},
    **{error: {"error": str(error)} for error in DECODE_ERRORS},
    Reason.ODD_ASPECT: {"width": 900},
    Reason.TOO_SMALL: {"height": 90, "width": 90},
    Reason.DRAWING: {"paper": 0.5},
    Reason.BLURRED: {"sharpness": 0.1},
    Reason.DARK: {"highlight": 0.1},
    Reason.BRIGHT: {"shadow": 0.9},
    Reason.LOW_INFORMATION: {"entropy": 1.0},
    Reason.GREYSCALE: {"chroma": 0.0},
    Reason.BORDER: {"border": 0.2},
    Reason.NOT_FACADE: {"facade": 0.0},
}
"""What makes each rule about a single image match; EXCLUDED, the duplicates and the caps need more than that."""


def test_every_reason_is_given_once() -> None:
    spoiled = [Image(number).changed(**values) for number, values in enumerate(SPOILED.values(), start=10)]
    first, copy, near = Image(1), Image(1, source="museum"), Image(2)
    pairs = alike([first, near], [copy, near])
    exclusions = excluding(excluded := Image(3))
    groups = [
        *(Image(number, source=f"of Ann {number}", author="Ann") for number in (4, 5)),
        *(Image(number, source=f"at home {number}", latitude=50.0, longitude=175.0) for number in (6, 7)),
        *(Image(number, source="archive") for number in (8, 9)),
    ]
    images = [*spoiled, first, copy, near, excluded, *groups]
    rows = decided(images, EVERY_RULE, exclusions=exclusions, similar=pairs)
    counts = Counter(row["reason"] for row in rows.values())
    assert counts.pop(None) == 4  # one of the town, one of each group
    assert counts == dict.fromkeys(Reason, 1)
    for image, reason in zip(spoiled, SPOILED, strict=True):
        assert rows[image.name]["reason"] == reason


def test_the_first_matching_rule_gives_the_reason() -> None:
    """Every two rules that can match at once, the earlier one with the later."""
    both = [
        (first, Image(number).changed(**SPOILED[later], **SPOILED[first]))
        for number, (first, later) in enumerate(itertools.combinations(SPOILED, 2))
        if not SPOILED[first].keys() & SPOILED[later].keys()
    ]
    assert len(both) > 120
    rows = decided((image for _, image in both), CurateParams(where=WHERE))
    assert [rows[image.name]["reason"] for _, image in both] == [first for first, _ in both]


@pytest.mark.parametrize("reason", [*SPOILED])
def test_an_exclusion_comes_before_every_other_rule_and_a_duplicate_after(reason: Reason) -> None:
    image = Image(1).changed(**SPOILED[reason])
    assert decided([image], EVERY_RULE, exclusions=excluding(image))[image.name]["reason"] == Reason.EXCLUDED
    better = Image(2)
    assert decided([image, better], EVERY_RULE, similar=alike([image, better]))[image.name]["reason"] == reason


def test_a_reason_without_a_measure_has_no_value() -> None:
    rows = decided([Image(1, opt_out="tdmrep"), Image(2, license=UNKNOWN), Image(3, error="corrupt")])
    for row in rows.values():
        assert (row["measure"], row["value"], row["threshold"], row["keeper"]) == (None, None, None, None)
        assert (row["row"], row["split"]) == (None, None)
        assert row["cluster"] == row["sha256"]
        assert row["rule_version"] == RULE_VERSION


def test_licences_are_allowed_by_wildcards_and_unknown_ones_by_a_setting() -> None:
    images = [Image(1, license="CC-BY-4.0"), Image(2, license="CC-BY-SA-3.0"), Image(3, license=UNKNOWN)]
    assert [row["reason"] for row in decided(images).values()].count(Reason.LICENSE_UNKNOWN) == 1
    assert {row["reason"] for row in decided(images, keep_unknown=True).values()} == {None}


OPEN = Image(1, license="CC-BY-4.0", width=300, measures={"sharpness": 0.5})
LARGE = Image(2, license="CC-BY-SA-4.0", width=600, measures={"sharpness": 0.6})
SHARP = Image(3, license="CC-BY-SA-4.0", width=400, measures={"sharpness": 0.9})


@pytest.mark.parametrize(
    ("policy", "keeper"),
    [
        (("license", "resolution", "sha256"), OPEN),
        (("resolution", "license", "sha256"), LARGE),
        (("sharpness",), SHARP),
        (("sha256",), min((OPEN, LARGE, SHARP), key=lambda image: image.sha256)),
        ((), min((OPEN, LARGE, SHARP), key=lambda image: image.sha256)),
    ],
)
def test_the_keeper_is_chosen_by_the_stated_policy(policy: tuple[str, ...], keeper: Image) -> None:
    params = CurateParams(keeper=policy, duplicates={"similarity": 0.8})
    rows = decided([OPEN, LARGE, SHARP], params, similar=alike([OPEN, LARGE, SHARP]))
    for image in (OPEN, LARGE, SHARP):
        row = rows[image.name]
        assert row["cluster"] == keeper.sha256
        if image is keeper:
            assert (row["decision"], row["keeper"], row["similarity"], row["distance"]) == (
                Decision.KEPT,
                None,
                None,
                None,
            )
        else:
            assert (row["reason"], row["keeper"]) == (Reason.NEAR_DUPLICATE, keeper.sha256)
            assert (row["measure"], row["threshold"]) == ("similarity", 0.8)
            assert row["value"] == row["similarity"] == pytest.approx(0.9)
            phashes = [int(one.prepared_row()["phash"]) for one in (image, keeper)]  # type: ignore[call-overload]
            assert row["distance"] == (phashes[0] ^ phashes[1]).bit_count()


def test_equal_preferences_are_settled_by_the_next_one_and_then_by_sha256() -> None:
    small, large = Image(1, width=300), Image(2, width=301)
    rows = decided([small, large], similar=alike([small, large]))
    assert rows[large.name]["decision"] == Decision.KEPT
    twins = [Image(3), Image(4)]
    rows = decided(twins, similar=alike(twins))
    assert rows[min(twins, key=lambda image: image.sha256).name]["decision"] == Decision.KEPT


def test_a_similarity_at_the_threshold_is_a_duplicate_and_the_next_below_is_not() -> None:
    pair, params = [Image(1), Image(2)], CurateParams()
    line = np.float32(params.duplicates.similarity)
    exclusions = excluding(pair[0], near=True)
    for value, kept in ((line, 1), (np.nextafter(line, np.float32(0)), 2)):
        similar = alike(pair, similarity=float(value))
        for excluded in ([], exclusions):
            rows = decided(pair, params, exclusions=excluded, similar=similar)
            assert sum(row["decision"] == Decision.KEPT for row in rows.values()) == kept - len(excluded)


def test_of_the_same_bytes_in_two_sources_the_preferred_row_is_kept() -> None:
    here, there = Image(1, source="a", license="CC-BY-4.0"), Image(1, source="b", license="CC0-1.0")
    rows = decided([here, there])
    assert rows[there.name]["decision"] == Decision.KEPT
    lost = rows[here.name]
    assert (lost["reason"], lost["keeper"]) == (Reason.EXACT_DUPLICATE, there.sha256)
    assert (lost["similarity"], lost["distance"], lost["row"], lost["measure"]) == (1, 0, None, None)


def test_a_dropped_row_is_no_keeper_of_the_same_bytes() -> None:
    free, closed = Image(1, source="a", license="CC-BY-4.0"), Image(1, source="b", license=UNKNOWN)
    rows = decided([free, closed])
    assert rows[free.name]["decision"] == Decision.KEPT
    assert rows[closed.name]["reason"] == Reason.LICENSE_UNKNOWN


def test_a_reservation_in_one_source_drops_the_same_bytes_of_every_source() -> None:
    free, reserved = Image(1, source="a", license="CC0-1.0"), Image(1, source="b", opt_out="tdm_header: 1")
    rows = decided([free, reserved, Image(2, source="a")])
    assert {row["reason"] for row in rows.values() if row["sha256"] == free.sha256} == {Reason.OPT_OUT}
    assert [row["opt_out"] for row in rows.values() if row["sha256"] == free.sha256] == ["", "tdm_header: 1"]
    assert rows[Image(2, source="a").name]["decision"] == Decision.KEPT


def test_a_copy_is_in_the_cluster_of_its_keepers_keeper() -> None:
    small, copy, large = Image(1, source="a"), Image(1, source="b"), Image(2, width=600)
    rows = decided([small, copy, large], similar=alike([small, large]))
    assert rows[copy.name]["reason"] == Reason.EXACT_DUPLICATE
    assert rows[copy.name]["keeper"] == small.sha256
    assert rows[small.name]["reason"] == Reason.NEAR_DUPLICATE
    assert {row["cluster"] for row in rows.values()} == {large.sha256}


def test_near_duplicates_of_an_excluded_image_are_excluded_if_that_was_asked() -> None:
    excluded, copy, other = Image(1), Image(2), Image(3)
    similar = alike([excluded, copy])
    near = decided([excluded, copy, other], exclusions=excluding(excluded, near=True), similar=similar)
    assert near[excluded.name]["reason"] == near[copy.name]["reason"] == Reason.EXCLUDED
    assert near[excluded.name]["measure"] is None
    assert near[copy.name]["keeper"] == near[copy.name]["cluster"] == excluded.sha256
    assert (near[copy.name]["measure"], near[copy.name]["value"]) == ("similarity", pytest.approx(0.9))
    assert near[other.name]["decision"] == Decision.KEPT
    alone = decided([excluded, copy, other], exclusions=excluding(excluded), similar=similar)
    assert alone[copy.name]["decision"] == Decision.KEPT


def test_an_excluded_image_keeps_nothing_and_links_nothing() -> None:
    """Two images that are near duplicates of each other only by way of an excluded one stay two."""
    one, excluded, other = Image(1), Image(2, width=900), Image(3)
    similar = alike([one, excluded], [excluded, other])
    rows = decided([one, excluded, other], exclusions=excluding(excluded), similar=similar)
    assert rows[one.name]["decision"] == rows[other.name]["decision"] == Decision.KEPT


def test_a_near_duplicate_of_an_excluded_image_excludes_no_further_image() -> None:
    excluded, copy, other = Image(1), Image(2, width=900, height=900), Image(3)
    similar = alike([excluded, copy], [copy, other])
    rows = decided([excluded, copy, other], exclusions=excluding(excluded, near=True), similar=similar)
    assert (rows[copy.name]["reason"], rows[copy.name]["keeper"]) == (Reason.EXCLUDED, excluded.sha256)
    assert rows[other.name]["decision"] == Decision.KEPT


def test_two_images_that_are_excluded_have_no_keeper() -> None:
    pair = [Image(1), Image(2)]
    for row in decided(pair, exclusions=excluding(*pair, near=True), similar=alike(pair)).values():
        assert (row["reason"], row["keeper"], row["measure"]) == (Reason.EXCLUDED, None, None)


def test_an_excluded_image_without_a_picture_has_no_near_duplicates() -> None:
    broken, good = Image(1, error="truncated"), Image(2)
    rows = decided([broken, good], exclusions=excluding(broken, near=True), similar=alike([broken, good]))
    assert rows[broken.name]["reason"] == Reason.EXCLUDED
    assert rows[good.name]["decision"] == Decision.KEPT


def test_an_image_that_another_rule_drops_is_not_compared() -> None:
    blurred, sharp = Image(1, width=900, height=600).changed(sharpness=0.1), Image(2)
    rows = decided([blurred, sharp], similar=alike([blurred, sharp]))
    assert rows[blurred.name]["reason"] == Reason.BLURRED
    assert rows[sharp.name]["decision"] == Decision.KEPT


def test_kept_rows_are_numbered_in_the_order_of_their_sha256() -> None:
    images = [Image(number, error="corrupt" if number % 3 == 0 else None) for number in range(30)]
    rows = list(decided(images).values())
    kept = [row for row in rows if row["decision"] == Decision.KEPT]
    assert [row["row"] for row in kept] == list(range(20))
    assert [row["sha256"] for row in kept] == sorted(row["sha256"] for row in kept)


@pytest.mark.integration
def test_the_holdout_is_drawn_by_the_keepers_sha256_and_by_nothing_else() -> None:
    images = [Image(number) for number in range(3000)]
    params = CurateParams(holdout=0.1)
    rows = decided(images, params)
    held = {name for name, row in rows.items() if row["split"] == Split.HOLDOUT}
    expected = {name for name, row in rows.items() if int(str(row["sha256"])[-16:], 16) < 0.1 * 2**64}
    assert held == expected
    assert abs(len(held) - 300) < 4 * np.sqrt(3000 * 0.1 * 0.9)
    fewer = decided(images[::7], params)
    assert {name for name, row in fewer.items() if row["split"] == Split.HOLDOUT} == held & fewer.keys()
    more = decided(images, CurateParams(holdout=0.2))
    assert held < {name for name, row in more.items() if row["split"] == Split.HOLDOUT}
    assert not any(row["split"] == Split.HOLDOUT for row in decided(images, CurateParams(holdout=0)).values())


def test_an_empty_table_gives_an_empty_manifest() -> None:
    assert decided([]) == {}


NUMBERS = st.integers(0, 5)
NEAR_THRESHOLDS = st.sampled_from(
    [
        {},
        {"sharpness": float(np.float32(0.4))},
        {"sharpness": float(np.nextafter(np.float32(0.4), np.float32(0)))},
        {"paper": float(np.nextafter(np.float32(0.33), np.float32(1)))},
        {"chroma": 1.9, "facade": 0.1},
        {"entropy": 3.9, "contrast": 0.04},
    ]
)


@st.composite
def towns(draw: st.DrawFn) -> list[Image]:
    """Images of two sources, most of them kept, some with the same bytes."""
    images: dict[str, Image] = {}
    pictures: dict[int, Image] = {}
    for _ in range(draw(st.integers(0, 9))):
        number = draw(NUMBERS)
        picture = pictures.setdefault(
            number,
            Image(
                number,
                error=draw(st.sampled_from([None] * 6 + ["corrupt"])),
                width=draw(st.sampled_from([300, 300, 400, 90, 750, 751])),
                measures=draw(NEAR_THRESHOLDS),
            ),
        )
        image = picture.changed(
            source=draw(st.sampled_from("ab")),
            license=draw(st.sampled_from(["CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", UNKNOWN, "CC-BY-NC-4.0", "InC-1.0"])),
            opt_out=draw(st.sampled_from([""] * 8 + ["tdmrep"])),
            author=draw(st.sampled_from(["", "Ann", "Ben"])),
            tags=draw(st.sampled_from([(), ("Facades",), ("house", "drawing"), ("tree",)])),
            taken=draw(st.sampled_from([None, "1989", "1990", "2020-12-31", "2021-01"])),
            latitude=(
                place := draw(st.sampled_from([None, (50.0, 175.0), (50.0005, 175.0), (50.0, -170.0), (9.0, 9.0)]))
            )
            and place[0],
            longitude=place and place[1],
            digital_source_type=draw(st.sampled_from([None, None, "digitalCapture", "algorithmicMedia"])),
        )
        images[image.name] = image
    return draw(st.permutations(list(images.values())))


UNKNOWN_VALUES = st.sampled_from(["keep", "drop"])
WHERES = st.fixed_dictionaries(
    {},
    optional={
        "tags": st.fixed_dictionaries(
            {"unknown": UNKNOWN_VALUES}, optional={"drop": st.just(("DRAW*",)), "keep": st.just(("facade?", "house"))}
        ),
        "years": st.fixed_dictionaries(
            {"unknown": UNKNOWN_VALUES}, optional={"first": st.just(1990), "last": st.just(2020)}
        ),
        "box": st.builds(
            lambda box, unknown: {**BOX, **box, "unknown": unknown},
            st.sampled_from([{}, {"west": -170, "east": 170}]),
            UNKNOWN_VALUES,
        ),
        "digital_source_type": st.fixed_dictionaries({"unknown": UNKNOWN_VALUES}),
    },
)
CAP_REASONS = (Reason.CAP_AUTHOR, Reason.CAP_PLACE, Reason.CAP_SOURCE)
LIMITS = st.sampled_from([None, None, 1, 2])
CAPS = st.fixed_dictionaries({"author": LIMITS, "place": LIMITS, "source": LIMITS})


@settings(max_examples=200, deadline=None)
@given(
    towns(),
    st.lists(st.sampled_from([0.0, 0.5, 0.72, 0.9, 1.0]), min_size=36, max_size=36),
    st.lists(st.tuples(NUMBERS, st.booleans()), max_size=2),
    st.permutations(["license", "resolution", "sharpness"]),
    st.booleans(),
    WHERES,
    CAPS,
)
def test_decisions_are_those_of_a_slow_oracle(
    images: list[Image],
    matrix: list[float],
    excluded: list[tuple[int, bool]],
    policy: list[str],
    keep_unknown: bool,
    where: dict[str, Any],
    caps: dict[str, int | None],
) -> None:
    """Any images, any similarities between them, any exclusions, any policy, any conditions and caps."""
    numbers = {image.name: image.number for image in images}

    def similar(one: str, other: str) -> float:
        low, high = sorted((numbers[one], numbers[other]))
        return 1.0 if low == high else matrix[6 * low + high]

    exclusions = [Exclusion("image", Image(number).sha256, near) for number, near in excluded]
    params = CurateParams(keeper=tuple(policy), where=where, caps=caps)
    rows = decided(images, params, exclusions=exclusions, keep_unknown=keep_unknown, similar=similar)
    expected = slow_manifest(images, params, exclusions=exclusions, keep_unknown=keep_unknown, similar=similar)
    assert {name: row["reason"] for name, row in rows.items()} == {name: one[0] for name, one in expected.items()}
    by_sha256 = {row["sha256"]: row for row in rows.values() if row["decision"] == Decision.KEPT}
    keepers = {**by_sha256, **{row["sha256"]: row for row in rows.values() if row["reason"] in CAP_REASONS}}
    for name, row in rows.items():
        reason, keeper = expected[name]
        assert row["decision"] == (Decision.DROPPED if reason else Decision.KEPT)
        assert (row["row"] is None) == (row["split"] is None) == (reason is not None)
        if reason in (Reason.EXACT_DUPLICATE, Reason.NEAR_DUPLICATE):
            assert row["keeper"] == keeper
        if reason == Reason.NEAR_DUPLICATE:
            assert row["cluster"] in keepers
        if reason is None:
            assert row["cluster"] == row["sha256"]
    # So one cluster has one kept image at most, and the split can never put two of its images on both sides.
    assert len(by_sha256) == sum(row["decision"] == Decision.KEPT for row in rows.values())
