"""`facades` without a command: the state of the project and the next step, in at most 12 lines."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipelines import paths
from pipelines.sources.decisions import count_decisions
from pipelines.versions.dvc_lock import Lock, parse
from pipelines.versions.freshness import stale_stages

LOCK = Path("dvc.lock")
SOURCES, MODELS, STALE = 4, 2, 2  # lines that each may take; the others are counted


def show() -> None:
    """Print the state of the project in the working directory.

    Raises:
        UserError: params.yaml or dvc.lock has a mistake.
    """
    print("\n".join(_status() if paths.PARAMS.is_file() else _elsewhere()))


def _elsewhere() -> list[str]:
    above = next((folder for folder in Path.cwd().parents if (folder / paths.PARAMS).is_file()), None)
    if above:
        return [f"found no {paths.PARAMS} here; the project is in {above}", f"next: cd {above}"]
    return [
        f"no project here: found no {paths.PARAMS} in {Path.cwd()}",
        *_steps({"cd PROJECT": "go to a clone of the project", "facades --help": "list the commands"}),
    ]


def _status() -> list[str]:
    lock = parse(LOCK.read_bytes(), str(LOCK)) if LOCK.is_file() else Lock({})
    values = _params(lock)
    if not values["sources"]:
        steps = {
            "facades source list": "list the kinds of sources",
            "facades source add NAME KIND KEY=VALUE": "add a source to params.yaml",
        }
        return ["no sources yet", *_steps(steps)]
    return [*_sources(values["sources"]), *_models(values["models"]), *_next(values, lock)]


def _params(lock: Lock) -> Mapping[str, Any]:
    """Read params.yaml, and validate it if it is not the file that the stage `check` validated."""
    checked = lock.stages["check"].deps.get(str(paths.PARAMS)) if "check" in lock.stages else None
    if checked and hashlib.md5(paths.PARAMS.read_bytes(), usedforsecurity=False).hexdigest() == checked.md5:
        from ruamel.yaml import YAML

        values: Mapping[str, Any] = YAML(typ="safe", pure=True).load(paths.PARAMS.read_text(encoding="utf-8"))
        return values
    from pipelines import params  # imports all kinds of sources, which takes half a second

    values = params.read()
    if values.get("sources", "missing"):
        params.validated(values, str(paths.PARAMS))
    return values


def _sources(entries: Mapping[str, Any]) -> list[str]:
    counts = count_decisions()
    lines = []
    for name, entry in entries.items():
        kept, dropped = counts[name, "kept"], counts[name, "dropped"]
        if kept or dropped:
            state = f"{kept:,} of {kept + dropped:,} images kept"
        elif any(paths.crawling(name, "*").parent.glob("*")):
            state = "crawl not finished yet"
        else:
            state = "crawled, not curated yet" if paths.archive(name).exists() else "not crawled yet"
        lines.append(f"source  {name:<16} {entry['kind']:<10} {state}")
    return _shortened(lines, SOURCES, "facades source list")


def _models(names: Mapping[str, Any]) -> list[str]:
    lines = []
    for name in names:
        metrics = paths.model(name) / "metrics.json"
        if metrics.is_file():
            state = f"KSD {json.loads(metrics.read_bytes())['ksd']:.4f}, lower is better"
        elif paths.generator(name).is_file():
            state = "trained, not evaluated yet"
        else:
            state = "training not finished yet" if paths.training_state(name).exists() else "not trained yet"
        lines.append(f"model   {name:<27} {state}")
    return _shortened(lines, MODELS, "params.yaml")


def _next(values: Mapping[str, Any], lock: Lock) -> Iterator[str]:
    """Yield what is out of date, and the next step."""
    if not lock.stages:
        yield "no stage has run yet"
        yield from _steps({"dvc repro": "run all stages"})
        return
    stale = stale_stages(lock, values)
    yield from _shortened([f"out of date: {one.stage} ({one.reason})" for one in stale], STALE, "dvc status")
    if any(one.missing for one in stale) and _has_remote():
        yield from _steps({"dvc pull": "download the data of this version", "dvc repro": "run the stages again"})
    elif stale:
        yield from _steps({"dvc repro": "run what is out of date"})
    else:
        yield f"up to date; the report is {paths.REPORT}"
        yield from _steps(
            {
                f"facades model sample {next(iter(values['models']))}": "draw images",
                "facades dataset log": "list the dataset versions",
                "facades source list": "list the kinds of sources to add",
            }
        )


def _has_remote() -> bool:
    configs = (Path(".dvc/config"), Path(".dvc/config.local"))
    return any("remote" in config.read_text(encoding="utf-8") for config in configs if config.is_file())


def _shortened(lines: list[str], shown: int, more: str) -> list[str]:
    hidden = len(lines) - shown
    return lines if hidden <= 0 else [*lines[:shown], f"… and {hidden} more: {more}"]


def _steps(steps: Mapping[str, str]) -> list[str]:
    """Write commands and what each does, in two columns."""
    width = max(map(len, steps))
    return [
        f"{'next: ' if number == 0 else '      '}{command:<{width}}  {purpose}"
        for number, (command, purpose) in enumerate(steps.items())
    ]
