"""Checks the documents of a dataset: ATTRIBUTION.md and croissant.json."""

import hashlib
import json
import logging
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from common.errors import UserError, on_one_line
from curate.documents.write import ATTRIBUTION_FILE, CROISSANT_FILE, attribution
from curate.rules import RULE_VERSION
from curate.schemas import Decision
from pipelines.audit.verification.check import Check
from pipelines.versions.version import Version

RECORDS = 1000  # loaded by mlcroissant at most


def checks(version: Version, sample: int | None) -> Iterator[Check]:
    manifest = version.manifest()
    kept = manifest.filter(pc.equal(manifest["decision"], Decision.KEPT))
    yield _attribution(version, kept)
    yield _described(version)
    yield _loadable(version)


def _attribution(version: Version, kept: pa.Table) -> Check:
    """ATTRIBUTION.md has a line for every facade, as the manifest gives it."""
    check = Check("ATTRIBUTION.md names every facade", looked_at=kept.num_rows)
    text = version.file(f"{version.dataset.path}/{ATTRIBUTION_FILE}").read_text(encoding="utf-8")
    if {RULE_VERSION} == set(kept["rule_version"].to_pylist()):
        facts = {line for line in attribution(kept) if line.startswith(("- ", "## ", "<"))}  # its prose may change
        missing = sorted(facts - set(text.splitlines()))
        check.fail_all("expected this line in ATTRIBUTION.md, found none", missing)
    else:  # older versions have another wording
        named = {int(row) for row in re.findall(r"^- (\d+): ", text, re.MULTILINE)}
        check.fail_all("not in ATTRIBUTION.md", (f"row {row}" for row in kept["row"].to_pylist() if row not in named))
    return check


def _described(version: Version) -> Check:
    """Each file that croissant.json lists exists and has the sha256 given there."""
    check = Check("croissant.json describes these files")
    for entry in _croissant(version).get("distribution", []):
        name = entry.get("contentUrl", "")
        check.looked_at += 1
        try:
            with version.file(f"{version.dataset.path}/{name}").open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except UserError as error:
            check.fail(f"croissant.json lists {name}: {error}")
            continue
        if digest != entry.get("sha256"):
            check.fail(f"croissant.json: {name}: found sha256 {digest}, expected {entry.get('sha256')}")
    return check


def _loadable(version: Version) -> Check:
    """mlcroissant accepts croissant.json, and loads records through it."""
    check = Check("mlcroissant loads records through croissant.json")
    logging.getLogger("absl").setLevel(logging.ERROR)  # it warns of fields that are left out on purpose
    try:
        import mlcroissant
    except ImportError:
        check.skipped = "mlcroissant is not installed"
        return check
    with tempfile.TemporaryDirectory() as folder:
        # In the cache files have their hash as name; mlcroissant needs their own.
        for path in version.hashes(version.dataset.path):
            (Path(folder) / Path(path).name).symlink_to(version.file(path).resolve())
        try:
            dataset = mlcroissant.Dataset(jsonld=Path(folder) / CROISSANT_FILE)
            for record_set in dataset.metadata.record_sets:
                for record, _ in zip(dataset.records(record_set.uuid), range(RECORDS), strict=False):
                    check.looked_at += bool(record)
        except Exception as error:  # mlcroissant has no base class for its errors
            check.fail(f"croissant.json: {on_one_line(error)}")
    if not check.failures and not check.looked_at:
        check.fail("croissant.json: found no record to load")
    return check


def _croissant(version: Version) -> dict[str, list[dict[str, str]]]:
    path = version.file(f"{version.dataset.path}/{CROISSANT_FILE}")
    try:
        described: dict[str, list[dict[str, str]]] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"croissant.json: not JSON: {error}") from None
    return described
