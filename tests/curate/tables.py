"""Image tables and prepared tables made row by row, without any picture, and a slow decision on them."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from math import floor
from typing import Any

import numpy as np
import pyarrow as pa

from crawler.archive.schemas import IMAGES
from crawler.metadata.source_types import AI_MADE
from crawler.rights.licenses import UNKNOWN, openness
from curate.decide import decide
from curate.duplicates.clusters import SimilarPairs, Verify
from curate.duplicates.fingerprints import Fingerprints
from curate.exclusions import Exclusion
from curate.rules import FILTERS, CurateParams
from curate.schemas import MEASURES, PROBES, THUMBNAIL_SIDE, Reason, prepared_schema
from curate.where import SourceTypes, Tags, Where
from tests.curate.pictures import image_row

LICENSES = ("CC0-1.0", "CC-BY-*")
SIZE = 32  # pixels on a side of the crops

GOOD = {
    "sharpness": 0.6,
    "highlight": 0.9,
    "shadow": 0.1,
    "contrast": 0.2,
    "entropy": 7.0,
    "colorfulness": 30.0,
    "chroma": 20.0,
    "paper": 0.1,
    "border": 0.0,
    "facade": 0.9,
}
"""Measures that no filter rejects."""

Similarity = Callable[[str, str], float]
"""Called with the names (`Image.name`) of two images."""


@dataclass(frozen=True)
class Image:
    """One image of a source; as it is, it is kept."""

    number: int  # two images of one number have the same bytes
    source: str = "town"
    license: str = "CC0-1.0"
    opt_out: str = ""
    author: str = ""
    tags: tuple[str, ...] = ()
    taken: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    digital_source_type: str | None = None
    error: str | None = None
    width: int = 300
    height: int = 300
    measures: dict[str, float] = field(default_factory=dict)  # those that differ from GOOD

    @property
    def sha256(self) -> str:
        return hashlib.sha256(str(self.number).encode()).hexdigest()

    @property
    def name(self) -> str:
        return f"{self.sha256}/{self.source}"

    def measure(self, name: str) -> np.floating:
        """Return what the prepared table contains, or what derives from it."""
        shorter, longer = sorted((self.width, self.height))
        derived = {"side": np.float64(shorter), "aspect": np.float64(longer / shorter)}
        return derived[name] if name in derived else np.float32((GOOD | self.measures)[name])

    def changed(self, **values: Any) -> "Image":
        """Return a copy with other measures or other fields."""
        measures = {name: values.pop(name) for name in list(values) if name in MEASURES}
        return replace(self, measures=self.measures | measures, **values)

    def image_row(self) -> dict[str, object]:
        stated = ("license", "opt_out", "author", "tags", "taken", "latitude", "longitude", "digital_source_type")
        row = image_row(self.sha256, **{name: getattr(self, name) for name in stated})
        return row | {"image_url": f"https://{self.source}.invalid/{self.number}"}

    def prepared_row(self) -> dict[str, object]:
        if self.error:
            return {"sha256": self.sha256, "error": self.error}
        rng = np.random.default_rng(self.number)
        return {
            "sha256": self.sha256,
            "width": self.width,
            "height": self.height,
            **GOOD,
            **self.measures,
            "phash": int(rng.integers(2**64, dtype=np.uint64)),
            "probes": rng.integers(2**64, size=PROBES, dtype=np.uint64).tolist(),
            "thumbnail": rng.integers(256, size=THUMBNAIL_SIDE**2, dtype=np.uint8).tobytes(),
            "pixels": rng.integers(256, size=3 * SIZE**2, dtype=np.uint8).tobytes(),
        }


def decided(
    images: Iterable[Image],
    params: CurateParams | None = None,
    *,
    exclusions: Sequence[Exclusion] = (),
    keep_unknown: bool = False,
    similar: Similarity | None = None,
) -> dict[str, dict[str, Any]]:
    """Return the rows of the manifest of some images, by `Image.name`; they come in its order, the tables' too.

    `similar` takes the place of hashes and alignment: every pair of a similarity above 0 is a candidate.
    """
    ordered = sorted(images, key=lambda image: (image.sha256, image.source))
    table = pa.Table.from_pylist([image.image_row() for image in ordered], IMAGES)
    table = table.append_column("source", pa.array([image.source for image in ordered], pa.string()))
    prepared = pa.Table.from_pylist([image.prepared_row() for image in ordered], prepared_schema(SIZE))

    def find(names: Sequence[str], prints: Fingerprints, radius: int, verify: Verify) -> SimilarPairs:
        assert list(names) == sorted(names)
        assert len(names) == len(prints.hashes) == len(prints.thumbnails)
        values = {(i, j): similar(names[i], names[j]) if similar else 0.0 for j in range(len(names)) for i in range(j)}
        found = sorted(pair for pair, value in values.items() if value > 0)
        i, j = (np.array([pair[side] for pair in found], np.int64) for side in (0, 1))
        return SimilarPairs(i, j, np.array([values[pair] for pair in found], np.float32))

    manifest = decide(
        table,
        prepared,
        params or CurateParams(),
        licenses=LICENSES,
        keep_unknown=keep_unknown,
        exclusions=exclusions,
        find=find,
    )
    rows = manifest.to_pylist()
    assert [f"{row['sha256']}/{row['source']}" for row in rows] == [image.name for image in ordered]
    return {image.name: row for image, row in zip(ordered, rows, strict=True)}


def first_reason(
    image: Image,
    params: CurateParams,
    excluded: set[str],
    reserved: set[str],
    synthetic: set[str],
    keep_unknown: bool,
) -> Reason | None:
    """Return the first rule of those about one image that matches, one comparison after the other."""
    if image.sha256 in excluded:
        return Reason.EXCLUDED
    if image.sha256 in reserved:
        return Reason.OPT_OUT
    if image.license == UNKNOWN and not keep_unknown:
        return Reason.LICENSE_UNKNOWN
    if image.license != UNKNOWN and not any(fnmatchcase(image.license, pattern) for pattern in LICENSES):
        return Reason.LICENSE_NOT_ALLOWED
    if image.sha256 in synthetic:
        return Reason.SYNTHETIC
    if reason := unwanted(image, params.where):
        return reason
    if image.error:
        return Reason(image.error)
    for rule in FILTERS:
        threshold = getattr(params.thresholds, rule.threshold)
        if threshold is None:
            continue
        value = image.measure(rule.measure)
        limit = type(value)(threshold)
        if (value < limit) if rule.threshold.startswith("min_") else (value > limit):
            return rule.reason
    return None


def unwanted(image: Image, where: Where) -> Reason | None:
    """Return the first condition of `curate.where` that an image does not meet."""

    def matches(word: str, patterns: Sequence[str]) -> bool:
        return any(fnmatchcase(word.lower(), pattern.lower()) for pattern in patterns)

    def rejects(words: Sequence[str], rule: Tags | SourceTypes, *, may_be_unknown: bool) -> bool:
        if not words:
            return may_be_unknown and rule.unknown == "drop"
        if any(matches(word, rule.drop) for word in words):
            return True
        return bool(rule.keep) and not any(matches(word, rule.keep) for word in words)

    kind = [image.digital_source_type] if image.digital_source_type else []
    if rejects(kind, where.digital_source_type, may_be_unknown=True):
        return Reason.SYNTHETIC if image.digital_source_type in AI_MADE else Reason.WHERE_DIGITAL_SOURCE_TYPE
    if rejects(image.tags, where.tags, may_be_unknown=bool(where.tags.keep)):
        return Reason.WHERE_TAGS
    first, last = where.years.first or 0, where.years.last or 9999
    is_limited = (first, last) != (0, 9999)
    if (
        is_limited
        and (first <= int(image.taken[:4]) <= last if image.taken else where.years.unknown == "keep") is False
    ):
        return Reason.WHERE_YEARS
    box = where.box
    if box.south is not None and box.north is not None and box.west is not None and box.east is not None:
        if image.latitude is None or image.longitude is None:
            return Reason.WHERE_BOX if box.unknown == "drop" else None
        across = (
            box.west <= image.longitude <= box.east
            if box.west <= box.east
            else image.longitude >= box.west or image.longitude <= box.east
        )
        if not (across and box.south <= image.latitude <= box.north):
            return Reason.WHERE_BOX
    return None


def slow_manifest(
    images: Iterable[Image],
    params: CurateParams,
    *,
    exclusions: Sequence[Exclusion] = (),
    keep_unknown: bool = False,
    similar: Similarity,
) -> dict[str, tuple[str | None, str | None]]:
    """Return the reason and the keeper's sha256 of each image by its name, in the plainest way: image by image."""
    ordered = sorted(images, key=lambda image: (image.sha256, image.source))
    excluded = {one.value for one in exclusions}
    reserved = {image.sha256 for image in ordered if image.opt_out}
    synthetic = {image.sha256 for image in ordered if unwanted(image, params.where) == Reason.SYNTHETIC}
    near_excluded = {one.value for one in exclusions if one.near}
    threshold = np.float32(params.duplicates.similarity)

    def rank(image: Image) -> tuple[float, ...]:
        keys: dict[str, Callable[[], float]] = {
            "license": lambda: openness(image.license),
            "resolution": lambda: -image.width * image.height,
            "sharpness": lambda: -float(image.measure("sharpness")),
        }
        return (*(keys[name]() for name in params.keeper if name != "sha256"), ordered.index(image))

    def alike(one: Image, other: Image) -> bool:
        return bool(np.float32(similar(one.name, other.name)) >= threshold)

    result: dict[str, tuple[str | None, str | None]] = {
        image.name: (first_reason(image, params, excluded, reserved, synthetic, keep_unknown), None)
        for image in ordered
    }

    def undecided() -> list[Image]:
        return [image for image in ordered if result[image.name][0] is None]

    for image in undecided():
        same = min((other for other in undecided() if other.sha256 == image.sha256), key=rank)
        if same is not image:
            result[image.name] = (Reason.EXACT_DUPLICATE, same.sha256)
    near_excluded_images = [image for image in ordered if image.sha256 in near_excluded and not image.error]
    for image in undecided():
        if any(alike(image, other) for other in near_excluded_images):
            result[image.name] = (Reason.EXCLUDED, "one of them")

    def cluster(group: list[Image]) -> None:
        """Split `group` into connected parts; of each the best stays, and what is unlike it starts again."""
        while group:
            part, todo = [group[0]], [group[0]]
            while todo:
                image = todo.pop()
                near = [other for other in group if other not in part and alike(image, other)]
                part += near
                todo += near
            group = [image for image in group if image not in part]
            keeper = min(part, key=rank)
            unlike = []
            for image in part:
                if image is not keeper and alike(image, keeper):
                    result[image.name] = (Reason.NEAR_DUPLICATE, keeper.sha256)
                elif image is not keeper:
                    unlike.append(image)
            cluster(unlike)

    cluster(undecided())

    def place(image: Image) -> tuple[int, int] | None:
        if image.latitude is None or image.longitude is None:
            return None
        return floor(image.latitude / params.caps.cell), floor(image.longitude / params.caps.cell)

    groups: list[tuple[Reason, int | None, Callable[[Image], object]]] = [
        (Reason.CAP_AUTHOR, params.caps.author, lambda image: image.author or None),
        (Reason.CAP_PLACE, params.caps.place, place),
        (Reason.CAP_SOURCE, params.caps.source, lambda image: image.source),
    ]
    for reason, limit, group in groups:
        counts: Counter[object] = Counter()
        for image in undecided():
            counts[group(image)] += 1
            if limit is not None and group(image) is not None and counts[group(image)] > limit:
                result[image.name] = (reason, None)
    return result
