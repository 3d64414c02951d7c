"""Galleries of the page: chosen rows of the manifest as tiles, each with its picture, link and caption."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from common.safe_text import one_line
from curate.rules import FILTER_OF, Filter
from curate.schemas import Reason
from pipelines.report.charts import number
from pipelines.report.crops import Pixels
from pipelines.report.embedded import Sprite, sprite
from pipelines.report.histogram import Histogram, histogram, read_measure
from pipelines.report.labels import HIDDEN_REASONS, REASONS
from pipelines.report.selection import Clusters, Row, Selection, is_keeper
from train.mark import Mark

ROWS_LISTED = 6  # of the images without a picture


@dataclass(frozen=True)
class Tile:
    """One image of a gallery."""

    row: Row
    caption: str
    alt: str
    position: str  # CSS background-position in the gallery's sprite
    is_keeper: bool = False  # of its cluster


@dataclass(frozen=True)
class Gallery:
    """Images of one kind, for example all that were dropped for one reason."""

    anchor: str
    title: str
    total: int
    sprite: Sprite | None
    tiles: tuple[Tile, ...]
    without_picture: tuple[Row, ...]
    note: str = ""  # what the title means
    pictures_withheld: bool = False
    histograms: tuple[Histogram, ...] = ()  # of the measures that decided

    @property
    def measures(self) -> str:
        """Names of the measures that decided, in alphabetical order."""
        rows = (*(tile.row for tile in self.tiles), *self.without_picture)
        return ", ".join(sorted({row["measure"].replace("_", " ") for row in rows if row["measure"]}))


@dataclass(frozen=True)
class ClusterTiles:
    """One cluster of duplicates; all clusters share one sprite."""

    tiles: tuple[Tile, ...]
    hidden: int  # images of the cluster that are not shown


def gallery(anchor: str, title: str, selection: Selection, crops: Mapping[str, Pixels]) -> Gallery:
    """Return the gallery of a selection; images without a crop are listed below the tiles."""
    without_picture = tuple(row for row in selection.rows if row["sha256"] not in crops)[:ROWS_LISTED]
    made = tiles([(row, _caption(row), False) for row in selection.rows], crops)
    return Gallery(anchor, title, selection.total, *made, without_picture)


def drop_gallery(
    reason: Reason, selection: Selection, crops: Mapping[str, Pixels], prepared: Sequence[Path]
) -> Gallery:
    """Return the gallery of a reason, with histograms of the measures that decided over all `prepared` tables."""
    anchor, title = f"dropped-{reason}", REASONS[reason]
    if reason in HIDDEN_REASONS:
        made = Gallery(anchor, title, selection.total, None, (), selection.rows[:ROWS_LISTED], pictures_withheld=True)
        return replace(made, note=reason.description)
    decided = {(row["measure"], row["threshold"]) for row in selection.rows if _filter(row)}
    histograms = (
        histogram(FILTER_OF[reason, measure], read_measure(prepared, measure), threshold)
        for measure, threshold in sorted(decided)
    )
    return replace(
        gallery(anchor, title, selection, crops),
        note=reason.description,
        histograms=tuple(one for one in histograms if one),
    )


def cluster_tiles(clusters: Clusters, crops: Mapping[str, Pixels]) -> tuple[Sprite | None, tuple[ClusterTiles, ...]]:
    """Return one sprite for all clusters, and the tiles of each cluster."""
    shown = [
        [row for row in cluster.rows if may_be_shown(row) and row["sha256"] in crops] for cluster in clusters.shown
    ]
    made, flat = tiles([(row, _similarity(row), is_keeper(row)) for rows in shown for row in rows], crops)
    if not made:
        return None, ()
    rest = iter(flat)
    return made, tuple(
        ClusterTiles(tuple(islice(rest, len(rows))), cluster.total - len(rows))
        for cluster, rows in zip(clusters.shown, shown, strict=True)
    )


def tiles(
    entries: Sequence[tuple[Row, str, bool]], pictures: Mapping[str, Pixels], mark: Mark | None = None
) -> tuple[Sprite | None, tuple[Tile, ...]]:
    """Return one sprite of pictures, and a tile for each entry that has a picture.

    Args:
        entries: A row of the manifest, a caption, and whether the tile is marked as the keeper.
        pictures: By sha256, S × S × 3.
        mark: To embed in the sprite if some of them are generated.
    """
    drawn = [entry for entry in entries if entry[0]["sha256"] in pictures]
    if not drawn:
        return None, ()
    made = sprite([pictures[row["sha256"]] for row, _, _ in drawn], mark)
    return made, tuple(
        Tile(row, caption, _alt_text(row), made.position(index), leads)
        for index, (row, caption, leads) in enumerate(drawn)
    )


def images_with_tile(selections: Iterable[Selection], clusters: Clusters) -> set[str]:
    """Return the sha256 of every image that the page shows."""
    rows = [row for selection in selections for row in selection.rows]
    rows += [row for cluster in clusters.shown for row in cluster.rows]
    return {row["sha256"] for row in rows if may_be_shown(row)}


def may_be_shown(row: Row) -> bool:
    """Return whether pages may show an image: its owner did not ask for its exclusion or reserve its use."""
    return row["reason"] not in HIDDEN_REASONS


def _alt_text(row: Row) -> str:
    """Title, author and licence of an image, for readers who do not see its picture."""
    title = one_line(row["title"]) or f"image {row['sha256'][:8]}"
    author = f"by {one_line(row['author'])}" if row["author"] else ""
    return ", ".join(filter(None, (title, author, row["license"])))


def _filter(row: Row) -> Filter | None:
    """The filter that dropped an image; None if no filter did."""
    return FILTER_OF.get((row["reason"], row["measure"]))


def _similarity(row: Row) -> str:
    """How a member of a cluster compares with its keeper."""
    if is_keeper(row):
        return "keeper"
    if row["reason"] == Reason.NEAR_DUPLICATE and row["similarity"] is not None:
        return f"{row['distance']} bits, {row['similarity']:.2f}"
    return _caption(row)


def _caption(row: Row) -> str:
    """What decided, in a few characters; empty for a facade."""
    if row["reason"] == Reason.EXACT_DUPLICATE:
        return "same bytes"
    if rule := _filter(row):
        return f"{number(row['value'])} {'<' if rule.is_minimum else '>'} {number(row['threshold'])}"
    if row["reason"] == Reason.NEAR_DUPLICATE and row["similarity"] is not None:
        return f"{number(row['similarity'])} ≥ {number(row['threshold'])}"
    if row["reason"] in (Reason.LICENSE_UNKNOWN, Reason.LICENSE_NOT_ALLOWED):
        return str(row["license"])
    return REASONS[Reason(row["reason"])] if row["reason"] else ""
