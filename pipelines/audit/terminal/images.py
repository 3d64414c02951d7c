"""The text of `facades dataset show`, `exclude` and `affected`."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from common.safe_text import one_line
from curate.schemas import Decision
from pipelines.audit.affected import Affected
from pipelines.audit.provenance import Provenance, describe_decision, source_fields
from pipelines.audit.takedown import Request
from pipelines.audit.terminal.tables import LISTED, facts, section, table


def provenance(found: Provenance) -> list[RenderableType]:
    parts: list[RenderableType] = [Text.assemble((found.sha256, "bold")), Text(f"at {found.version}"), Text()]
    for row in found.images:
        parts += [facts(source_fields(row)), Text()]
    rows = [
        (f["source"], f["role"], f["outcome"], f["status"] or "", f"{f['last_at']:%Y-%m-%d %H:%M}", f["attempts"])
        for f in found.fetches
    ]
    parts += section("fetched", ("source", "what", "outcome", "status", "when", "tries"), rows)
    parts += section(
        "archived",
        ("source", "file", "offset", "length"),
        [(p["source"], p["file"], p["offset"], p["length"]) for p in found.locations],
    )
    measured = ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in found.measures.items()
        if value is not None and name not in ("sha256", "phash")
    )
    phash = found.measures.get("phash")
    parts += [Text(f"measured: {measured}" + (f", phash {phash:016x}" if phash is not None else "")), Text()]
    decided = [
        (
            row["source"],
            describe_decision(row),
            "" if row["row"] is None else row["row"],
            row["split"] or "",
            row["rule_version"],
        )
        for row in found.decisions
    ]
    parts += section("decided", ("source", "verdict", "row", "split", "rules"), decided)
    if found.request:
        parts += [Text(f"excluded {found.request}"), Text()]
    if len(found.cluster) > 1:
        title = f"cluster of {len(found.cluster)}, {LISTED} shown" if len(found.cluster) > LISTED else "cluster"
        members = [
            (row["sha256"][:12], row["source"], describe_decision(row), *_likeness(row))
            for row in found.cluster[:LISTED]
        ]
        parts += section(title, ("image", "source", "verdict", "bits", "similarity"), members)
    parts += section(
        "in versions",
        ("version", "source", "verdict", "split"),
        [(s.version, s.source, s.reason or s.decision, s.split or "") for s in found.appearances],
    )
    parts += section(
        "in models",
        ("model", "recorded in", "split"),
        [(use.model, use.recorded, use.split) for use in found.trainings],
    )
    if found.unknown:
        parts.append(Text(f"not to be had, so not asked: {', '.join(found.unknown)}"))
    return parts


def author(author: str, rows: Sequence[Mapping[str, object]]) -> list[RenderableType]:
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
        table("image", "source", "verdict", "row", "licence", "title", rows=cells),
    ]


def _likeness(row: Mapping[str, Any]) -> tuple[str, str]:
    return (
        "" if row["distance"] is None else str(row["distance"]),
        "" if row["similarity"] is None else f"{row['similarity']:.2f}",
    )


def exclusion(request: Request, images: Sequence[Mapping[str, object]]) -> list[RenderableType]:
    kept = sum(row["decision"] == Decision.KEPT for row in images)
    near = "; what looks alike goes with it" if request.near else ""
    what = f"{len(images):,} image(s) of the work tree's dataset, {kept:,} of them facades"
    named = Text(f"exclusions.csv names {request.kind} {one_line(request.value)} now: {what}{near}")
    if not images:
        return [named, Text("if that is no mistake, it is for images to come; else take the last line out again")]
    return [named, Text("`dvc repro` leaves out what it names; `facades dataset affected` lists what holds it still")]


def affected(found: Affected) -> list[RenderableType]:
    parts: list[RenderableType] = []
    versions = [(held.version, f"{held.images:,}", "; ".join(held.requests)) for held in found.versions]
    models = [(held.model, held.version, f"{held.images:,}", f"{held.held_out:,}") for held in found.models]
    parts += section("versions", ("version", "images", "excluded"), versions)
    parts += section("models", ("model", "recorded in", "images", "held out"), models)
    if found.unknown:
        parts.append(Text(f"not to be had, so not asked: {', '.join(found.unknown)}"))
    return parts or [Text("no version and no model holds an excluded image")]
