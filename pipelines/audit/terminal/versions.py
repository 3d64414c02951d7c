"""The text of `facades dataset log` and `diff`."""

from collections.abc import Mapping, Sequence

import pyarrow.compute as pc
from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from common.safe_text import one_line
from pipelines.audit.comparison import Comparison
from pipelines.audit.difference import Change, Difference
from pipelines.audit.history import Entry
from pipelines.audit.parameters import word
from pipelines.audit.shifts import MEDIAN, Shift
from pipelines.audit.terminal.tables import LISTED, facts, table

ROWS = 12  # parameters, files, shifts
WHY = 30  # characters of a cause beside an image; the table of causes has all of it


def log(entries: Sequence[Entry]) -> list[RenderableType]:
    """Return a block of lines for each version."""
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
        ("since the previous", _changes(entry.changes)),
        ("sources", _counts(entry.sources)),
        ("licences", _counts(entry.licenses)),
    ]
    pairs += [(f"model {model.name}", f"{_metrics(model.metrics)}, last in {model.recorded}") for model in entry.models]
    return [head, Padding(facts(pairs), (0, 0, 1, 3))]


def _changes(changes: Mapping[Change, int]) -> str:
    signs = {Change.ADDED: "+", Change.REMOVED: "−", Change.REDECIDED: "~"}
    return " ".join(f"{sign}{changes[change]:,} {change}" for change, sign in signs.items()) if changes else ""


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _metrics(metrics: Mapping[str, float]) -> str:
    wanted = [name for name in ("ksd", "fsd", "swd") if name in metrics] or list(metrics)[:3]
    return ", ".join(f"{name.upper()} {metrics[name]:.4g}" for name in wanted) or "not evaluated"


def diff(comparison: Comparison) -> list[RenderableType]:
    """Return the difference of two versions, one section after the other."""
    return [
        Text.assemble((comparison.before, "bold"), " → ", (comparison.after, "bold")),
        *_totals(comparison.difference),
        *_groups(comparison),
        *(Text(f"source {old} was renamed to {new}") for old, new in comparison.difference.renamed.items()),
        *_parameters(comparison),
        *([Text("code: " + _some(comparison.code)), Text()] if comparison.code else []),
        *_shifts(comparison.shifts),
    ]


def _totals(found: Difference) -> list[RenderableType]:
    counts = {change: found.count(change) for change in Change}
    shared = found.before - counts[Change.REMOVED]
    rows = [
        (name, f"{before:,}", f"{after:,}", f"{after - before:+,}")
        for name, before, after in (
            ("images seen", found.before, found.after),
            ("facades kept", found.kept_before, found.kept_after),
        )
    ]
    return [
        table("", "before", "after", "", rows=rows, right=(1, 2, 3)),
        Text(
            f"{found.before:,} − {counts[Change.REMOVED]:,} removed = {shared:,} = {found.unchanged:,} unchanged + "
            f"{counts[Change.AMENDED]:,} amended + {counts[Change.REDECIDED]:,} redecided; "
            f"+ {counts[Change.ADDED]:,} added = {found.after:,}"
        ),
        Text(),
    ]


def _groups(comparison: Comparison) -> list[RenderableType]:
    if not comparison.groups:
        return []
    rows = [
        (g.change, g.cause.replace("_", " "), g.detail, f"{g.images:,}", f"{g.facades:+,}") for g in comparison.groups
    ]
    causes = table("change", "cause", "", "images", "facades", rows=rows, right=(3, 4))
    return [causes, Text(), _images(comparison), Text()]


def _shifts(shifts: Sequence[Shift]) -> list[RenderableType]:
    notable = [shift for shift in shifts if shift.notable]
    if not notable:
        return [Text("no notable shift in sources, licences, measures or hashes")] if shifts else []
    rows = [
        (shift.name, f"{shift.distance:.2f}", _summary(shift.before), _summary(shift.after)) for shift in notable[:ROWS]
    ]
    return [table("shift of the facades in", "distance", "before", "after", rows=rows, right=(1,))]


def _images(comparison: Comparison) -> RenderableType:
    """The first images, those with another decision before those removed and added."""
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
            f"{_decision(row, 'before')} → {_decision(row, 'after')}",
            one_line(row["detail"] or row["cause"].replace("_", " "), WHY),
        )
        for row in rows[:LISTED]
    ]
    title = f"{LISTED} of {total:,} images, --json has all" if total > LISTED else ""
    return table("image", "source", "decision", "why", rows=cells, title=title) if rows else Text()


def _decision(row: Mapping[str, object], side: str) -> str:
    return str(row[f"reason_{side}"] or row[f"decision_{side}"] or "–").replace("_", " ")


def _parameters(comparison: Comparison) -> list[RenderableType]:
    rows = [(key, word(old), word(new)) for key, (old, new) in comparison.parameters.items()]
    title = f"{ROWS} of {len(rows)} parameters, --json has all" if len(rows) > ROWS else ""
    return [table("parameter", "before", "after", rows=rows[:ROWS], title=title), Text()] if rows else []


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - ROWS} more" if len(names) > ROWS else ""
    return ", ".join(names[:ROWS]) + more


def _summary(side: Mapping[str, float]) -> str:
    """The median of a measure, or the largest fractions."""
    if MEDIAN in side:
        return f"{side[MEDIAN]:.3g}"
    largest = sorted(side.items(), key=lambda pair: (-pair[1], pair[0]))[:3]
    return ", ".join(f"{name} {value:.3g}" for name, value in largest)
