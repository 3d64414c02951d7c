"""Stage report: one self-contained page on the dataset and the models, report/index.html, and its tables beside it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from common.errors import UserError
from common.files import replacing
from common.html import environment
from common.progress import Progress
from curate.dataset import read_images, read_manifest, read_split
from pipelines.report import galleries, origins, selection, tables
from pipelines.report.funnel import funnel
from pipelines.report.model_section import Model, compared, ranked, read_model
from pipelines.report.pixels import prepared_pixels, upright
from pipelines.report.sheets import Picture, grid, picture

FETCHED = ["url", "role", "outcome", "status", "first_at", "last_at", "detail"]
REAL_SHOWN = 64  # beside as many generated
TABLES = "tables"  # a folder beside the page


@dataclass(frozen=True)
class SourcePaths:
    """What the stages before left of one source."""

    archive: Path  # fetches.parquet and run.json
    images: Path
    prepared: Path


def write_report(
    *,
    sources: dict[str, SourcePaths],
    dataset: Path,
    models: dict[str, Path],
    out: Path,
    progress: Progress = lambda done, total, note: None,
) -> None:
    """Write the page, and its tables to a folder beside it; equal inputs give equal bytes.

    Args:
        dataset: images.npy, manifest.parquet and split.npy, made of just these sources.
        models: folders with samples/, log.csv, metrics.json, generator.safetensors; what is missing is left out.

    Raises:
        UserError: an input that cannot be read, or that does not belong to the others.
    """
    total = len(models) + 3
    progress(0, total, "tables")
    manifest = read_manifest(dataset)
    fetches = {name: pq.read_table(at.archive / "fetches.parquet", columns=FETCHED) for name, at in sources.items()}
    listed = {name: pq.read_metadata(at.images).num_rows for name, at in sources.items()}
    _check(manifest, listed, dataset)
    tried = pa.concat_tables(fetches.values())

    progress(1, total, "contact sheets")
    images = read_images(dataset)
    kept, dropped, clusters = selection.kept(manifest), selection.dropped(manifest), selection.clusters(manifest)
    prepared = [at.prepared for at in sources.values()]
    pixels = prepared_pixels(prepared, galleries.wanted(dropped.values(), clusters))
    # What is called the dataset is taken from the dataset itself.
    pixels |= {row["sha256"]: upright(images[row["row"]]) for row in kept.rows}
    cluster_sheet, families = galleries.families(clusters, pixels)

    read: list[Model] = []
    for name, folder in models.items():
        progress(2 + len(read), total, name)
        read.append(read_model(name, folder))
    shown = ranked(read)

    progress(2 + len(shown), total, "page")
    steps = funnel(tried, sum(listed.values()), manifest)
    told = [
        origins.source(name, fetches[name], origins.read_record(at.archive / "run.json"), manifest)
        for name, at in sources.items()
    ]
    licenses, failures = origins.licenses(manifest), origins.failures(tried)
    whole = tables.tables(
        steps=steps,
        manifest=manifest,
        prepared=prepared,
        sources=told,
        licenses=licenses,
        failures=failures,
        models=shown,
    )
    html = (
        environment("pipelines.report")
        .get_template("report.html.j2")
        .render(
            {
                "steps": steps,
                "kept": galleries.gallery("facades", "facades", kept, pixels),
                "dropped": [
                    galleries.drop_gallery(reason, chosen, pixels, prepared) for reason, chosen in dropped.items()
                ],
                "clusters": clusters,
                "cluster_sheet": cluster_sheet,
                "families": families,
                "sources": told,
                "licenses": licenses,
                "failures": failures,
                "real": _real(images, read_split(dataset)),
                "models": shown,
                "metrics": compared(shown),
                "tables": list(whole),
            }
        )
    )
    with replacing(out.with_name(TABLES)) as draft:
        tables.write(whole, draft)
    with replacing(out) as draft:
        draft.write_text(html, encoding="utf-8")
    progress(total, total, f"{len(html) / 1e6:.1f} MB")


def _check(manifest: pa.Table, listed: dict[str, int], dataset: Path) -> None:
    """The manifest decides on just the images that the sources list; else the page would count apples with pears."""
    counts = manifest.group_by("source").aggregate([([], "count_all")])
    decided = dict(zip(counts["source"].to_pylist(), counts["count_all"].to_pylist(), strict=True))
    for name in sorted(decided.keys() | listed.keys()):
        found, expected = decided.get(name, 0), listed.get(name, 0)
        if found != expected:
            raise UserError(
                f"{dataset / 'manifest.parquet'}: found {found} images of source {name}, expected the {expected} "
                f"of its image table; run `dvc repro curate`"
            )


def _real(
    images: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], split: np.ndarray[tuple[int], np.dtype[np.uint8]]
) -> Picture | None:
    """A grid like those of the models: held-out facades, filled up with others where they are few."""
    held_out_first = np.argsort(1 - split.astype(np.int8), kind="stable")[:REAL_SHOWN]
    if not len(held_out_first):
        return None
    return picture(grid([upright(images[row]) for row in held_out_first]), f"{len(held_out_first)} real facades")
