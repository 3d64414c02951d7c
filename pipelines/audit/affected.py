"""Which versions and models still hold what somebody asked to have left out."""

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

NAMED = ("sha256", "image_url", "page_url", "author", "keeper", "decision", "split")


@dataclass(frozen=True)
class Holder:
    """A version, or a model trained on it, that holds excluded images."""

    version: str  # for a model: in which it was recorded last
    model: str  # empty for a version
    images: int
    held_out: int  # of these: a model was measured against them, but did not learn from them
    requests: Sequence[str]  # by whom, when, why


@dataclass(frozen=True)
class Affected:
    versions: Sequence[Holder]
    models: Sequence[Holder]
    unknown: Sequence[str]  # versions of which the data are not to be had


def find_affected(repository: Repository) -> Affected:
    """Every version and model of all branches, tags and experiments that holds an image that is excluded now.

    Raises:
        UserError: dvc.lock of the work tree cannot be read.
    """
    workspace = Version(repository, None)
    requests = takedown.parse(workspace.read_tracked(takedown.FILE))
    excluded = _excluded(workspace)
    held, unknown = [], []
    by_data: dict[tuple[str, ...], Holder] = {}
    for version, _ in versions(repository, everywhere=True) if requests else ():
        try:
            found = _held(version, requests, excluded)
            if found.images:
                held.append(found)
                by_data[data_of(version)] = found
        except UserError:
            unknown.append(version.name)
    models = [
        Holder(one.version.name, one.model, data.images, data.held_out, data.requests)
        for one in trainings(repository, everywhere=True)
        if (data := by_data.get(one.data))
    ]
    return Affected(held, models, unknown)


def _excluded(workspace: Version) -> set[str]:
    """What curation left out in the work tree: also what looks like an excluded image, or has its bytes elsewhere."""
    if workspace.lock.dataset is None:
        return set()
    rows = workspace.manifest(("sha256",), where=pc.field("reason") == str(Reason.EXCLUDED))
    return set(rows["sha256"].to_pylist())


def _held(version: Version, requests: Sequence[Request], excluded: set[str]) -> Holder:
    kept = version.rows(where=pc.field("decision") == str(Decision.KEPT), columns=NAMED)
    named = takedown.requests_for(kept, requests)
    held = [row for row in kept if row["sha256"] in named or row["sha256"] in excluded]
    held_out = sum(row["split"] == "holdout" for row in held)
    words = sorted({str(named[row["sha256"]]) for row in held if row["sha256"] in named})
    return Holder(version.name, "", len(held), held_out, words)
