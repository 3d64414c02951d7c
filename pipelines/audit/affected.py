"""Finds the versions and models that still contain excluded images."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow.compute as pc

from common.errors import UserError
from curate.schemas import Decision, Reason
from pipelines.audit import takedown
from pipelines.audit.history import versions
from pipelines.audit.takedown import Request
from pipelines.audit.trainings import data_of, trainings
from pipelines.versions.repository import Repository
from pipelines.versions.version import Version

COLUMNS = ("sha256", "image_url", "page_url", "author", "keeper", "decision", "split")


@dataclass(frozen=True)
class Holder:
    """A version, or a model trained on it, that contains excluded images."""

    version: str  # of a model: the last one that contains it
    model: str  # empty for a version
    images: int
    held_out: int  # those of the holdout split: models were measured with them, but did not learn from them
    requests: Sequence[str]  # who asked, when and why


@dataclass(frozen=True)
class Affected:
    """The result of `find_affected`."""

    versions: Sequence[Holder]
    models: Sequence[Holder]
    unknown: Sequence[str]  # versions whose data are not available


def find_affected(repository: Repository) -> Affected:
    """Find the versions and models of all branches, tags and experiments that contain an image excluded now.

    Raises:
        UserError: dvc.lock of the work tree is not valid.
    """
    workspace = Version(repository, None)
    requests = takedown.parse(workspace.read_tracked(takedown.FILE))
    excluded = _excluded(workspace)
    affected, unknown = [], []
    by_data: dict[tuple[str, ...], Holder] = {}
    for version, _ in versions(repository, everywhere=True) if requests else ():
        try:
            found = _count(version, requests, excluded)
            if found.images:
                affected.append(found)
                by_data[data_of(version)] = found
        except UserError:
            unknown.append(version.name)
    models = [
        Holder(one.version.name, one.model, data.images, data.held_out, data.requests)
        for one in trainings(repository, everywhere=True)
        if (data := by_data.get(one.data))
    ]
    return Affected(affected, models, unknown)


def _excluded(workspace: Version) -> set[str]:
    """sha256 of all images excluded in the work tree, near duplicates and copies from other sources included."""
    if workspace.lock.dataset is None:
        return set()
    rows = workspace.manifest(("sha256",), where=pc.field("reason") == str(Reason.EXCLUDED))
    return set(rows["sha256"].to_pylist())


def _count(version: Version, requests: Sequence[Request], excluded: set[str]) -> Holder:
    """Count the excluded images among those that a version keeps."""
    kept = version.rows(where=pc.field("decision") == str(Decision.KEPT), columns=COLUMNS)
    named = takedown.requests_for(kept, requests)
    affected = [row for row in kept if row["sha256"] in named or row["sha256"] in excluded]
    held_out = sum(row["split"] == "holdout" for row in affected)
    reasons = sorted({str(named[row["sha256"]]) for row in affected if row["sha256"] in named})
    return Holder(version.name, "", len(affected), held_out, reasons)
