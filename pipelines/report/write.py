"""Writes report/index.html, one self-contained page on the dataset and the models, and its tables beside it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from common.files import replacing
from common.html import environment
from common.progress import Progress
from pipelines.report import galleries, selection, source_tables, tables
from pipelines.report.crops import channels_last, read_crops
from pipelines.report.embedded import Picture, picture
from pipelines.report.funnel import funnel
from pipelines.report.inputs import Inputs, SourcePaths, read_inputs
from pipelines.report.model_section import Model, metric_rows, ranked, read_model
from train.samples import grid

REAL_SHOWN, GRID_COLUMNS = 64, 8  # as many as the trainer's grid of samples shows
TABLES = "tables"
"""Name of the folder beside the page."""


def write_report(
    *,
    sources: Mapping[str, SourcePaths],
    dataset: Path,
    models: Mapping[str, Path],
    out: Path,
    progress: Progress = lambda done, total, note: None,
) -> None:
    """Write the page to `out` and its tables to a folder beside it; equal inputs give equal bytes.

    Args:
        dataset: folder with images.npy, manifest.parquet and split.npy, made of these sources and no others.
        models: folders with samples/, log.csv, metrics.json, generator.safetensors; missing files are left out.

    Raises:
        UserError: an input cannot be read, or the inputs do not belong together.
    """
    total = len(models) + 3
    progress(0, total, "tables")
    inputs = read_inputs(sources, dataset)
    progress(1, total, "galleries")
    pictures = _pictures(inputs)
    read: list[Model] = []
    for name, folder in models.items():
        progress(2 + len(read), total, name)
        read.append(read_model(name, folder))
    progress(2 + len(read), total, "page")
    figures = _figures(inputs, ranked(read))
    whole = tables.make_tables(figures, inputs.manifest, inputs.prepared)
    context = {**pictures, **vars(figures), "metrics": metric_rows(figures.models), "tables": list(whole)}
    html = environment("pipelines.report").get_template("report.html.j2").render(context)
    with replacing(out.with_name(TABLES)) as draft:
        tables.write_tables(whole, draft)
    with replacing(out) as draft:
        draft.write_text(html, encoding="utf-8")
    progress(total, total, f"{len(html) / 1e6:.1f} MB")


def _pictures(inputs: Inputs) -> dict[str, Any]:
    """The galleries of the page, by the names of the template's variables."""
    kept, dropped = selection.kept(inputs.manifest), selection.dropped(inputs.manifest)
    clusters = selection.clusters(inputs.manifest)
    crops = read_crops(inputs.prepared, galleries.images_with_tile(dropped.values(), clusters))
    # Facades are read from the dataset itself, so that the page shows what models are trained on.
    crops |= {row["sha256"]: channels_last(inputs.images[row["row"]]) for row in kept.rows}
    cluster_sprite, cluster_tiles = galleries.cluster_tiles(clusters, crops)
    return {
        "kept": galleries.gallery("facades", "facades", kept, crops),
        "dropped": [
            galleries.drop_gallery(reason, chosen, crops, inputs.prepared) for reason, chosen in dropped.items()
        ],
        "clusters": clusters,
        "cluster_sprite": cluster_sprite,
        "cluster_tiles": cluster_tiles,
        **_real_facades(inputs),
    }


def _figures(inputs: Inputs, models: list[Model]) -> tables.Figures:
    """The numbers of the page."""
    fetches, manifest = inputs.all_fetches, inputs.manifest
    return tables.Figures(
        steps=funnel(fetches, sum(inputs.image_counts.values()), manifest),
        sources=[
            source_tables.source_row(name, inputs.fetches[name], inputs.run_records[name], manifest)
            for name in inputs.fetches
        ],
        licenses=source_tables.license_rows(manifest),
        failures=source_tables.failure_rows(fetches),
        models=models,
    )


def _real_facades(inputs: Inputs) -> dict[str, Picture | str | None]:
    """A grid like those of the models, with its caption: held-out facades, then others if there are too few."""
    shown = np.argsort(1 - inputs.split.astype(np.int8), kind="stable")[:REAL_SHOWN]
    if not len(shown):
        return {"real": None, "real_caption": ""}
    held_out = int(inputs.split[shown].sum())
    return {
        "real": picture(grid(inputs.images[shown], GRID_COLUMNS), f"{len(shown)} real facades"),
        "real_caption": "Facades held out from training."
        if held_out == len(shown)
        else f"The first {held_out} are held out from training, the others are not.",
    }
