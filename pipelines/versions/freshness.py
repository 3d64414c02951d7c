"""Which stages are out of date, from dvc.lock, params.yaml and the files, in a fraction of the time of `dvc status`.

Large files are compared by size, so `dvc repro` may find a change that this module does not find.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any

from common.dotted import at
from pipelines.versions.dvc_lock import Item, Lock, Stage

HASHED = 16_000_000
"""Bytes up to which a file or a folder is compared by its md5; larger ones by their size."""

IGNORED = ("__pycache__", "*.pyc", ".*.writing")
"""Names of files and folders that DVC does not hash, as in .dvcignore."""

NOT_RUN = "not run yet"


@dataclass(frozen=True, slots=True)
class Stale:
    """A stage that `dvc repro` would run, and why."""

    stage: str  # as DVC names it: train@facade
    reason: str
    missing: bool = False  # dvc.lock has the stage, but an output is not there: `dvc pull` may fetch it


def stale_stages(lock: Lock, params: Mapping[str, Any]) -> list[Stale]:
    """Find the stages of the working directory that are out of date and do not depend on others that are.

    Args:
        lock: dvc.lock as it is now.
        params: values of params.yaml.

    Returns:
        One stage per source or model at most; empty if everything is up to date.
    """
    unchanged = cache(is_unchanged)
    made = {out.path: out.md5 for out in lock.outs()}
    levels = [
        [[f"{stage}@{source}" for stage in ("crawl", "extract", "prepare")] for source in params["sources"]],
        [["curate"]],
        [[f"{stage}@{model}" for stage in ("train", "evaluate", "describe")] for model in params["models"]],
        [["report"]],
    ]
    for chains in levels:
        found = [next(_stale(chain, lock, params, made, unchanged), None) for chain in chains]
        if any(found):
            return [stale for stale in found if stale]
    return []


def _stale(
    chain: list[str],
    lock: Lock,
    params: Mapping[str, Any],
    made: Mapping[str, str],
    unchanged: Callable[[Item], bool],
) -> Iterator[Stale]:
    for name in chain:
        stage = lock.stages.get(name)
        if stage is None:
            yield Stale(name, NOT_RUN)
        elif reason := _changed_param(stage, params) or _changed_dependency(stage, made, unchanged):
            yield Stale(name, reason)
        else:
            for out in stage.outs.values():
                if not Path(out.path).exists():
                    yield Stale(name, f"{out.path} is missing", missing=True)
                elif not unchanged(out):
                    yield Stale(name, f"{out.path} changed")


def _changed_param(stage: Stage, params: Mapping[str, Any]) -> str | None:
    for key, was in stage.params.items():
        now = at(params, key)
        if _equal(was, now):
            continue
        if isinstance(was, Mapping) and isinstance(now, Mapping):
            name = next(name for name in {**was, **now} if not _equal(was.get(name), now.get(name)))
            key, was, now = f"{key}.{name}", was.get(name), now.get(name)
        if isinstance(was, Mapping | list) or isinstance(now, Mapping | list):
            return f"{key} changed"
        return f"{key}: {json.dumps(was, ensure_ascii=False)} → {json.dumps(now, ensure_ascii=False)}"
    return None


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(_equal(a[key], b[key]) for key in a)
    if {type(a), type(b)} == {str, float}:  # PyYAML reads 1e-05, as DVC writes it, as text
        try:
            return float(a) == float(b)
        except ValueError:
            return False
    return bool(a == b)


def _changed_dependency(stage: Stage, made: Mapping[str, str], unchanged: Callable[[Item], bool]) -> str | None:
    for dep in stage.deps.values():
        if made.get(dep.path, dep.md5) != dep.md5 or (Path(dep.path).exists() and not unchanged(dep)):
            return f"{dep.path} changed"
        if not Path(dep.path).exists() and dep.path not in made:
            return f"{dep.path} is missing"
    return None


def is_unchanged(item: Item) -> bool:
    """Whether a file or folder still is what dvc.lock says."""
    path = Path(item.path)
    if path.is_dir() != item.is_folder:
        return False
    files = {str(file.relative_to(path)): file for file in _files(path)} if item.is_folder else {"": path}
    size = sum(file.stat().st_size for file in files.values())
    if item.size and size != item.size:  # DVC may leave the size out of dvc.lock
        return False
    if size > HASHED:
        return True
    hashes = {name: hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest() for name, file in files.items()}
    if not item.is_folder:
        return hashes[""] == item.md5
    # As DVC hashes a folder: the md5 of this JSON (dvc_data/hashfile/tree.py).
    listed = [{"md5": hashes[name], "relpath": name.replace(os.sep, "/")} for name in files]
    text = json.dumps(sorted(listed, key=itemgetter("relpath")), sort_keys=True)
    return f"{hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()}.dir" == item.md5


def _files(folder: Path) -> Iterator[Path]:
    for entry in os.scandir(folder):
        if any(fnmatch(entry.name, pattern) for pattern in IGNORED):
            continue
        if entry.is_dir():
            yield from _files(Path(entry.path))
        else:
            yield Path(entry.path)
