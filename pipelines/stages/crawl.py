"""Stage crawl@SOURCE: crawl a source into a web archive. The only stage that uses the network."""

import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from common.progress import progress
from crawler import crawl
from crawler.archive.changes import CHANGES_FILE
from crawler.archive.fetches import STORED
from crawler.archive.schemas import Role
from pipelines import params, paths
from pipelines.versions.previous_archive import previous_archive


def run(source: str, *, quiet: bool = False) -> None:
    """Crawl a source, or resume its interrupted crawl.

    Args:
        source: name in params.yaml.
        quiet: print progress as lines instead of a bar.

    Raises:
        UserError: params.yaml is not valid, or the crawl cannot go on; what it stored stays for the next call.
    """
    settings = params.load()
    entry = settings.source(source)
    with previous_archive(source) as before, progress(f"crawl {source}", "images", bar=not quiet) as report:
        folders = crawl.Folders(paths.archive(source), paths.crawling(source, entry.snapshot), before)
        summary = crawl.crawl(source, entry, settings.crawl, folders, report)
    show(source, summary)


def show(source: str, summary: crawl.CrawlSummary) -> None:
    """Print the results of a crawl to standard error."""
    console = Console(file=sys.stderr)
    table = Table("", *Role, title=f"crawl {source}", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for column in table.columns[1:]:
        column.justify = "right"
    outcomes = {outcome for counts in summary.counts.values() for outcome in counts}
    for outcome in sorted(outcomes, key=lambda outcome: (outcome not in STORED, outcome)):
        counts = (summary.counts.get(role, {}).get(outcome) for role in Role)
        table.add_row(outcome, *("" if count is None else str(count) for count in counts))
    console.print(table)
    console.print(f"{summary.nbytes / 1e6:.1f} MB in the archive, {summary.seconds:.0f} s", highlight=False)
    if summary.changes:
        console.print(_changes(source, summary.changes), highlight=False)


def _changes(source: str, found: dict[str, Any]) -> str:
    counts = ", ".join(f"{len(found[kind])} {kind}" for kind in ("added", "gone", "changed"))
    since = f"since snapshot {found['since']['snapshot']} ({found['since']['finished'][:10]})"
    downloaded = f"{found['downloaded'] / 1e6:.1f} MB downloaded"
    return f"{since}: {counts}, {found['same']} the same; {downloaded}; {paths.archive(source) / CHANGES_FILE}"
