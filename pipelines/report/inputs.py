"""What the report reads of the stages before it, checked to be of one dataset version."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from common.errors import UserError
from crawler.archive.reader import FETCHES_FILE
from crawler.archive.run_record import RUN_FILE
from crawler.archive.schemas import HOST_FILES
from curate.dataset import read_images, read_manifest, read_split
from pipelines.report.funnel import count_by

FETCHES_COLUMNS = ["url", "role", "outcome", "status", "first_at", "last_at", "detail"]


@dataclass(frozen=True)
class SourcePaths:
    """Where the outputs of one source are."""

    archive: Path  # the folder
    images: Path
    prepared: Path


@dataclass(frozen=True)
class Inputs:
    """The tables and arrays of one dataset version and its sources."""

    manifest: pa.Table
    images: NDArray[np.uint8]  # N×3×S×S
    split: NDArray[np.uint8]  # N; 1 is held out
    fetches: dict[str, pa.Table]  # by source
    run_records: dict[str, dict[str, Any]]  # by source; empty if a source has none
    image_counts: dict[str, int]  # rows of each source's image table
    prepared: list[Path]

    @property
    def all_fetches(self) -> pa.Table:
        return pa.concat_tables(self.fetches.values())


def read_inputs(sources: Mapping[str, SourcePaths], dataset: Path) -> Inputs:
    """Read the outputs of the sources and of the dataset made of them.

    Raises:
        UserError: the manifest is not of the images that the sources list, or a run record is not valid.
    """
    manifest = read_manifest(dataset)
    image_counts = {name: pq.read_metadata(paths.images).num_rows for name, paths in sources.items()}
    _check_counts(manifest, image_counts, dataset / "manifest.parquet")
    return Inputs(
        manifest,
        read_images(dataset),
        read_split(dataset),
        {name: _fetches(paths.archive / FETCHES_FILE) for name, paths in sources.items()},
        {name: read_json(paths.archive / RUN_FILE) for name, paths in sources.items()},
        image_counts,
        [paths.prepared for paths in sources.values()],
    )


def _fetches(path: Path) -> pa.Table:
    """The fetches of pages and images; robots.txt and tdmrep.json lead to no facade."""
    return pq.read_table(path, columns=FETCHES_COLUMNS, filters=~pc.field("role").isin(sorted(HOST_FILES)))


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object; an empty one if there is no such file.

    Raises:
        UserError: the file is not a JSON object.
    """
    if not path.is_file():
        return {}
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path}: not valid JSON: {error}") from None
    if not isinstance(values, dict):
        raise UserError(f"{path}: found a {type(values).__name__}, expected a JSON object")
    return values


def _check_counts(manifest: pa.Table, image_counts: Mapping[str, int], path: Path) -> None:
    """Refuse a manifest that was made of other image tables: the figures of the page would not add up."""
    decided = count_by(manifest, "source")
    for name in sorted({*image_counts, *(source for (source,) in decided if source)}):
        found, expected = decided[name,], image_counts.get(name, 0)
        if found != expected:
            raise UserError(
                f"{path}: found {found} images of source {name}, expected the {expected} of its image table; "
                f"run `dvc repro curate`"
            )
