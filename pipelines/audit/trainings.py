"""The models in the history, and the dataset that each was trained on."""

from dataclasses import dataclass

from pipelines.versions.dvc_lock import Stage
from pipelines.versions.repository import Repository
from pipelines.versions.version import Version

INPUTS = ("images.npy", "split.npy")
"""The files of a dataset that training reads."""


@dataclass(frozen=True)
class Training:
    """A trained model, at the last commit that contains it."""

    model: str
    version: Version
    weights: str  # md5 of generator.safetensors
    data: tuple[str, ...]  # md5 of each of INPUTS

    def metrics(self) -> dict[str, float]:
        """Return the metrics of these weights; empty if they were not evaluated.

        Raises:
            UserError: metrics.json is not available.
        """
        evaluation = self.version.lock.foreach("evaluate").get(self.model, Stage())
        if self.weights not in {item.md5 for item in evaluation.deps.values()}:
            return {}
        return self.version.metrics(self.model)


def trainings(repository: Repository, *, everywhere: bool = False) -> list[Training]:
    """Return all models, newest first, then those that only the work tree has.

    Args:
        repository: The repository to search.
        everywhere: Whether to include other branches, merged branches, tags and DVC experiments.
    """
    commits = [*repository.commits(everywhere=everywhere), None]
    found: dict[tuple[str, ...], Training] = {}
    for version in (Version(repository, commit) for commit in commits):
        for model, stage in version.lock.foreach("train").items():
            weights = next((out.md5 for path, out in stage.outs.items() if path.endswith(".safetensors")), None)
            data = tuple(item.md5 for name in INPUTS for path, item in stage.deps.items() if path.endswith(f"/{name}"))
            if weights and data:
                found.setdefault((model, weights, *data), Training(model, version, weights, data))
    return list(found.values())


def data_of(version: Version) -> tuple[str, ...]:
    """Return the md5 of each of INPUTS in a version, by its dvc.lock.

    Raises:
        UserError: The list of the dataset's files is not available.
    """
    hashes = version.hashes(version.dataset.path)
    return tuple(
        hashes[f"{version.dataset.path}/{name}"] for name in INPUTS if f"{version.dataset.path}/{name}" in hashes
    )
