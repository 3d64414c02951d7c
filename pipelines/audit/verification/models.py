"""Checks the documents of models against what the present code writes."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

import pipelines
from crawler.archive.reader import FETCHES_FILE
from curate.schemas import MANIFEST
from pipelines.audit.verification.check import Check
from pipelines.documents.facts import FETCHES_COLUMNS, model_facts
from pipelines.documents.write import documents
from pipelines.versions.dvc_lock import Stage
from pipelines.versions.version import Version

CODE = Path(pipelines.__file__).parents[1]


def checks(version: Version, sample: int | None) -> Iterator[Check]:
    """Yield the check of card.md and training-content.md of each model; nothing for versions without them."""
    described = version.foreach("describe")
    if not described:
        return
    check = Check("documents of models match the outputs of the stages")
    manifest = version.manifest()
    if not all(_is_present(stage) for stage in described.values()):
        check.skipped = "another version of the code wrote them"
    elif lacking := sorted(set(MANIFEST.names) - set(manifest.column_names)):
        check.skipped = f"the manifest lacks the column {lacking[0]}"
    else:
        for model, stage in described.items():
            _one(version, model, stage, manifest, check)
    yield check


def _one(version: Version, model: str, stage: Stage, manifest: pa.Table, check: Check) -> None:
    entries = stage.params["sources"]  # those that the stage read; params.yaml may have others by now
    archives = {name: path for name, body in version.lock.foreach("crawl").items() for path in body.outs}
    if lacking := sorted(set(entries) - set(archives)):
        check.fail(f"dvc.lock: found no crawl@{lacking[0]}, which describe@{model} read")
        return
    inputs = {Path(path).name: path for path in stage.deps}
    found = model_facts(
        model,
        version.file(inputs["generator.safetensors"]),
        version.file(inputs["metrics.json"]).read_bytes(),
        manifest,
        {name: version.table(f"{archives[name]}/{FETCHES_FILE}", FETCHES_COLUMNS) for name in entries},
        {"sources": entries, "crawl": {"contact": stage.params.get("crawl.contact")}},
    )
    written = {Path(path).name: path for path in stage.outs}
    for name, text in documents(found).items():
        check.looked_at += 1
        present = version.file(written[name]).read_text(encoding="utf-8", errors="replace").splitlines()
        expected = text.splitlines()
        wrong = [number for number, (a, b) in enumerate(zip(present, expected, strict=False), 1) if a != b]
        if wrong or len(present) != len(expected):
            line = wrong[0] if wrong else min(len(present), len(expected)) + 1
            check.fail(f"{written[name]}: line {line} is not what `facades describe {model}` writes")


def _is_present(stage: Stage) -> bool:
    """Whether the present code is the one that the stage ran."""
    code = [dep for dep in stage.deps.values() if dep.path.endswith(".py")]
    return all((CODE / dep.path).is_file() and _md5(CODE / dep.path) == dep.md5 for dep in code)


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
