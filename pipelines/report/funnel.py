"""The funnel: from URLs tried to facades kept, with the reason of each loss."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from crawler.archive.schemas import Outcome, Role
from curate.schemas import Decision, Reason
from pipelines.report.labels import OUTCOMES, REASONS

OBTAINED = (Outcome.STORED, Outcome.UNCHANGED)
PAGES = "pages, read on the way"


@dataclass(frozen=True)
class Loss:
    label: str
    count: int
    left: int  # of the whole, after it
    anchor: str  # id on the page where these are shown, empty where they are not
    neutral: bool  # it was never meant to become a facade


@dataclass(frozen=True)
class Step:
    label: str
    count: int
    losses: tuple[Loss, ...]


def funnel(fetches: pa.Table, images: int, manifest: pa.Table) -> tuple[Step, ...]:
    """Steps from URLs tried to facades kept; a step's count less its losses is the count of the next.

    Args:
        fetches: columns role and outcome, of all sources.
        images: rows of the image tables of all sources: distinct bytes, source by source.
        manifest: columns decision and reason.
    """
    tried = _counts(fetches, "role", "outcome")
    stored = sum(tried[Role.IMAGE, outcome] for outcome in OBTAINED)
    pages = sum(tried[Role.PAGE, outcome] for outcome in OBTAINED)
    failed = [
        (OUTCOMES[outcome], sum(tried[role, outcome] for role in Role), "fetches")
        for outcome in Outcome
        if outcome not in OBTAINED
    ]
    dropped = _counts(manifest, "decision", "reason")
    reasons = [(REASONS[reason], dropped[Decision.DROPPED, reason], f"dropped-{reason}") for reason in Reason]
    return (
        _step("URLs tried", fetches.num_rows, [(PAGES, pages, ""), *failed]),
        _step("images stored", stored, [("the same bytes under another URL", stored - images, "")]),
        _step("distinct images", images, reasons),
        _step("facades kept", dropped[Decision.KEPT, None], []),
    )


def _counts(table: pa.Table, *columns: str) -> Counter[tuple[str | None, ...]]:
    groups = table.group_by(list(columns)).aggregate([([], "count_all")]).to_pylist()
    return Counter({tuple(group[column] for column in columns): group["count_all"] for group in groups})


def _step(label: str, count: int, losses: Iterable[tuple[str, int, str]]) -> Step:
    listed = []
    left = count
    for text, lost, anchor in losses:
        if lost > 0:
            left -= lost
            listed.append(Loss(text, lost, left, anchor, neutral=text == PAGES))
    return Step(label, count, tuple(listed))
