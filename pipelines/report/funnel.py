"""The funnel: from URLs tried to facades kept, with the reason of each loss."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from crawler.archive.fetches import STORED
from crawler.archive.schemas import Outcome, Role
from curate.schemas import Decision, Reason
from pipelines.report.labels import OUTCOMES, REASONS

PAGES = "pages, which link to images"


@dataclass(frozen=True)
class Loss:
    """What one outcome or reason takes away."""

    label: str
    count: int
    remaining: int  # after this loss
    anchor: str  # id of the part of the page that shows it; may be empty
    neutral: bool  # these were never meant to become facades


@dataclass(frozen=True)
class Step:
    """A stage of the way from URL to facade, and what it loses before the next."""

    label: str
    count: int
    losses: tuple[Loss, ...]


def funnel(fetches: pa.Table, images: int, manifest: pa.Table) -> tuple[Step, ...]:
    """Return the steps from URLs to facades; a step's count minus its losses is the count of the next step.

    Args:
        fetches: columns role and outcome, of all sources.
        images: number of rows of the image tables of all sources; within a source all bytes differ.
        manifest: columns decision and reason.
    """
    tried = count_by(fetches, "role", "outcome")
    stored = sum(tried[Role.IMAGE, outcome] for outcome in STORED)
    pages = sum(tried[Role.PAGE, outcome] for outcome in STORED)
    failed = [
        (OUTCOMES[outcome], sum(tried[role, outcome] for role in Role), "fetches")
        for outcome in Outcome
        if outcome not in STORED
    ]
    dropped = count_by(manifest, "decision", "reason")
    reasons = [(REASONS[reason], dropped[Decision.DROPPED, reason], f"dropped-{reason}") for reason in Reason]
    return (
        _step("URLs tried", fetches.num_rows, [(PAGES, pages, ""), *failed]),
        _step("images stored", stored, [("same bytes as another URL", stored - images, "")]),
        _step("distinct images", images, reasons),
        _step("facades kept", dropped[Decision.KEPT, None], []),
    )


def count_by(table: pa.Table, *columns: str) -> Counter[tuple[str | None, ...]]:
    """Count the rows of a table by the values of some columns."""
    groups = table.group_by(list(columns)).aggregate([([], "count_all")]).to_pylist()
    return Counter({tuple(group[column] for column in columns): group["count_all"] for group in groups})


def _step(label: str, count: int, losses: Iterable[tuple[str, int, str]]) -> Step:
    listed = []
    remaining = count
    for text, lost, anchor in losses:
        if lost > 0:
            remaining -= lost
            listed.append(Loss(text, lost, remaining, anchor, neutral=text == PAGES))
    return Step(label, count, tuple(listed))
