"""Reads the signals of reserved use from the archives again, and compares them with the manifest and the tables."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import TypeAdapter, ValidationError

import crawler
from crawler.extract import extract
from crawler.registry import Entry
from curate.schemas import Decision
from pipelines.audit.verification.check import Check
from pipelines.versions.freshness import is_unchanged
from pipelines.versions.row_alignment import differs
from pipelines.versions.version import Version

CODE = Path(crawler.__file__).parents[1]


def checks(version: Version, sample: int | None) -> Iterator[Check]:
    """Yield the checks: today's code finds no kept image reserved, and the tables of signals in the archives."""
    reserved = Check("no kept image is reserved from AI use")
    same = Check("tables of signals are those of the archives")
    manifest = version.manifest(("sha256", "source", "decision"))
    kept = manifest.filter(pc.equal(manifest["decision"], Decision.KEPT))
    tables = version.outputs("extract", "data/signals/*")
    for source in version.outputs("crawl"):
        with tempfile.TemporaryDirectory(prefix="facades-") as folder:
            images, signals = Path(folder, "images.parquet"), Path(folder, "signals.parquet")
            if problem := _extract(version, source, images, signals):
                reserved.fail(f"source {source}: {problem}")
                continue
            own = kept.filter(pc.equal(kept["source"], source))
            _reserved(reserved, own, pq.read_table(images, columns=["sha256", "opt_out"]))
            if source in tables:
                _same(same, version.file(tables[source]), signals, tables[source])
            else:
                same.skipped = "the version is older than these tables"
    if same.failures and (other := _other_code(version)):
        # Today's code may know more signals than that of then; the check before says what follows from them.
        same.skipped = f"made by other code of {', '.join(other)}: {len(same.failures):,} of {same.looked_at:,} differ"
        same.failures.clear()
    yield reserved
    yield same


def _extract(version: Version, source: str, images: Path, signals: Path) -> str:
    """Extract the archive of a source again; return why that is not possible, or an empty text."""
    crawl = version.params.get("crawl") or {}
    try:
        entry = TypeAdapter[Entry](Entry).validate_python(version.params["sources"][source])
    except ValidationError as error:
        return f"its entry in params.yaml is not one of today: {error.errors(include_url=False)[0]['msg']}"
    archive = version.outputs("crawl")[source]
    with tempfile.TemporaryDirectory(prefix="facades-") as folder:
        # In the cache files have their hash as name; an archive needs their own.
        for path in version.hashes(archive):
            Path(folder, Path(path).name).symlink_to(version.file(path).resolve())
        extract(
            entry,
            archive=Path(folder),
            out=images,
            signals=signals,
            ai_crawlers=bool(crawl.get("honor_ai_blocks")),
            progress=lambda *_: None,
        )
    return ""


def _reserved(check: Check, kept: pa.Table, found: pa.Table) -> None:
    """Fail for each kept image that the archive shows to be reserved."""
    check.looked_at += kept.num_rows
    found = found.filter(pc.not_equal(found["opt_out"], ""))
    for row in found.filter(pc.is_in(found["sha256"], kept["sha256"].combine_chunks())).to_pylist():
        check.fail(f"{row['sha256']}: kept, but reserved by {row['opt_out']}; run `dvc repro`")


def _same(check: Check, written: Path, again: Path, name: str) -> None:
    """Fail for each image of which the table does not say what the archive says."""
    found, expected = pq.read_table(written), pq.read_table(again)
    check.looked_at += expected.num_rows
    if found.schema != expected.schema:
        check.fail(f"{name}: found the columns {', '.join(found.column_names)}, expected those of today's tables")
    elif found.num_rows == expected.num_rows:
        wrong = pa.array([False] * found.num_rows, pa.bool_())
        for column in expected.column_names:
            wrong = pc.or_(wrong, pa.array(differs(found[column], expected[column])))
        images = pc.unique(expected["sha256"].filter(wrong)).to_pylist()
        check.fail_all(f"its signals in {name} are not those of the archive", images)
    else:
        counts = [
            dict(pair.values() for pair in pc.value_counts(one["sha256"]).to_pylist()) for one in (found, expected)
        ]
        images = sorted(image for image in {**counts[0], **counts[1]} if counts[0].get(image) != counts[1].get(image))
        check.fail_all(f"the number of its signals in {name} is not that of the archive", images)


def _other_code(version: Version) -> list[str]:
    """Return the code that extracted the version, as far as it is not the code that runs here."""
    deps = [dep for stage in version.foreach("extract").values() for dep in stage.deps.values()]
    code = {dep.path: dep for dep in deps if dep.path == "crawler" or dep.path.endswith(".py")}
    return sorted(path for path, dep in code.items() if not is_unchanged(replace(dep, path=str(CODE / path))))
