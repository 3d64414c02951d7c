"""One verdict and one reason for every image: tables in, manifest out, nothing read or written."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from common.progress import Progress
from crawler.rights.licenses import UNKNOWN, openness
from curate.duplicates.clusters import Fingerprints, Similarities, gather, verify
from curate.duplicates.hamming import Indices
from curate.duplicates.pairs import Finder, afresh
from curate.exclusions import Exclusion, excluded
from curate.rules import FILTERS, RULE_VERSION, CurateParams
from curate.schemas import DECODE_ERRORS, MANIFEST, PROBES, THUMBNAIL_SIDE, Decision, Reason, Split

Rows = NDArray[np.bool_]


class _Verdicts:
    """The verdict on each row as it comes about: the first that objects is heard, the others are not."""

    def __init__(self, count: int) -> None:
        self.undecided = np.ones(count, bool)
        self.reason = np.full(count, None, object)
        self.measure = np.full(count, None, object)
        self.value = np.full(count, np.nan)
        self.threshold = np.full(count, np.nan)
        self.keeper = np.full(count, -1)  # the row that it lost to
        self.similarity = np.full(count, np.nan, np.float32)

    def drop(self, rows: Rows, reason: Reason) -> Rows:
        """Drop those of `rows` that nothing has objected to yet; returns which they were."""
        new = rows & self.undecided
        self.reason[new] = reason.value
        self.undecided[new] = False
        return new

    def drop_alike(
        self, rows: Indices, keepers: Indices, similarities: Similarities, reason: Reason, threshold: float
    ) -> None:
        """Drop `rows` for being as alike as that to their keepers."""
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
    find: Finder = afresh,
    progress: Progress = lambda done, total, note: None,
) -> pa.Table:
    """The manifest (`curate.schemas.MANIFEST`) of `images`.

    `images` are the image tables of all sources (`crawler.archive.schemas.IMAGES` and a column `source`), sorted by
    (sha256, source); `prepared` are the prepared rows to them, in the same order (`pixels` are not needed). `licenses`
    are ids that are let in, with wildcards as in file names. Rules are asked in the order of `curate.schemas.Reason`.
    """
    verdicts = _Verdicts(len(images))
    near_excluded = _ask_for_permission(verdicts, images, licenses, keep_unknown, exclusions)
    _look_at_pictures(verdicts, prepared, params)
    ranks = _ranks(images, prepared, params)
    _drop_copies(verdicts, images, ranks)
    _drop_near_duplicates(verdicts, images, prepared, ranks, near_excluded, params, find, progress)
    return _manifest(verdicts, images, prepared, params)


def _ask_for_permission(
    verdicts: _Verdicts, images: pa.Table, licenses: Sequence[str], keep_unknown: bool, exclusions: Sequence[Exclusion]
) -> Rows:
    """The reasons that are not about pixels; returns the rows that are excluded with all that looks like them."""
    rows, near = excluded(images, exclusions)
    verdicts.drop(rows, Reason.EXCLUDED)
    verdicts.drop(_is_not(images["opt_out"], ""), Reason.OPT_OUT)
    found = images["license"]
    unknown = ~_is_not(found, UNKNOWN)
    if not keep_unknown:
        verdicts.drop(unknown, Reason.LICENSE_UNKNOWN)
    allowed = [one for one in found.unique().to_pylist() if any(fnmatchcase(one, pattern) for pattern in licenses)]
    verdicts.drop(~unknown & ~_is_in(found, allowed), Reason.LICENSE_NOT_ALLOWED)
    return near


def _look_at_pictures(verdicts: _Verdicts, prepared: pa.Table, params: CurateParams) -> None:
    for error in DECODE_ERRORS:
        verdicts.drop(_is_in(prepared["error"], [error.value]), error)
    for rule in FILTERS:
        threshold = params.thresholds.of(rule)
        if threshold is None:
            continue
        values = rule.values(prepared)
        rows = verdicts.drop(rule.rejects(values, threshold), rule.reason)
        verdicts.measure[rows] = rule.measure
        verdicts.value[rows] = values[rows]
        verdicts.threshold[rows] = threshold


def _ranks(images: pa.Table, prepared: pa.Table, params: CurateParams) -> Indices:
    """The place of each row in the order of preference that `params.keeper` states; rows are sorted by sha256."""
    count = len(images)
    keys = [_preference(name, images, prepared) for name in params.keeper if name != "sha256"]
    order = np.lexsort([np.arange(count), *reversed(keys)])  # the last key is the first to count
    ranks = np.empty(count, np.int64)
    ranks[order] = np.arange(count)
    return ranks


def _preference(name: str, images: pa.Table, prepared: pa.Table) -> NDArray[np.float64]:
    """A number for each row: the lower, the rather it is kept."""
    if name == "license":
        licenses = images["license"].combine_chunks().dictionary_encode()
        grades = np.array([openness(license_id) for license_id in licenses.dictionary.to_pylist()], np.float64)
        return np.asarray(grades[licenses.indices.to_numpy()])
    if name == "resolution":
        return np.asarray(-prepared["width"].to_numpy().astype(np.float64) * prepared["height"].to_numpy())
    return np.asarray(-prepared[name].to_numpy(), np.float64)


def _drop_copies(verdicts: _Verdicts, images: pa.Table, ranks: Indices) -> None:
    """Of the same bytes from several sources the row of the lowest rank stays."""
    left = np.flatnonzero(verdicts.undecided)
    # Rows are sorted by sha256, so that equal ones are neighbours, whatever their order among themselves.
    _, starts, groups = np.unique(images["sha256"].to_numpy()[left], return_index=True, return_inverse=True)
    keepers = left[np.lexsort((ranks[left], groups))][starts][groups]
    copies = left[keepers != left]
    verdicts.keeper[copies] = keepers[keepers != left]
    verdicts.similarity[copies] = 1
    verdicts.drop(np.isin(np.arange(len(images)), copies), Reason.EXACT_DUPLICATE)


def _drop_near_duplicates(
    verdicts: _Verdicts,
    images: pa.Table,
    prepared: pa.Table,
    ranks: Indices,
    near_excluded: Rows,
    params: CurateParams,
    find: Finder,
    progress: Progress,
) -> None:
    """Near duplicates of what is excluded, then of each other. Only what nothing else speaks against is compared."""
    rules = params.duplicates
    shunned = near_excluded & prepared["error"].is_null().to_numpy()
    rows = np.flatnonzero(verdicts.undecided | shunned)
    is_shunned = shunned[rows]
    prints = _prints(prepared.take(pa.array(rows)), rules.mirrored)

    def check(i: Indices, j: Indices) -> Similarities:
        values = [np.empty(0, np.float32)]
        for part in verify(prints, i, j):
            values.append(part)
            progress(0, len(images), f"{sum(map(len, values))} of {len(i)} similar pairs verified")
        return np.concatenate(values)

    chosen = images.select(["sha256", "source"]).take(pa.array(rows))
    names = pc.binary_join_element_wise(chosen["sha256"], chosen["source"], "/").to_pylist()
    i, j, alike = find(names, prints, rules.radius, check)

    follows = (alike >= rules.similarity) & (is_shunned[i] ^ is_shunned[j])
    lost = np.where(is_shunned[i], j, i)[follows]
    to = np.where(is_shunned[i], i, j)[follows]
    verdicts.drop_alike(rows[lost], rows[to], alike[follows], Reason.EXCLUDED, rules.similarity)

    open_rows = verdicts.undecided[rows]
    both = open_rows[i] & open_rows[j]
    clusters = gather(len(rows), (i[both], j[both]), alike[both], ranks[rows], rules.similarity, check)
    members = np.flatnonzero(clusters.keeper != np.arange(len(rows)))
    keepers = clusters.keeper[members]
    alike = clusters.similarity[members]
    verdicts.drop_alike(rows[members], rows[keepers], alike, Reason.NEAR_DUPLICATE, rules.similarity)


def _prints(prepared: pa.Table, mirrored: bool) -> Fingerprints:
    probes = prepared["probes"].combine_chunks().flatten().to_numpy().reshape(-1, PROBES)
    hashes = np.column_stack([prepared["phash"].to_numpy(), probes if mirrored else probes[:, :-1]])
    thumbnails = fixed_size_bytes(prepared["thumbnail"]).reshape(-1, THUMBNAIL_SIDE, THUMBNAIL_SIDE)
    return Fingerprints(hashes, thumbnails)


def fixed_size_bytes(column: pa.ChunkedArray) -> NDArray[np.uint8]:
    """A column of fixed-size binary values without nulls as n × size."""
    array = column.combine_chunks()
    size = array.type.byte_width
    content = np.frombuffer(array.buffers()[1], np.uint8) if len(array) else np.empty(0, np.uint8)
    return content.reshape(-1, size)[array.offset : array.offset + len(array)]


def _manifest(verdicts: _Verdicts, images: pa.Table, prepared: pa.Table, params: CurateParams) -> pa.Table:
    count = len(images)
    digests = images["sha256"].to_numpy()
    kept = verdicts.undecided
    lost = verdicts.keeper >= 0
    keeper = np.where(lost, verdicts.keeper, np.arange(count))
    # A copy may have lost to a near duplicate, which lost to its keeper in turn.
    cluster = keeper[keeper]
    phash = prepared["phash"].fill_null(0).to_numpy()
    holdout = np.array([_falls_in_holdout(digest, params.holdout) for digest in digests], bool)
    columns = {
        **{name: images[name] for name in MANIFEST.names if name in images.column_names},
        "decision": np.where(kept, Decision.KEPT.value, Decision.DROPPED.value),
        "reason": verdicts.reason,
        "measure": verdicts.measure,
        "value": pa.array(verdicts.value, mask=np.isnan(verdicts.value)),
        "threshold": pa.array(verdicts.threshold, mask=np.isnan(verdicts.threshold)),
        "cluster": digests[cluster],
        "keeper": pa.array(digests[keeper], mask=~lost),
        "distance": pa.array(np.bitwise_count(phash ^ phash[keeper]), mask=~lost),
        "similarity": pa.array(verdicts.similarity, mask=~lost),
        "row": pa.array(np.cumsum(kept) - 1, mask=~kept),
        "split": pa.array(np.where(holdout, Split.HOLDOUT.value, Split.TRAIN.value), mask=~kept),
        "rule_version": np.full(count, RULE_VERSION),
    }
    arrays = [_column(columns[field.name]).cast(field.type) for field in MANIFEST]
    return pa.Table.from_arrays(arrays, schema=MANIFEST)


def _column(values: pa.Array | NDArray[np.generic]) -> pa.Array:
    return values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values)


def _falls_in_holdout(digest: str, share: float) -> bool:
    """By the last digits of a keeper's sha256: its first ones decide who keeps, and where it lies in the dataset."""
    return int(digest[-16:], 16) / 16**16 < share


def _is_not(column: pa.ChunkedArray, value: str) -> Rows:
    return np.asarray(pc.not_equal(column, value).fill_null(False).to_numpy())


def _is_in(column: pa.ChunkedArray, values: Sequence[str]) -> Rows:
    return np.asarray(pc.is_in(column, pa.array(values, pa.string())).to_numpy())
