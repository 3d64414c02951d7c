"""The provenance of one image: its fetches, licence and measures, the decision on it, and where it was used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from common.errors import UserError
from common.published import public_url
from curate.schemas import Decision
from pipelines.audit.history import versions
from pipelines.audit.takedown import Request, requests_of
from pipelines.audit.trainings import data_of, trainings
from pipelines.versions.repository import Repository
from pipelines.versions.version import Version, one_of

Row = Mapping[str, Any]

HIDDEN_COLUMNS = ("probes", "thumbnail", "pixels")
"""Columns of the prepared table that are left out, since they are not for reading."""


@dataclass(frozen=True)
class Appearance:
    """The decision on the image in one version and source."""

    version: str
    source: str
    decision: str
    reason: str | None
    split: str | None


@dataclass(frozen=True)
class TrainingUse:
    """A model that was trained on a dataset with the image."""

    model: str
    recorded: str  # the last version that contains the model
    split: str  # `holdout`: the model was measured with the image, but did not learn from it


@dataclass(frozen=True)
class Provenance:
    """What is known of one image."""

    sha256: str
    version: str  # that the following was read from
    decisions: Sequence[Row]  # rows of the manifest, one a source
    images: Sequence[Row]  # rows of the image tables, with `source`
    fetches: Sequence[Row]  # of the image and its page, with `source`
    signals: Sequence[Row]  # rows of the tables of signals, with `source`
    locations: Sequence[Row]  # of the bytes in the archives, with `source`
    measures: Row  # from the prepared table
    cluster: Sequence[Row]  # rows of the manifest that are duplicates of each other, the keeper first
    request: Request | None  # for its exclusion
    appearances: Sequence[Appearance]  # in all versions, newest first
    trainings: Sequence[TrainingUse]
    unknown: Sequence[str]  # versions whose data are not available


def trace_image(repository: Repository, version: Version, sha256: str) -> Provenance:
    """Collect the provenance of an image.

    Args:
        repository: Its versions and models are searched for the image.
        version: The version to read metadata, measures and decisions from.
        sha256: Of the image file, 64 digits.

    Raises:
        UserError: The version does not contain the image, or its data are not available.
    """
    decisions = version.rows([sha256])
    if not decisions:
        raise UserError(f"{sha256[:16]}: no such image at {version.name}")
    appearances, uses, unknown = _history(repository, sha256)
    same_image = pc.field("sha256") == sha256
    images = _rows(version, version.outputs("extract", "data/images/*"), same_image)
    archives = version.outputs("crawl")
    locations = _rows(version, _in(archives, "index.parquet"), same_image)
    # Of the URLs in the table of images, those with credentials are shortened.
    urls = {row[name] for row in images for name in ("image_url", "page_url")} | {row["url"] for row in locations}
    measures = next(iter(_rows(version, version.outputs("prepare", "*.parquet"), same_image)), {})
    return Provenance(
        sha256=sha256,
        version=version.name,
        decisions=decisions,
        images=images,
        fetches=[
            row | {"url": public_url(row["url"]), "final_url": public_url(row["final_url"])}
            for row in _rows(version, _in(archives, "fetches.parquet"), one_of("url", urls))
        ],
        signals=_rows(version, version.outputs("extract", "data/signals/*"), same_image),
        locations=[row | {"url": public_url(row["url"])} for row in locations],
        measures={name: value for name, value in measures.items() if name not in (*HIDDEN_COLUMNS, "source")},
        cluster=_cluster(version, decisions[0]["cluster"]),
        request=requests_of(version, [sha256]).get(sha256),
        appearances=appearances,
        trainings=uses,
        unknown=unknown,
    )


def _rows(version: Version, tables: Mapping[str, str], where: pc.Expression) -> list[dict[str, Any]]:
    """The rows of a table of each source that meet a condition, with `source`."""
    return [
        {"source": source, **row}
        for source, path in sorted(tables.items())
        for row in version.table(path, where=where).to_pylist()
    ]


def _in(folders: Mapping[str, str], name: str) -> dict[str, str]:
    return {source: f"{folder}/{name}" for source, folder in folders.items()}


def _cluster(version: Version, cluster: str) -> list[dict[str, Any]]:
    rows = version.rows(where=pc.field("cluster") == cluster)
    return sorted(rows, key=lambda row: (row["decision"] != Decision.KEPT, row["sha256"], row["source"]))


def _history(repository: Repository, sha256: str) -> tuple[list[Appearance], list[TrainingUse], list[str]]:
    """The image in all versions, the models trained on it, and the versions whose data are not available."""
    appearances, uses, unknown = [], [], []
    splits: dict[tuple[str, ...], str] = {}  # of the image, by dataset
    for version, _ in versions(repository, everywhere=True):
        try:
            rows = version.manifest(("source", "decision", "reason", "split"), [sha256]).to_pylist()
            splits |= {data_of(version): row["split"] for row in rows if row["decision"] == Decision.KEPT}
        except UserError:
            unknown.append(version.name)
            continue
        appearances += [
            Appearance(version.name, row["source"], row["decision"], row["reason"], row["split"]) for row in rows
        ]
    for training in trainings(repository, everywhere=True):
        if training.data in splits:
            uses.append(TrainingUse(training.model, training.version.name, splits[training.data]))
    return appearances, uses, unknown


def manifest_summary(version: Version, images: Sequence[str]) -> pa.Table:
    """Return the main columns of the manifest for some images.

    Raises:
        UserError: The version's data are not available.
    """
    columns = ("sha256", "source", "decision", "reason", "row", "license", "title", "author", "page_url")
    return version.manifest(columns, images)


def source_fields(image: Row) -> list[tuple[str, str]]:
    """Return the metadata that a source gives for an image (a row of its image table), with readable names."""
    return [
        ("source", image["source"]),
        ("title", image["title"]),
        ("author", image["author"]),
        ("licence", " ".join(filter(None, (image["license"], image["license_url"])))),
        ("attribution", image["attribution"]),
        ("page", image["page_url"]),
        ("image", image["image_url"]),
        ("also at", ", ".join(other["image_url"] for other in image["others"])),
        *((name, value) for name, value in _stated(image) if value),
        ("opt-out", image["opt_out"] or "none"),
        ("bytes", f"{image['nbytes']:,}, {image['format']}"),
    ]


def _stated(image: Row) -> list[tuple[str, str]]:
    """Return place, date, subject and kind of an image; empty texts where they are not known."""
    heading = image.get("heading")
    facing = "" if heading is None else f", facing {heading:.0f}°"
    is_placed = image.get("latitude") is not None
    return [
        ("place", f"{image['latitude']:.5f}, {image['longitude']:.5f}{facing}" if is_placed else ""),
        ("taken", image.get("taken") or ""),
        ("wikidata", image.get("wikidata") or ""),
        ("source type", image.get("digital_source_type") or ""),
    ]


def describe_decision(row: Row) -> str:
    """Return the decision in a row of the manifest in words: `blurred: sharpness 0.31, threshold 0.4`."""
    reason = (row["reason"] or row["decision"]).replace("_", " ")
    lost = f", to {row['keeper'][:12]}" if row["keeper"] else ""
    if row["value"] is None or row["threshold"] is None:
        return f"{reason}{lost}"
    return f"{reason}{lost}: {row['measure']} {row['value']:.4g}, threshold {row['threshold']:.4g}"
