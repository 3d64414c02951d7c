"""Decide on every image: tables in, manifest out. Nothing is read or written.

The rules are applied in the order of `curate.schemas.Reason`, and the first one that matches gives the reason:

1. permissions: exclusions, opt-outs, licences;
2. what is wanted, by what is stated (`curate.where`): before duplicates, so that a copy that is wanted is a keeper;
3. decode errors, then the filters (`curate.rules.FILTERS`);
4. exact duplicates: the same bytes from several sources;
5. near duplicates of excluded images, then of each other;
6. caps (`curate.caps`): last, so that only images that would be kept are counted.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from common.progress import Progress
from crawler.metadata.source_types import AI_MADE
from crawler.rights.licenses import UNKNOWN, openness
from curate.caps import CAPS, Caps, groups_by, positions
from curate.duplicates import fingerprints
from curate.duplicates.clusters import Similarities, SimilarPairs, Verify, cluster, verify
from curate.duplicates.hamming import Indices
from curate.duplicates.pairs import FindPairs, find_pairs
from curate.exclusions import Exclusion, excluded
from curate.rules import FILTERS, RULE_VERSION, CurateParams, Duplicates
from curate.schemas import DECODE_ERRORS, MANIFEST, Decision, Reason, Split
from curate.where import CONDITIONS, Where

Rows = NDArray[np.bool_]  # a mask over all rows


class _Verdicts:
    """One verdict per row. The first matching rule decides; later rules never overwrite it."""

    def __init__(self, count: int) -> None:
        self.undecided = np.ones(count, bool)
        self.reason = np.full(count, None, object)
        self.measure = np.full(count, None, object)
        self.value = np.full(count, np.nan)
        self.threshold = np.full(count, np.nan)
        self.keeper = np.full(count, -1)  # row of the image that was kept instead
        self.similarity = np.full(count, np.nan, np.float32)

    def drop(self, rows: Rows, reason: Reason) -> Rows:
        """Drop the undecided ones of `rows`; returns which they were."""
        new = rows & self.undecided
        self.reason[new] = reason.value
        self.undecided[new] = False
        return new

    def explain(
        self, rows: Rows, measure: str | None, values: NDArray[np.floating], limits: NDArray[np.floating] | float
    ) -> None:
        """Record the measure that decided, its values and what they were compared with, for all rows or for each."""
        self.measure[rows] = measure
        self.value[rows] = values[rows]
        self.threshold[rows] = np.broadcast_to(limits, len(values))[rows]

    def drop_similar(
        self, rows: Indices, keepers: Indices, similarities: Similarities, reason: Reason, threshold: float
    ) -> None:
        """Drop `rows`, which are undecided, for their similarity to their keepers."""
        self.reason[rows] = reason.value
        self.undecided[rows] = False
        self.measure[rows] = "similarity"
        self.value[rows] = self.similarity[rows] = similarities
        self.threshold[rows] = threshold
        self.keeper[rows] = keepers


def decide(
    images: pa.Table,
    prepared: pa.Table,
    params: CurateParams,
    *,
    licenses: Sequence[str],
    keep_unknown: bool,
    exclusions: Sequence[Exclusion],
    find: FindPairs = find_pairs,
    progress: Progress = lambda done, total, note: None,
) -> pa.Table:
    """Return the manifest (`curate.schemas.MANIFEST`): a decision and at most one reason for every image.

    Args:
        images: the image tables of all sources (`crawler.archive.schemas.IMAGES` and a column `source`), sorted by
            (sha256, source).
        prepared: the prepared row of each image, in the same order; `pixels` are not needed.
        licenses: the licence ids that are allowed, with wildcards as in file names.
        keep_unknown: whether images of unknown licence are allowed.
        find: finds similar pairs; `curate.duplicates.pairs.PairCache.find_pairs` remembers those of the last call.
    """
    verdicts = _Verdicts(len(images))
    near_excluded = _apply_permissions(verdicts, images, licenses, keep_unknown, exclusions)
    _apply_where(verdicts, images, params.where)
    _apply_filters(verdicts, prepared, params)
    ranks = _ranks(images, prepared, params.keeper)
    _drop_exact_duplicates(verdicts, images, ranks)

    # Images that are excluded with their near duplicates are compared too, unless they have no picture.
    near_excluded &= prepared["error"].is_null().to_numpy()
    compared = verdicts.undecided | near_excluded
    pairs, check = _similar_pairs(images, prepared, compared, params.duplicates, find, progress)
    _drop_near_excluded(verdicts, pairs, near_excluded, params.duplicates.similarity)
    _drop_near_duplicates(verdicts, pairs, ranks, params.duplicates.similarity, check)
    _apply_caps(verdicts, images, params.caps)
    return _manifest(verdicts, images, prepared, params.holdout)


def _apply_permissions(
    verdicts: _Verdicts, images: pa.Table, licenses: Sequence[str], keep_unknown: bool, exclusions: Sequence[Exclusion]
) -> Rows:
    """Apply the rules that are not about pixels; returns the rows that are excluded with their near duplicates."""
    rows, near = excluded(images, exclusions)
    verdicts.drop(rows, Reason.EXCLUDED)
    reserved = images["sha256"].filter(pc.not_equal(images["opt_out"], ""))
    verdicts.drop(_is_in(images["sha256"], reserved.to_pylist()), Reason.OPT_OUT)
    found = images["license"]
    unknown = ~_is_not(found, UNKNOWN)
    if not keep_unknown:
        verdicts.drop(unknown, Reason.LICENSE_UNKNOWN)
    allowed = [one for one in found.unique().to_pylist() if any(fnmatchcase(one, pattern) for pattern in licenses)]
    verdicts.drop(~unknown & ~_is_in(found, allowed), Reason.LICENSE_NOT_ALLOWED)
    return near


def _apply_where(verdicts: _Verdicts, images: pa.Table, where: Where) -> None:
    by_ai = _is_in(images["digital_source_type"], AI_MADE)
    # One source that states it is enough for the same bytes in every source.
    synthetic = images["sha256"].filter(pa.array(where.digital_source_type.unwanted(images).rows & by_ai))
    verdicts.drop(_is_in(images["sha256"], synthetic.to_pylist()), Reason.SYNTHETIC)
    for section, reason in CONDITIONS.items():
        found = where.of(section).unwanted(images)
        rows = verdicts.drop(found.rows, reason)
        if found.values is not None and found.limits is not None:
            verdicts.explain(rows & ~np.isnan(found.values), found.measure, found.values, found.limits)


def _apply_filters(verdicts: _Verdicts, prepared: pa.Table, params: CurateParams) -> None:
    for error in DECODE_ERRORS:
        verdicts.drop(_is_in(prepared["error"], [error.value]), error)
    for rule in FILTERS:
        threshold = params.thresholds.of(rule)
        if threshold is None:
            continue
        values = rule.values(prepared)
        rows = verdicts.drop(rule.rejects(values, threshold), rule.reason)
        verdicts.explain(rows, rule.measure, values, threshold)


def _ranks(images: pa.Table, prepared: pa.Table, policy: Sequence[str]) -> Indices:
    """Return the rank of each row by `CurateParams.keeper`, 0 for the most preferred; rows are sorted by sha256."""
    count = len(images)
    keys = [_preference(name, images, prepared) for name in policy if name != "sha256"]
    order = np.lexsort([np.arange(count), *reversed(keys)])  # lexsort takes the most significant key last
    ranks = np.empty(count, np.int64)
    ranks[order] = np.arange(count)
    return ranks


def _preference(name: str, images: pa.Table, prepared: pa.Table) -> NDArray[np.float64]:
    """Return a number for each row: the lower, the more it is preferred as a keeper."""
    if name == "license":
        licenses = images["license"].combine_chunks().dictionary_encode()
        grades = np.array([openness(license_id) for license_id in licenses.dictionary.to_pylist()], np.float64)
        return np.asarray(grades[licenses.indices.to_numpy()])
    if name == "resolution":
        return np.asarray(-prepared["width"].to_numpy().astype(np.float64) * prepared["height"].to_numpy())
    return np.asarray(-prepared[name].to_numpy(), np.float64)


def _drop_exact_duplicates(verdicts: _Verdicts, images: pa.Table, ranks: Indices) -> None:
    """Keep, of the rows with the same bytes, the one of lowest rank."""
    rows = np.flatnonzero(verdicts.undecided)
    # Rows are sorted by sha256, so each group of equal bytes stays in place when it is sorted by rank.
    _, starts, groups = np.unique(images["sha256"].to_numpy()[rows], return_index=True, return_inverse=True)
    keepers = rows[np.lexsort((ranks[rows], groups))][starts][groups]
    copies = rows[keepers != rows]
    verdicts.keeper[copies] = keepers[keepers != rows]
    verdicts.similarity[copies] = 1
    verdicts.drop(np.isin(np.arange(len(images)), copies), Reason.EXACT_DUPLICATE)


def _similar_pairs(
    images: pa.Table, prepared: pa.Table, compared: Rows, rules: Duplicates, find: FindPairs, progress: Progress
) -> tuple[SimilarPairs, Verify]:
    """Return the candidate pairs among the rows `compared`, and a function that verifies more of them; by row."""
    rows = np.flatnonzero(compared)
    prints = fingerprints.read(prepared.take(pa.array(rows)), mirrored=rules.mirrored)

    def check(i: Indices, j: Indices) -> Similarities:
        values = [np.empty(0, np.float32)]
        for part in verify(prints, i, j):
            values.append(part)
            progress(0, len(images), f"{sum(map(len, values))} of {len(i)} similar pairs verified")
        return np.concatenate(values)

    chosen = images.select(["sha256", "source"]).take(pa.array(rows))
    names = pc.binary_join_element_wise(chosen["sha256"], chosen["source"], "/").to_pylist()
    found = find(names, prints, rules.radius, check)
    pairs = SimilarPairs(rows[found.i], rows[found.j], found.similarity)
    return pairs, lambda i, j: check(np.searchsorted(rows, i), np.searchsorted(rows, j))


def _drop_near_excluded(verdicts: _Verdicts, pairs: SimilarPairs, near_excluded: Rows, threshold: float) -> None:
    """Drop the images that are similar to one that is excluded with its near duplicates."""
    one_of_both = near_excluded[pairs.i] ^ near_excluded[pairs.j]
    i, j, similarities = pairs.where(one_of_both & (pairs.similarity >= threshold))
    rows, keepers = np.where(near_excluded[i], (j, i), (i, j))
    verdicts.drop_similar(rows, keepers, similarities, Reason.EXCLUDED, threshold)


def _drop_near_duplicates(
    verdicts: _Verdicts, pairs: SimilarPairs, ranks: Indices, threshold: float, check: Verify
) -> None:
    """Keep, of each cluster of undecided images, the keeper."""
    undecided = pairs.where(verdicts.undecided[pairs.i] & verdicts.undecided[pairs.j])
    clusters = cluster(undecided, ranks, threshold, check)
    rows = np.flatnonzero(clusters.keeper != np.arange(len(ranks)))
    verdicts.drop_similar(rows, clusters.keeper[rows], clusters.similarity[rows], Reason.NEAR_DUPLICATE, threshold)


def _apply_caps(verdicts: _Verdicts, images: pa.Table, caps: Caps) -> None:
    """Drop what exceeds a cap; rows are sorted by sha256, so the first ones of each group stay."""
    for name, reason in CAPS.items():
        limit = caps.of(name)
        if limit is None:
            continue
        position = np.zeros(len(images))
        position[verdicts.undecided] = positions(groups_by(name, images, caps.cell), np.flatnonzero(verdicts.undecided))
        verdicts.explain(verdicts.drop(position > limit, reason), "position", position, limit)


def _manifest(verdicts: _Verdicts, images: pa.Table, prepared: pa.Table, holdout: float) -> pa.Table:
    count = len(images)
    digests = images["sha256"].to_numpy()
    kept = verdicts.undecided
    lost = verdicts.keeper >= 0
    keeper = np.where(lost, verdicts.keeper, np.arange(count))
    # The keeper of an exact duplicate may be a near duplicate of another keeper.
    cluster_keeper = keeper[keeper]
    phash = prepared["phash"].fill_null(0).to_numpy()
    held_out = np.array([_is_held_out(digest, holdout) for digest in digests], bool)
    columns = {
        **{name: images[name] for name in MANIFEST.names if name in images.column_names},
        "decision": np.where(kept, Decision.KEPT.value, Decision.DROPPED.value),
        "reason": verdicts.reason,
        "measure": verdicts.measure,
        "value": pa.array(verdicts.value, mask=np.isnan(verdicts.value)),
        "threshold": pa.array(verdicts.threshold, mask=np.isnan(verdicts.threshold)),
        "cluster": digests[cluster_keeper],
        "keeper": pa.array(digests[keeper], mask=~lost),
        "distance": pa.array(np.bitwise_count(phash ^ phash[keeper]), mask=~lost),
        "similarity": pa.array(verdicts.similarity, mask=~lost),
        "row": pa.array(np.cumsum(kept) - 1, mask=~kept),
        "split": pa.array(np.where(held_out, Split.HOLDOUT.value, Split.TRAIN.value), mask=~kept),
        "rule_version": np.full(count, RULE_VERSION),
    }
    arrays = [_column(columns[field.name]).cast(field.type) for field in MANIFEST]
    return pa.Table.from_arrays(arrays, schema=MANIFEST)


def _column(values: pa.Array | NDArray[np.generic]) -> pa.Array:
    return values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values)


def _is_held_out(digest: str, fraction: float) -> bool:
    """By the last 64 bits of a keeper's sha256: the first ones decide on keepers and on the order in the dataset."""
    return int(digest[-16:], 16) / 16**16 < fraction


def _is_not(column: pa.ChunkedArray, value: str) -> Rows:
    return np.asarray(pc.not_equal(column, value).fill_null(False).to_numpy())


def _is_in(column: pa.ChunkedArray, values: Sequence[str]) -> Rows:
    return np.asarray(pc.is_in(column, pa.array(values, pa.string())).to_numpy())
