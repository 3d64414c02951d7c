"""The dataset versions in the history: contents, changes since the previous version, and models."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from common.errors import UserError
from pipelines.audit.difference import Change, tally
from pipelines.audit.numbering import FIRST, Number, redrawn, step
from pipelines.audit.trainings import data_of, trainings
from pipelines.versions.manifest import ManifestReader
from pipelines.versions.repository import Repository
from pipelines.versions.version import Version


@dataclass(frozen=True)
class Model:
    """A model that was trained on a version."""

    name: str
    recorded: str  # the last version that contains it
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Entry:
    """One version. If its data are not available, `missing` says why and the counts are empty."""

    name: str  # tags, or the short hash, or `workspace`
    revision: str  # full hash, or `workspace`
    date: datetime | None  # of the commit
    subject: str
    number: Number | None = None
    seen: int = 0
    kept: int = 0
    sources: Mapping[str, int] = field(default_factory=dict)  # name to images, kept or not
    licenses: Mapping[str, int] = field(default_factory=dict)  # id to facades
    changes: Mapping[Change, int] = field(default_factory=dict)  # since the previous version; empty for the first
    models: Sequence[Model] = ()
    missing: str = ""


def versions(repository: Repository, *, everywhere: bool = False) -> list[tuple[Version, Version | None]]:
    """Return each version with the previous one, newest first.

    A commit is a version if its dataset differs from that of all its parents. The previous version is that of its first
    parent. The work tree comes first if its dataset differs from that of the newest version.

    Args:
        repository: The repository to search.
        everywhere: Whether to include other branches, merged branches, tags and DVC experiments.
    """
    found: list[tuple[Version, Version | None]] = []
    in_force: dict[str, Version] = {}
    for commit in reversed(repository.commits(everywhere=everywhere)):
        version = Version(repository, commit)
        parents = [in_force[parent] for parent in commit.parents if parent in in_force]
        before = parents[0] if parents else None
        same = [parent for parent in parents if parent.lock.dataset == version.lock.dataset]
        if same:
            in_force[commit.sha] = same[0]
        elif version.lock.dataset:
            in_force[commit.sha] = version
            found.append((version, before))
        elif before:
            in_force[commit.sha] = before
    newest = next((in_force[commit.sha] for commit in repository.commits() if commit.sha in in_force), None)
    workspace = Version(repository, None)
    if workspace.lock.dataset and not (newest and newest.lock.dataset == workspace.lock.dataset):
        found.append((workspace, newest))
    return found[::-1]


def entries(repository: Repository, *, everywhere: bool = False) -> list[Entry]:
    """Return an entry for each of `versions`, newest first."""
    trained: dict[tuple[str, ...], list[Model]] = {}
    for training in trainings(repository, everywhere=everywhere):
        models = trained.setdefault(training.data, [])
        if training.model not in {model.name for model in models}:
            models.append(Model(training.model, training.version.name, _metrics(training.metrics)))
    manifests = lru_cache(maxsize=4)(Version.manifest_reader)  # each is read for its version and for the next
    numbers: dict[str, Number | None] = {}
    found = []
    for version, before in reversed(versions(repository, everywhere=everywhere)):
        commit = version.commit
        date, subject = (commit.date, commit.subject) if commit else (None, "not committed")
        entry = Entry(version.name, version.revision, date, subject)
        try:
            table = manifests(version)
            entry = replace(
                entry,
                seen=len(table),
                kept=int(table.kept.sum()),
                sources=_counts(table.column("source")),
                licenses=_counts(table.column("license").filter(pa.array(table.kept))),
                models=trained.get(data_of(version), ()),
                number=FIRST if before is None else None,
            )
            if before:
                old, last = manifests(before), numbers[before.revision]
                entry = replace(
                    entry, changes=tally(old, table), number=last and _number(last, before, old, version, table)
                )
        except UserError as error:
            entry = replace(entry, missing=str(error))
        numbers[entry.revision] = entry.number
        found.append(entry)
    return found[::-1]


def _number(last: Number, before: Version, old: ManifestReader, version: Version, new: ManifestReader) -> Number:
    kept_before, kept = old.images[old.kept], new.images[new.kept]
    prepared_before, prepared = before.output_hashes("prepare"), version.output_hashes("prepare")
    # Pixels are copied from the prepared tables; if those are the same, there is nothing to compare.
    remade = any(prepared_before[source] != prepared[source] for source in prepared_before.keys() & prepared.keys())
    differs = remade and redrawn(kept_before, kept, before.array("images.npy"), version.array("images.npy"))
    return last.after(step(kept_before, kept, redrawn=differs))


def _counts(column: pa.ChunkedArray) -> dict[str, int]:
    """The number of rows with each value, the most frequent first."""
    counted = [(str(one["values"]), int(one["counts"])) for one in pc.value_counts(column).to_pylist()]
    return dict(sorted(counted, key=lambda pair: (-pair[1], pair[0])))


def _metrics(read: Callable[[], dict[str, float]]) -> dict[str, float]:
    try:
        return read()
    except UserError:
        return {}  # the model is listed without them
