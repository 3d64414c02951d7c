"""Contact sheets of the page: chosen rows of the manifest with their picture, their link and what decided."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from common.safe_text import one_line
from curate.rules import FILTER_OF, Filter
from curate.schemas import Reason
from pipelines.report.charts import number
from pipelines.report.histogram import Histogram, histogram, read_measure
from pipelines.report.labels import NOT_SHOWN, REASONS
from pipelines.report.selection import Clusters, Row, Selection
from pipelines.report.sheets import Pixels, Sheet, sheet

LISTED = 6  # rows of a table of images that have no picture


@dataclass(frozen=True)
class Tile:
    row: Row
    caption: str
    alt: str
    position: str  # in its sheet
    leads: bool = False  # the keeper of its cluster


@dataclass(frozen=True)
class Gallery:
    anchor: str
    title: str
    total: int
    sheet: Sheet | None
    tiles: tuple[Tile, ...]
    unseen: tuple[Row, ...]  # rows without a picture
    withheld: bool = False  # no pictures on purpose
    histograms: tuple[Histogram, ...] = ()  # of the measures that decided

    @property
    def measures(self) -> str:
        """Names of the measures that decided, in alphabetical order."""
        rows = (*(tile.row for tile in self.tiles), *self.unseen)
        return ", ".join(sorted({row["measure"].replace("_", " ") for row in rows if row["measure"]}))


@dataclass(frozen=True)
class Family:
    """A cluster of duplicates, its pictures in the sheet that all of them share."""

    total: int
    tiles: tuple[Tile, ...]
    unseen: int


def gallery(anchor: str, title: str, selection: Selection, pixels: Mapping[str, Pixels]) -> Gallery:
    seen = [row for row in selection.rows if row["sha256"] in pixels]
    unseen = tuple(row for row in selection.rows if row["sha256"] not in pixels)[:LISTED]
    drawn = sheet([pixels[row["sha256"]] for row in seen]) if seen else None
    tiles = tuple(_tile(row, drawn, index, _verdict(row)) for index, row in enumerate(seen)) if drawn else ()
    return Gallery(anchor, title, selection.total, drawn, tiles, unseen)


def drop_gallery(
    reason: Reason, selection: Selection, pixels: Mapping[str, Pixels], prepared: Sequence[Path]
) -> Gallery:
    """What was dropped for one reason, with the spread of the measures that decided over all `prepared` tables."""
    anchor, title = f"dropped-{reason}", REASONS[reason]
    if reason in NOT_SHOWN:
        return Gallery(anchor, title, selection.total, None, (), selection.rows[:LISTED], withheld=True)
    decided = {(row["measure"], row["threshold"]) for row in selection.rows if _filter(row)}
    spreads = (
        histogram(FILTER_OF[reason, measure], read_measure(prepared, measure), threshold)
        for measure, threshold in sorted(decided)
    )
    return replace(gallery(anchor, title, selection, pixels), histograms=tuple(one for one in spreads if one))


def families(clusters: Clusters, pixels: Mapping[str, Pixels]) -> tuple[Sheet | None, tuple[Family, ...]]:
    """One sheet for all clusters, and the clusters."""
    seen = [[row for row in cluster.rows if _showable(row, pixels)] for cluster in clusters.shown]
    flat = [row for rows in seen for row in rows]
    if not flat:
        return None, ()
    drawn = sheet([pixels[row["sha256"]] for row in flat])
    places = iter(range(len(flat)))
    return drawn, tuple(
        Family(
            cluster.total,
            tuple(_tile(row, drawn, next(places), _likeness(row), leads=_leads(row)) for row in rows),
            cluster.total - len(rows),
        )
        for cluster, rows in zip(clusters.shown, seen, strict=True)
    )


def wanted(selections: Iterable[Selection], clusters: Clusters) -> set[str]:
    """sha256 of every image of which a picture is needed."""
    rows = [row for selection in selections for row in selection.rows]
    rows += [row for cluster in clusters.shown for row in cluster.rows]
    return {row["sha256"] for row in rows if row["reason"] not in NOT_SHOWN}


def _showable(row: Row, pixels: Mapping[str, Pixels]) -> bool:
    return row["sha256"] in pixels and row["reason"] not in NOT_SHOWN


def _leads(row: Row) -> bool:
    return row["keeper"] is None and row["sha256"] == row["cluster"]


def _filter(row: Row) -> Filter | None:
    """The filter that dropped an image; None where no filter did."""
    return FILTER_OF.get((row["reason"], row["measure"]))


def alt_text(row: Mapping[str, Any]) -> str:
    """Return title, author and licence of an image, for readers who do not see its picture."""
    title = one_line(row["title"]) or f"image {row['sha256'][:8]}"
    author = f"by {one_line(row['author'])}" if row["author"] else ""
    return ", ".join(filter(None, (title, author, row["license"])))


def _tile(row: Row, drawn: Sheet, index: int, caption: str, *, leads: bool = False) -> Tile:
    return Tile(row, caption, alt_text(row), drawn.position(index), leads)


def _likeness(row: Row) -> str:
    """How a member of a cluster compares with its keeper."""
    if _leads(row):
        return "keeper"
    if row["reason"] == Reason.NEAR_DUPLICATE and row["similarity"] is not None:
        return f"{row['distance']} bits, {row['similarity']:.2f}"
    return _verdict(row)


def _verdict(row: Row) -> str:
    """What decided, in a few characters to print below a picture; empty for a facade."""
    if row["reason"] == Reason.EXACT_DUPLICATE:
        return "same bytes"
    if rule := _filter(row):
        return f"{number(row['value'])} {'<' if rule.is_minimum else '>'} {number(row['threshold'])}"
    if row["reason"] == Reason.NEAR_DUPLICATE and row["similarity"] is not None:
        return f"{number(row['similarity'])} ≥ {number(row['threshold'])}"
    if row["reason"] in (Reason.LICENSE_UNKNOWN, Reason.LICENSE_NOT_ALLOWED):
        return str(row["license"])
    return REASONS[Reason(row["reason"])] if row["reason"] else ""
