"""The text of `facades dataset show`, `exclude` and `affected`."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from common.safe_text import one_line
from curate.schemas import Decision
from pipelines.audit import sections
from pipelines.audit.affected import Affected
from pipelines.audit.provenance import Provenance, describe_decision, source_fields
from pipelines.audit.takedown import Request
from pipelines.audit.terminal.tables import LISTED, facts, section, table

Parts = list[RenderableType]


def provenance(found: Provenance) -> Parts:
    """Return the provenance of an image, one section after the other."""
    return [
        Text.assemble((found.sha256, "bold")),
        Text(f"at {found.version}"),
        Text(),
        *(part for row in found.images for part in (facts(source_fields(row)), Text())),
        *_table("fetched", sections.fetched(found).without("URL")),
        *_table("archived", sections.archived(found)),
        *_table("signals of reserved use", sections.signals(found)),
        *_measures(found),
        *_table("decided", sections.decided(found)),
        *_request(found),
        *_cluster(found),
        *_table("in versions", sections.in_versions(found)),
        *_table("in models", sections.in_models(found)),
        *_unavailable(found.unknown),
    ]


def _table(title: str, found: sections.Section) -> Parts:
    return section(title, found.columns, [["" if cell is None else cell for cell in row] for row in found.rows])


def _measures(found: Provenance) -> Parts:
    return [Text("measured: " + ", ".join(f"{name} {value}" for name, value in sections.measured(found))), Text()]


def _request(found: Provenance) -> Parts:
    return [Text(f"excluded {found.request}"), Text()] if found.request else []


def _cluster(found: Provenance) -> Parts:
    if len(found.cluster) < 2:
        return []
    title = f"cluster of {len(found.cluster)}, {LISTED} shown" if len(found.cluster) > LISTED else "cluster"
    members = [
        (row["sha256"][:12], row["source"], describe_decision(row), *_similarity(row)) for row in found.cluster[:LISTED]
    ]
    return section(title, ("image", "source", "decision", "bits", "similarity"), members)


def _similarity(row: Mapping[str, Any]) -> tuple[str, str]:
    return (
        "" if row["distance"] is None else str(row["distance"]),
        "" if row["similarity"] is None else f"{row['similarity']:.2f}",
    )


def _unavailable(versions: Sequence[str]) -> Parts:
    return [Text(f"not searched, since their data are not available: {', '.join(versions)}")] if versions else []


def author(author: str, rows: Sequence[Mapping[str, object]]) -> Parts:
    """Return a table of the images of an author, from the rows of `manifest_summary`."""
    cells = [
        (
            str(r["sha256"])[:12],
            r["source"],
            r["reason"] or r["decision"],
            "" if r["row"] is None else r["row"],
            r["license"],
            r["title"],
        )
        for r in rows
    ]
    return [
        Text(f"{len(rows):,} images by {one_line(author)}"),
        table("image", "source", "decision", "row", "licence", "title", rows=cells),
    ]


def exclusion(request: Request, images: Sequence[Mapping[str, object]]) -> Parts:
    """Return what a new line of exclusions.csv covers, given the manifest rows of the images that it names."""
    kept = sum(row["decision"] == Decision.KEPT for row in images)
    near = "; near duplicates of them are excluded, too" if request.near else ""
    count = f"{len(images):,} image(s) of the work tree's dataset, {kept:,} of them facades"
    added = Text(f"added {request.kind} {one_line(request.value)} to exclusions.csv: {count}{near}")
    if not images:
        return [added, Text("if that is a mistake, remove the last line again; otherwise it applies to later images")]
    return [
        added,
        Text("next: `dvc repro` excludes them; `facades dataset affected` lists what still contains them"),
    ]


def affected(found: Affected) -> Parts:
    """Return the versions and the models that contain excluded images."""
    versions = [(one.version, f"{one.images:,}", "; ".join(one.requests)) for one in found.versions]
    models = [(one.model, one.version, f"{one.images:,}", f"{one.held_out:,}") for one in found.models]
    parts = [
        *section("versions", ("version", "images", "excluded"), versions),
        *section("models", ("model", "recorded in", "images", "held out"), models),
        *_unavailable(found.unknown),
    ]
    return parts or [Text("no version and no model contains an excluded image")]
