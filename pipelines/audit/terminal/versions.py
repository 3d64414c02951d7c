"""`log` and `diff`."""

from collections.abc import Mapping, Sequence

import pyarrow.compute as pc
from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from common.safe_text import one_line
from pipelines.audit.comparison import Comparison
from pipelines.audit.difference import Change
from pipelines.audit.history import Entry
from pipelines.audit.parameters import word
from pipelines.audit.shifts import MEDIAN
from pipelines.audit.terminal.tables import LISTED, facts, table

ROWS = 12  # parameters, files, shifts
WHY = 30  # characters of a cause beside an image; the table of the causes has the whole of it


def log(entries: Sequence[Entry]) -> list[RenderableType]:
    return [part for entry in entries for part in _entry(entry)] or [Text("no dataset version yet; run `dvc repro`")]


def _entry(entry: Entry) -> list[RenderableType]:
    when = f"{entry.date:%Y-%m-%d}  " if entry.date else ""
    head = Text.assemble(
        (f"{entry.number or '?'}", "bold"), f"  {when}", (entry.name, "yellow"), f"  {one_line(entry.subject)}"
    )
    if entry.missing:
        return [head, Padding(Text(entry.missing, "red"), (0, 0, 1, 3))]
    pairs = [
        ("facades", f"{entry.kept:,} of {entry.seen:,} images"),
        ("against the last", _moves(entry.changes)),
        ("sources", _mix(entry.sources)),
        ("licences", _mix(entry.licenses)),
    ]
    pairs += [(f"model {model.name}", f"{_values(model.metrics)}, last in {model.recorded}") for model in entry.models]
    return [head, Padding(facts(pairs), (0, 0, 1, 3))]


def _moves(changes: Mapping[Change, int]) -> str:
    signs = {Change.ADDED: "+", Change.REMOVED: "−", Change.REDECIDED: "~"}
    return " ".join(f"{sign}{changes[change]:,} {change}" for change, sign in signs.items()) if changes else ""


def _mix(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _values(metrics: Mapping[str, float]) -> str:
    wanted = [name for name in ("ksd", "fsd", "swd") if name in metrics] or list(metrics)[:3]
    return ", ".join(f"{name.upper()} {metrics[name]:.4g}" for name in wanted) or "not evaluated"


def diff(comparison: Comparison) -> list[RenderableType]:
    found = comparison.difference
    counts = {change: found.count(change) for change in Change}
    shared = found.before - counts[Change.REMOVED]
    parts: list[RenderableType] = [
        Text.assemble((comparison.before, "bold"), " → ", (comparison.after, "bold")),
        table(
            "",
            "before",
            "after",
            "",
            rows=[
                ("images seen", f"{found.before:,}", f"{found.after:,}", f"{found.after - found.before:+,}"),
                (
                    "facades kept",
                    f"{found.kept_before:,}",
                    f"{found.kept_after:,}",
                    f"{found.kept_after - found.kept_before:+,}",
                ),
            ],
            right=(1, 2, 3),
        ),
        Text(
            f"{found.before:,} − {counts[Change.REMOVED]:,} removed = {shared:,} = {found.unchanged:,} unchanged + "
            f"{counts[Change.AMENDED]:,} amended + {counts[Change.REDECIDED]:,} redecided; "
            f"+ {counts[Change.ADDED]:,} added = {found.after:,}"
        ),
        Text(),
    ]
    if comparison.groups:
        rows = [
            (g.change, g.cause.replace("_", " "), g.detail, f"{g.images:,}", f"{g.facades:+,}")
            for g in comparison.groups
        ]
        parts += [table("change", "cause", "", "images", "facades", rows=rows, right=(3, 4)), Text()]
        parts += [_images(comparison), Text()]
    for earlier, later in found.renamed.items():
        parts.append(Text(f"source {earlier} is called {later} now"))
    parts += _parameters(comparison)
    if comparison.code:
        parts += [Text("code: " + _some(comparison.code)), Text()]
    notable = [shift for shift in comparison.shifts if shift.notable]
    if notable:
        listed = [
            (shift.name, f"{shift.distance:.2f}", _told(shift.before), _told(shift.after)) for shift in notable[:ROWS]
        ]
        parts.append(table("shift of the facades in", "distance", "before", "after", rows=listed, right=(1,)))
    elif comparison.shifts:
        parts.append(Text("no notable shift in sources, licences, measures or hashes"))
    return parts


def _images(comparison: Comparison) -> RenderableType:
    """The first few, those first that call for a reason."""
    changes = comparison.difference.changes
    rows = [
        row
        for change in (Change.REDECIDED, Change.REMOVED, Change.ADDED)
        for row in changes.filter(pc.equal(changes["change"], change)).slice(0, LISTED).to_pylist()
    ]
    total = changes.num_rows - comparison.difference.count(Change.AMENDED)
    cells = [
        (
            row["sha256"][:12],
            row["source"],
            f"{_verdict(row, 'before')} → {_verdict(row, 'after')}",
            one_line(row["detail"] or row["cause"].replace("_", " "), WHY),
        )
        for row in rows[:LISTED]
    ]
    title = f"{LISTED} of {total:,} images, --json has all" if total > LISTED else ""
    return table("image", "source", "verdict", "why", rows=cells, title=title) if rows else Text()


def _verdict(row: Mapping[str, object], side: str) -> str:
    return str(row[f"reason_{side}"] or row[f"decision_{side}"] or "–").replace("_", " ")


def _parameters(comparison: Comparison) -> list[RenderableType]:
    rows = [(key, word(old), word(new)) for key, (old, new) in comparison.parameters.items()]
    title = f"{ROWS} of {len(rows)} parameters, --json has all" if len(rows) > ROWS else ""
    return [table("parameter", "before", "after", rows=rows[:ROWS], title=title), Text()] if rows else []


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - ROWS} more" if len(names) > ROWS else ""
    return ", ".join(names[:ROWS]) + more


def _told(side: Mapping[str, float]) -> str:
    """The middle of a measure, or the largest shares."""
    if MEDIAN in side:
        return f"{side[MEDIAN]:.3g}"
    largest = sorted(side.items(), key=lambda pair: (-pair[1], pair[0]))[:3]
    return ", ".join(f"{name} {value:.3g}" for name, value in largest)
