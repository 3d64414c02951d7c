"""Which images the page shows of each kind: a fixed rule, so that equal datasets give equal pages."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.schemas import Decision, Reason

Row = dict[str, Any]
"""One row of the manifest."""

KEPT_SHOWN = 120
DROPPED_SHOWN = 30
CLUSTERS_SHOWN = 24
MEMBERS_SHOWN = 12


@dataclass(frozen=True)
class Selection:
    """Some of `total` rows of the manifest, in the order in which they are shown."""

    total: int
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Cluster:
    """Duplicates of one image: the keeper first, then those that lost to it, the least alike first."""

    total: int
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Clusters:
    total: int  # clusters of two images or more
    images: int  # in them
    shown: tuple[Cluster, ...]


def kept(manifest: pa.Table) -> Selection:
    """The first by sha256: as good as a lottery, and the same at every run."""
    table = manifest.filter(pc.equal(manifest["decision"], Decision.KEPT))
    return Selection(table.num_rows, tuple(table.slice(0, KEPT_SHOWN).to_pylist()))


def dropped(manifest: pa.Table) -> dict[Reason, Selection]:
    """For each reason that occurs, the images nearest to the threshold, then by sha256."""
    tables = {reason: nearest(manifest.filter(pc.equal(manifest["reason"], reason))) for reason in Reason}
    return {
        reason: Selection(table.num_rows, tuple(table.slice(0, DROPPED_SHOWN).to_pylist()))
        for reason, table in tables.items()
        if table.num_rows
    }


def clusters(manifest: pa.Table) -> Clusters:
    """The clusters that are the easiest to doubt: with the least alike member first, exact copies last."""
    several = members(manifest)
    worst = several.group_by("cluster").aggregate([("similarity", "min")])
    first = worst.sort_by([("similarity_min", "ascending"), ("cluster", "ascending")]).slice(0, CLUSTERS_SHOWN)
    shown = tuple(_cluster(several, name) for name in first["cluster"].to_pylist())
    return Clusters(worst.num_rows, several.num_rows, shown)


def members(manifest: pa.Table) -> pa.Table:
    """The images of all clusters of two or more."""
    sizes = manifest.filter(pc.is_valid(manifest["cluster"])).group_by("cluster").aggregate([([], "count_all")])
    several = sizes.filter(pc.greater(sizes["count_all"], 1))["cluster"]
    return manifest.filter(pc.is_in(manifest["cluster"], value_set=several))


def nearest(table: pa.Table) -> pa.Table:
    """The same rows, those nearest to their threshold first, then by sha256."""
    gap = pc.abs(pc.subtract(table["value"], table["threshold"]))
    # Relative, as one reason may have several measures, each in its own unit.
    scale = pc.max_element_wise(pc.abs(table["threshold"]), 1e-12)
    ranked = table.append_column("gap", pc.divide(gap, scale))
    ranked = ranked.sort_by([("gap", "ascending"), ("sha256", "ascending"), ("source", "ascending")])
    return ranked.drop_columns("gap")


def _cluster(members: pa.Table, name: str) -> Cluster:
    rows = members.filter(pc.equal(members["cluster"], name)).to_pylist()
    rows.sort(key=_place)
    return Cluster(len(rows), tuple(rows[:MEMBERS_SHOWN]))


def _place(row: Row) -> tuple[bool, float, str, str]:
    leads = row["keeper"] is None and row["sha256"] == row["cluster"]
    alike = 2.0 if row["similarity"] is None else float(row["similarity"])
    return not leads, alike, row["sha256"], row["source"]
