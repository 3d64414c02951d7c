"""The rows of the manifest that the page shows, by fixed rules, so that equal datasets give equal pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.schemas import Decision, Reason

Row = Mapping[str, Any]
"""One row of the manifest."""

KEPT_SHOWN = 120
DROPPED_SHOWN = 30
CLUSTERS_SHOWN = 24
MEMBERS_SHOWN = 12


@dataclass(frozen=True)
class Selection:
    """Some of `total` rows of the manifest, in the order of the page."""

    total: int
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Clusters:
    """Some of the clusters, and how many there are."""

    total: int  # clusters with two or more images
    images: int  # images in these
    shown: tuple[Selection, ...]


def kept(manifest: pa.Table) -> Selection:
    """Select facades in the order of sha256, which is a random choice that never changes."""
    table = manifest.filter(pc.equal(manifest["decision"], Decision.KEPT))
    return Selection(table.num_rows, tuple(table.slice(0, KEPT_SHOWN).to_pylist()))


def dropped(manifest: pa.Table) -> dict[Reason, Selection]:
    """Select for each reason that occurs the images nearest to their threshold."""
    tables = {reason: nearest_first(manifest.filter(pc.equal(manifest["reason"], reason))) for reason in Reason}
    return {
        reason: Selection(table.num_rows, tuple(table.slice(0, DROPPED_SHOWN).to_pylist()))
        for reason, table in tables.items()
        if table.num_rows
    }


def clusters(manifest: pa.Table) -> Clusters:
    """Select the clusters with the least similar members, as they are the most likely to be wrong."""
    several = cluster_members(manifest)
    worst = several.group_by("cluster").aggregate([("similarity", "min")])
    first = worst.sort_by([("similarity_min", "ascending"), ("cluster", "ascending")]).slice(0, CLUSTERS_SHOWN)
    shown = tuple(_cluster(several, name) for name in first["cluster"].to_pylist())
    return Clusters(worst.num_rows, several.num_rows, shown)


def cluster_members(manifest: pa.Table) -> pa.Table:
    """Return the rows of the manifest whose cluster has two or more images."""
    sizes = manifest.filter(pc.is_valid(manifest["cluster"])).group_by("cluster").aggregate([([], "count_all")])
    several = sizes.filter(pc.greater(sizes["count_all"], 1))["cluster"]
    return manifest.filter(pc.is_in(manifest["cluster"], value_set=several))


def nearest_first(table: pa.Table) -> pa.Table:
    """Sort rows of the manifest by how near their value is to its threshold, then by sha256 and source."""
    gap = pc.abs(pc.subtract(table["value"], table["threshold"]))
    # Relative, because one reason may have several measures with different units.
    scale = pc.max_element_wise(pc.abs(table["threshold"]), 1e-12)
    ranked = table.append_column("gap", pc.divide(gap, scale))
    ranked = ranked.sort_by([("gap", "ascending"), ("sha256", "ascending"), ("source", "ascending")])
    return ranked.drop_columns("gap")


def is_keeper(row: Row) -> bool:
    """Return whether an image is the one of its cluster that stays."""
    return row["keeper"] is None and row["sha256"] == row["cluster"]


def _cluster(members: pa.Table, name: str) -> Selection:
    """The images of a cluster: the keeper first, then its duplicates, the least similar first."""
    rows = members.filter(pc.equal(members["cluster"], name)).to_pylist()
    rows.sort(key=_order)
    return Selection(len(rows), tuple(rows[:MEMBERS_SHOWN]))


def _order(row: Row) -> tuple[bool, float, str, str]:
    similarity = 2.0 if row["similarity"] is None else float(row["similarity"])
    return not is_keeper(row), similarity, row["sha256"], row["source"]
