"""dvc.lock at one revision: for each stage the hashes of its inputs and outputs, and its parameters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml  # type: ignore[import-untyped]  # DVC's own dependency; libyaml reads a lock 15 times faster than ruamel

from common.errors import UserError


@dataclass(frozen=True, slots=True)
class Item:
    """An input or output of a stage, a file or a folder."""

    path: str  # from the root of the repository, with / as separator
    md5: str  # as DVC computes it; ends in `.dir` for a folder
    size: int  # in bytes

    @property
    def is_folder(self) -> bool:
        return self.md5.endswith(".dir")


@dataclass(frozen=True, slots=True)
class Stage:
    """One run of a stage."""

    deps: Mapping[str, Item] = field(default_factory=dict)  # by path
    outs: Mapping[str, Item] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)  # dotted key of params.yaml to its value


@dataclass(frozen=True, slots=True)
class Lock:
    """The content of a dvc.lock."""

    stages: Mapping[str, Stage]  # by name: `curate`, `train@facade`

    @property
    def dataset(self) -> Item | None:
        """The folder of the dataset: the output of stage `curate`, under any path; None if there is none."""
        outs = self.stages["curate"].outs.values() if "curate" in self.stages else ()
        return next((out for out in outs if out.is_folder), None)

    def foreach(self, stage: str) -> dict[str, Stage]:
        """Return the stages of one `foreach`: `foreach("crawl")` by source, `foreach("train")` by model."""
        prefix = f"{stage}@"
        return {name.removeprefix(prefix): body for name, body in self.stages.items() if name.startswith(prefix)}

    def outs(self) -> list[Item]:
        """Return the outputs of all stages."""
        return [out for stage in self.stages.values() for out in stage.outs.values()]


def parse(text: bytes, name: str) -> Lock:
    """Parse the text of a dvc.lock.

    Args:
        text: The content of the file.
        name: Of the file, for errors.

    Raises:
        UserError: It is not a dvc.lock, or it contains an unresolved merge conflict.
    """
    try:
        stages = (yaml.load(text, Loader=yaml.CSafeLoader) or {}).get("stages", {})
        return Lock({stage: _stage(body) for stage, body in stages.items()})
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
        reason = str(getattr(error, "problem", None) or error)
        raise UserError(f"{name}: not a valid dvc.lock ({reason}); expected stages with outs") from None


def _stage(body: Mapping[str, Any]) -> Stage:
    params = {key: value for values in body.get("params", {}).values() for key, value in values.items()}
    return Stage(_items(body.get("deps", ())), _items(body.get("outs", ())), params)


def _items(entries: Any) -> dict[str, Item]:
    # An entry without a hash is outside of the repository.
    return {
        entry["path"]: Item(entry["path"], entry["md5"], int(entry.get("size", 0)))
        for entry in entries
        if "md5" in entry
    }
