"""What the documents of a model say: counts and records, read from the outputs of the stages before."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from common.errors import UserError
from crawler.archive.schemas import Outcome
from crawler.metadata.source_types import AI_MADE
from curate.documents.card import Facts, facts
from curate.documents.hosts import host_counts
from curate.schemas import Split
from pipelines.documents.entries import description
from train.provenance import read_metadata

DRAWN, FILES = "demo", "folder"
"""The kinds of sources that are not crawled from sites of others: drawn by this project, read from files."""

REFUSED = (Outcome.ROBOTS, Outcome.OPT_OUT)
"""Outcomes of fetches that honour a refusal."""

FETCHES_COLUMNS = ["outcome", "first_at", "last_at"]


@dataclass(frozen=True)
class Source:
    """One source of a model's training images."""

    name: str
    kind: str
    description: str  # kind and parameters, as far as they may be published
    snapshot: str
    first: str  # date of the first fetch, UTC; empty without fetches
    last: str  # date of the last fetch
    refused: Mapping[str, int]  # fetches that a refusal ended, by outcome
    images: int  # that were decided on
    training: int
    heldout: int
    hosts: Mapping[str, int]  # training images by host, the most frequent first


@dataclass(frozen=True)
class ModelFacts:
    """All that the documents of one model say."""

    model: str
    weights: str  # sha256 of generator.safetensors
    record: Mapping[str, Any]  # its metadata: recipe, dataset, step, …
    metrics: Mapping[str, float]
    sources: tuple[Source, ...]
    images: Facts  # counts of all images
    training: Facts  # counts of the training images
    ai_made: int  # training images whose source or file states that AI or another algorithm made them
    contact: str  # an e-mail address or a URL; may be empty

    @property
    def crawled(self) -> tuple[Source, ...]:
        """The sources that were crawled from sites of others."""
        return tuple(source for source in self.sources if source.kind not in (DRAWN, FILES))

    @property
    def period(self) -> tuple[str, str]:
        """The dates of the first and the last fetch of all sources; empty texts without fetches."""
        first = [source.first for source in self.sources if source.first]
        last = [source.last for source in self.sources if source.last]
        return min(first, default=""), max(last, default="")


def model_facts(
    model: str,
    generator: Path,
    metrics: bytes,
    manifest: pa.Table,
    fetches: Mapping[str, pa.Table],
    params: Mapping[str, Any],
) -> ModelFacts:
    """Read and count what the documents of a model say.

    Args:
        model: name of the model.
        generator: generator.safetensors.
        metrics: content of metrics.json.
        manifest: the manifest of the dataset that the model was trained on.
        fetches: by source, `FETCHES_COLUMNS` of fetches.parquet.
        params: the values of params.yaml, of which `sources` and `crawl.contact` are used.

    Raises:
        UserError: the generator or the metrics cannot be read.
    """
    training = manifest.filter(pc.equal(manifest["split"], Split.TRAIN))
    hosts = host_counts(training)
    sources = [
        _source(name, entry, fetches[name], manifest.filter(pc.equal(manifest["source"], name)), hosts.get(name, {}))
        for name, entry in sorted(params["sources"].items())
    ]
    record = read_metadata(generator)
    with generator.open("rb") as file:
        weights = hashlib.file_digest(file, "sha256").hexdigest()
    return ModelFacts(
        model=model,
        weights=weights,
        record=record,
        metrics=_numbers(metrics, model),
        sources=tuple(sources),
        images=facts(manifest),
        training=facts(training),
        ai_made=pc.sum(pc.is_in(training["digital_source_type"], pa.array(AI_MADE))).as_py() or 0,
        contact=str((params.get("crawl") or {}).get("contact") or ""),
    )


def _source(
    name: str, entry: Mapping[str, Any], fetches: pa.Table, images: pa.Table, hosts: Mapping[str, int]
) -> Source:
    splits = images["split"].to_pylist()
    outcomes = fetches["outcome"].to_pylist()
    first, last = pc.min(fetches["first_at"]).as_py(), pc.max(fetches["last_at"]).as_py()
    return Source(
        name=name,
        kind=str(entry["kind"]),
        description=description(entry),
        snapshot=str(entry.get("snapshot", "1")),
        first=f"{first:%Y-%m-%d}" if first else "",
        last=f"{last:%Y-%m-%d}" if last else "",
        refused={str(outcome): outcomes.count(outcome) for outcome in REFUSED},
        images=len(images),
        training=splits.count(Split.TRAIN),
        heldout=splits.count(Split.HOLDOUT),
        hosts=hosts,
    )


def _numbers(metrics: bytes, model: str) -> dict[str, float]:
    try:
        values = json.loads(metrics)
    except ValueError as error:
        raise UserError(f"metrics.json of {model}: not JSON: {error}; evaluate the model again") from None
    if not isinstance(values, dict):
        raise UserError(f"metrics.json of {model}: found no JSON object; evaluate the model again")
    return {name: value for name, value in values.items() if isinstance(value, int | float)}
