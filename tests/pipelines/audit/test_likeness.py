"""`memorization`: copies are told from images that are merely alike."""

import numpy as np
import pytest
from scipy import stats

from pipelines.audit.likeness import Nearest, Verdict, judge, nearest, z_score


def points(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 8)).astype(np.float32)


def test_the_nearest_is_the_nearest() -> None:
    queries, references = points(600, 1), points(70, 2)
    found = nearest(queries, references)
    distances = np.linalg.norm(queries[:, None].astype(float) - references[None], axis=2)
    assert (found.index == distances.argmin(axis=1)).all()
    assert found.distance == pytest.approx(distances.min(axis=1))
    assert nearest(references, references).distance.max() == 0
    assert len(nearest(queries[:0], references).index) == 0


def test_the_statistic_is_mann_and_whitneys() -> None:
    one, other = np.random.default_rng(0).gamma(2, size=90), np.random.default_rng(1).gamma(2.4, size=60)
    result = stats.mannwhitneyu(one, other, method="asymptotic", use_continuity=False)
    assert 2 * stats.norm.sf(abs(z_score(one, other))) == pytest.approx(result.pvalue)
    assert z_score(one, other) < 0 < z_score(other, one)
    assert z_score(one[:0], other) == 0


def verdict(generated: np.ndarray) -> Verdict:
    train, held_out = points(1000, 3), points(200, 4)
    return judge(nearest(generated, train), nearest(held_out, train)).verdict


def test_new_draws_are_no_copies_and_bad_ones_neither() -> None:
    assert verdict(points(500, 5)) is Verdict.NO_COPIES
    assert verdict(3 * points(500, 6)) is Verdict.NO_COPIES


def test_copies_are_copies_even_with_noise() -> None:
    train = points(1000, 3)
    noise = np.random.default_rng(7).normal(scale=0.1, size=(500, 8)).astype(np.float32)
    assert verdict(train[:500]) is Verdict.COPIES
    assert verdict(train[:500] + noise) is Verdict.COPIES


def test_some_copies_among_many_new_images_are_seen() -> None:
    assert verdict(np.concatenate([points(3, 3), points(497, 8)])) is Verdict.NO_COPIES, "as many as chance brings"
    assert verdict(np.concatenate([points(1000, 3)[:40], 1.1 * points(460, 8)])) is Verdict.SOME_COPIES


def test_blur_lies_near_to_everything_and_is_no_copy() -> None:
    rng = np.random.default_rng(5)
    train, held_out = (rng.normal(size=(400, 64)).astype(np.float32) for _ in range(2))
    blurred = (train.mean(axis=0) + 0.1 * rng.normal(size=(200, 64))).astype(np.float32)
    copied = (train[:200] + 0.1 * rng.normal(size=(200, 64))).astype(np.float32)
    absolute = judge(nearest(blurred, train), nearest(held_out, train))
    assert absolute.verdict == Verdict.COPIES, "what the relative distance is there for"
    for drawn, verdict in ((blurred, Verdict.NO_COPIES), (copied, Verdict.COPIES), (held_out[:200], Verdict.NO_COPIES)):
        found = judge(nearest(drawn, train, relative=True), nearest(held_out, train, relative=True))
        assert found.verdict == verdict
        assert (found.generated.distance <= 1).all()


def test_without_a_yardstick_there_is_no_verdict_of_copies() -> None:
    empty = Nearest(np.empty(0, np.int64), np.empty(0))
    assert judge(Nearest(np.zeros(3, np.int64), np.ones(3)), empty).verdict is Verdict.NO_COPIES
