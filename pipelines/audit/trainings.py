"""The models in the history, and the dataset that each was trained on."""

from dataclasses import dataclass

from pipelines.versions.dvc_lock import Stage
from pipelines.versions.repository import Repository
from pipelines.versions.version import Version

SEEN = ("images.npy", "split.npy")
"""What training sees of a dataset."""


@dataclass(frozen=True)
class Training:
    """One model, where it was recorded last."""

    model: str
    version: Version
    weights: str  # md5 of generator.safetensors
    data: tuple[str, ...]  # md5 of each of SEEN

    def metrics(self) -> dict[str, float]:
        """Of these weights; empty where they were not evaluated.

        Raises:
            UserError: they were, but metrics.json is not to be had.
        """
        evaluation = self.version.lock.foreach("evaluate").get(self.model, Stage())
        if self.weights not in {item.md5 for item in evaluation.deps.values()}:
            return {}
        return self.version.metrics(self.model)


def trainings(repository: Repository, *, everywhere: bool = False) -> list[Training]:
    """Every model that was ever recorded, the newest first, at last those of the work tree alone."""
    commits = [*repository.commits(everywhere=everywhere), None]
    found: dict[tuple[str, ...], Training] = {}
    for version in (Version(repository, commit) for commit in commits):
        for model, stage in version.lock.foreach("train").items():
            weights = next((out.md5 for path, out in stage.outs.items() if path.endswith(".safetensors")), None)
            data = tuple(item.md5 for name in SEEN for path, item in stage.deps.items() if path.endswith(f"/{name}"))
            if weights and data:
                found.setdefault((model, weights, *data), Training(model, version, weights, data))
    return list(found.values())


def data_of(version: Version) -> tuple[str, ...]:
    """What training would see of a version: the md5 of each of SEEN, as dvc.lock has them.

    Raises:
        UserError: the list of the dataset's files is not to be had.
    """
    hashes = version.hashes(version.dataset.path)
    return tuple(
        hashes[f"{version.dataset.path}/{name}"] for name in SEEN if f"{version.dataset.path}/{name}" in hashes
    )
