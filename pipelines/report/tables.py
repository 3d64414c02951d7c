"""The complete tables behind the page, to sort, filter and join."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar, get_type_hints

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from curate.schemas import MEASURES, Reason
from pipelines.report import selection
from pipelines.report.funnel import Step
from pipelines.report.model_section import Model
from pipelines.report.source_tables import Failure, License, Source

IMAGE_COLUMNS = ["sha256", "source", "image_url", "page_url", "license"]
"""Columns that identify an image. Without the title: a spreadsheet runs a text that begins with = as a formula."""

Row = TypeVar("Row", Source, License, Failure)

TYPES = {str: pa.string(), int: pa.int64(), int | None: pa.int64()}


@dataclass(frozen=True)
class Figures:
    """The numbers that the page shows and that some of the tables contain."""

    steps: Sequence[Step]
    sources: Sequence[Source]
    licenses: Sequence[License]
    failures: Sequence[Failure]
    models: Sequence[Model]


def make_tables(figures: Figures, manifest: pa.Table, prepared: Iterable[Path]) -> dict[str, pa.Table]:
    """Return the tables by their names, in the order of the page.

    Args:
        prepared: paths of the prepared tables of all sources.
    """
    return {
        "funnel": _funnel(figures.steps),
        "dropped": _dropped(manifest),
        "clusters": _clusters(manifest),
        "measures": _measures(manifest, prepared),
        "sources": _records(Source, figures.sources),
        "licenses": _records(License, figures.licenses),
        "failures": _records(Failure, figures.failures),
        "models": _models(figures.models),
    }


def write_tables(tables: Mapping[str, pa.Table], folder: Path) -> None:
    """Write each table to `folder` as NAME.csv and NAME.parquet; equal tables give equal bytes."""
    folder.mkdir()
    for name, table in tables.items():
        pq.write_table(table.replace_schema_metadata(None), folder / f"{name}.parquet", compression="zstd")
        pa.csv.write_csv(table, folder / f"{name}.csv")


def _funnel(steps: Sequence[Step]) -> pa.Table:
    """One row per step, where `loss` is null, and one per loss."""
    rows: list[dict[str, str | int | None]] = []
    for step in steps:
        rows.append({"step": step.label, "loss": None, "count": step.count})
        rows += [{"step": step.label, "loss": loss.label, "count": loss.count} for loss in step.losses]
    return pa.Table.from_pylist(rows, pa.schema([("step", pa.string()), ("loss", pa.string()), ("count", pa.int64())]))


def _dropped(manifest: pa.Table) -> pa.Table:
    """Dropped images by reason in the order of the rules, the nearest to the threshold first."""
    decided = ["reason", "measure", "value", "threshold", "keeper", "distance", "similarity"]
    parts = [selection.nearest_first(manifest.filter(pc.equal(manifest["reason"], reason))) for reason in Reason]
    return pa.concat_tables(parts).select([*decided, *IMAGE_COLUMNS])


def _clusters(manifest: pa.Table) -> pa.Table:
    members = selection.cluster_members(manifest)
    members = members.append_column("is_keeper", pc.is_null(members["keeper"]))
    order = [("cluster", "ascending"), ("is_keeper", "descending"), ("sha256", "ascending"), ("source", "ascending")]
    return members.sort_by(order).select(["cluster", "is_keeper", "distance", "similarity", "reason", *IMAGE_COLUMNS])


def _measures(manifest: pa.Table, prepared: Iterable[Path]) -> pa.Table:
    """Decision and measures of every image of a prepared table; the histograms show these measures."""
    columns = ["sha256", "width", "height", *MEASURES]
    parts = [
        pq.read_table(path, columns=[name for name in columns if name in pq.read_schema(path).names])
        for path in prepared
    ]
    measured = pa.concat_tables(parts, promote_options="default")
    # Equal bytes have equal measures, whatever their source.
    measured = measured.group_by("sha256", use_threads=False).aggregate(
        [(n, "first") for n in measured.column_names[1:]]
    )
    measured = measured.rename_columns([name.removesuffix("_first") for name in measured.column_names])
    decided = manifest.select(["sha256", "source", "decision", "reason"])
    joined = decided.join(measured, "sha256", join_type="inner")
    return joined.sort_by([("sha256", "ascending"), ("source", "ascending")])


def _models(models: Sequence[Model]) -> pa.Table:
    rows = [
        {"model": model.name, "metric": name, "value": value}
        for model in models
        for name, value in model.metrics.items()
    ]
    return pa.Table.from_pylist(
        rows, pa.schema([("model", pa.string()), ("metric", pa.string()), ("value", pa.float64())])
    )


def _records(kind: type[Row], rows: Sequence[Row]) -> pa.Table:
    schema = pa.schema([(name, TYPES[hint]) for name, hint in get_type_hints(kind).items()])
    return pa.Table.from_pylist([asdict(row) for row in rows], schema)
