"""The text of `facades source recheck`."""

from collections import Counter
from pathlib import Path

from rich.console import RenderableType
from rich.text import Text

from crawler.recheck.schemas import State
from pipelines.audit.terminal.tables import LISTED, printable, section
from pipelines.sources.proposals import Finding, describe, lines
from pipelines.sources.recheck import Recheck


def summary(found: Recheck, written: Path | None) -> list[RenderableType]:
    """Return how many images are in each state, those that are not unchanged, and the proposals.

    Args:
        found: the result.
        written: the file that the proposals were written to; None to return them too.
    """
    counts = Counter(image.state for image in found.images)
    changed = [image for image in found.images if image.state is not State.UNCHANGED]
    more = len(changed) - LISTED
    return [
        *section(
            f"{len(found.images):,} kept images",
            ("state", "images", "meaning"),
            [(state, f"{counts[state]:,}", state.description) for state in State if counts[state]],
        ),
        *(line for image in changed[:LISTED] for line in _image(image)),
        *([Text(f"and {more:,} more, --json has all"), Text()] if more > 0 else []),
        *(Text(printable(f"note: {note}")) for note in found.notes),
        *_proposals(found, written),
    ]


def _image(image: Finding) -> list[RenderableType]:
    head = Text.assemble((image.sha256[:12], "bold"), f"  {image.source}  {printable(image.title)[:50]}")
    seen = [Text(f"  {describe(one)}\n    {printable(one.url)}", overflow="fold") for one in image.observations]
    return [head, *seen, Text()]


def _proposals(found: Recheck, written: Path | None) -> list[RenderableType]:
    count = len(found.proposed)
    if not count:
        return [Text("nothing is proposed for exclusions.csv")]
    if written:
        return [
            Text(f"{written}: {_lines(count)} for exclusions.csv; look at the file before you add it"),
            Text(f"next: cat {written} >> exclusions.csv && dvc repro"),
        ]
    shown = lines(found.proposed[:LISTED]).splitlines()
    more = count - len(shown)
    return [
        Text(f"proposed for exclusions.csv, {_lines(count)}; --write FILE writes a file of them:"),
        *(Text(printable(line), overflow="fold") for line in shown),
        *([Text(f"and {more:,} more")] if more > 0 else []),
    ]


def _lines(count: int) -> str:
    return f"{count:,} line" if count == 1 else f"{count:,} lines"
