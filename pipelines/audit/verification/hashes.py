"""Checks files against dvc.lock, and dvc.lock against itself and params.yaml."""

import hashlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from common.dotted import at, dotted
from common.errors import UserError
from pipelines.audit.parameters import ABSENT, changed, word
from pipelines.audit.verification.check import Check
from pipelines.versions.dvc_lock import Item, Stage
from pipelines.versions.version import Version

THREADS = 2  # hashing releases the interpreter's lock; more threads would wait for the disk


def checks(version: Version, sample: int | None) -> Iterator[Check]:
    """Yield the checks of files, stages and parameters."""
    yield _files(version)
    yield _chain(version)
    yield _params(version)


def _files(version: Version) -> Check:
    """Every output has its md5 of dvc.lock, and folders have no other files."""
    check = Check("files have the md5 of dvc.lock")
    expected: dict[str, str] = {}
    for item in _outs(version):
        try:
            expected |= version.hashes(item.path) if item.is_folder else {item.path: item.md5}
        except UserError as error:
            check.fail(str(error))
        if version.commit is None and item.is_folder:
            folder = version.repository.root / item.path
            present = {
                file.relative_to(version.repository.root).as_posix() for file in folder.rglob("*") if file.is_file()
            }
            check.fail_all("in the folder, but not in dvc.lock", sorted(present - expected.keys()))
    with ThreadPoolExecutor(THREADS) as pool:
        found = pool.map(lambda path: _md5(version, path), expected)
        for (path, md5), (digest, problem) in zip(expected.items(), found, strict=True):
            check.looked_at += 1
            if problem:
                check.fail(problem)
            elif digest != md5:
                check.fail(f"{path}: found md5 {digest}, dvc.lock has {md5}")
    return check


def _md5(version: Version, path: str) -> tuple[str, str]:
    """The md5 of a file, or why there is none."""
    try:
        file = _here(version, path)
        with file.open("rb") as content:
            return hashlib.file_digest(content, "md5").hexdigest(), ""
    except (UserError, OSError) as error:
        return "", str(error)


def _here(version: Version, path: str) -> Path:
    if version.commit is not None:
        return version.file(path)
    file = version.repository.root / path
    if not file.is_file():
        raise UserError(f"{path}: missing in the work tree; `dvc checkout` brings it back")
    return file


def _current(version: Version) -> dict[str, Stage]:
    """The stages that params.yaml still has, by name."""
    parts = {name: name.partition("@") for name in version.lock.stages}
    return {
        name: version.lock.stages[name]
        for name, (stage, at, key) in parts.items()
        if not at or key in version.foreach(stage)
    }


def _outs(version: Version) -> list[Item]:
    return [out for stage in _current(version).values() for out in stage.outs.values()]


def _chain(version: Version) -> Check:
    """Each stage read the present output of others; otherwise it has to run again."""
    check = Check("stages read the outputs of others")
    outs = {out.path: out for out in _outs(version)}
    listed: dict[str, Mapping[str, str]] = {}
    for name, stage in _current(version).items():
        for path, dep in stage.deps.items():
            made = outs[path].md5 if path in outs else None
            for folder in outs.values():
                if folder.is_folder and path.startswith(f"{folder.path}/"):
                    listed.setdefault(folder.path, version.hashes(folder.path))
                    made = listed[folder.path].get(path)
            if made is not None:
                check.looked_at += 1
                if made != dep.md5:
                    check.fail(f"{name} read {path} with md5 {dep.md5}, but the output is {made}; run `dvc repro`")
    return check


def _params(version: Version) -> Check:
    """The stages ran with the values of params.yaml."""
    check = Check("stages ran with params.yaml")
    for name, stage in _current(version).items():
        says = dotted({key: at(version.params, key, ABSENT) for key in stage.params})
        ran_with = dotted(stage.params)
        check.looked_at += len(ran_with)
        for key, (found, expected) in changed(says, ran_with).items():
            check.fail(
                f"params.yaml: {key}: found {word(found)}, but {name} ran with {word(expected)}; run `dvc repro`"
            )
    return check
