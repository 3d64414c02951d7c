"""The text of `facades dataset verify`."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from pipelines.audit.terminal.tables import printable
from pipelines.audit.verification.check import Check

FAILURES = 8  # of one check that are printed


def check(found: Check) -> list[RenderableType]:
    """Return the result of one check, with its first failures."""
    if found.skipped:
        return [Text(f"  –  {found.name}: {found.skipped}")]
    mark, style = ("✗", "red") if found.failures else ("✓", "green")
    head = Text.assemble((f"  {mark}  ", style), f"{found.name} ({found.looked_at:,})")
    lines = [Padding(Text(printable(failure), overflow="fold"), (0, 0, 0, 5)) for failure in found.failures[:FAILURES]]
    more = len(found.failures) - FAILURES
    return [head, *lines, *([Text(f"     and {more:,} more, --json has all")] if more > 0 else [])]


def verdict(found: Sequence[Check]) -> list[RenderableType]:
    """Return the summary of all checks."""
    failed = [one for one in found if one.failures]
    if failed:
        failures = sum(len(one.failures) for one in failed)
        return [Text(f"{len(failed)} of {len(found)} checks failed, with {failures:,} failures", "red")]
    skipped = sum(bool(one.skipped) for one in found)
    return [
        Text(f"all {len(found) - skipped} checks hold" + (f", {skipped} could not be made" if skipped else ""), "green")
    ]
