"""`facades source`: list the sources, try, add, retry and recheck one, start a new kind."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli import completion
from pipelines.cli.options import Json, Kind, Parameters, Quiet, Source

commands = typer.Typer(
    no_args_is_help=True, help="List, try, add, retry and recheck sources of images (docs/sources.md)."
)


@commands.command("list")
def list_(
    kind: Annotated[
        str | None,
        typer.Argument(metavar="KIND", help="Show only this kind.", autocompletion=completion.kinds),
    ] = None,
) -> None:
    """List the kinds of sources with their parameters, and the sources in params.yaml with their counts."""
    from pipelines.sources.overview import show

    show(kind)


@commands.command("try")
def try_(
    kind: Kind,
    parameters: Parameters = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=100, help="Number of images to fetch.")] = 8,
    quiet: Quiet = False,
) -> None:
    """Fetch a few images, print their metadata and write a contact sheet; the project stays unchanged."""
    from pipelines.sources.entry import entry
    from pipelines.sources.trial import run

    run(entry(kind, parameters or []), limit, quiet)


@commands.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the new source, for example paris.")],
    kind: Kind,
    parameters: Parameters = None,
) -> None:
    """Add a source to params.yaml; comments and order in the file stay unchanged."""
    from pipelines import paths
    from pipelines.sources.add import add as write
    from pipelines.sources.entry import entry

    values = entry(kind, parameters or [])
    written = write(name, values if "snapshot" in values else {**values, "snapshot": "1"})
    print(f"{paths.PARAMS}:\n{written}\nnext: dvc repro")


@commands.command()
def retry(source: Source, quiet: Quiet = False) -> None:
    """Fetch again the URLs that failed; the next `dvc repro` uses the result without another crawl."""
    from pipelines.sources.retry import retry as again

    again(source, quiet=quiet)


@commands.command()
def recheck(
    source: Annotated[
        str | None,
        typer.Argument(metavar="SOURCE", help="Only this source.", autocompletion=completion.sources),
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="DATE",
            help="Ask only about images that neither the crawl nor a recheck was answered about since this day (UTC), "
            "such as 2026-11-01. Default: ask about all.",
        ),
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the proposed lines to a file; after a look, `cat FILE >> exclusions.csv`.",
        ),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Ask whether kept images are still there, under their licence and not reserved; exit with 1 unless all are.

    No image is downloaded, and no file of the pipeline changes. A stopped recheck resumes within a day.
    """
    from pipelines.audit import as_json
    from pipelines.audit.terminal import tables
    from pipelines.sources import proposals
    from pipelines.sources import recheck_summary as words
    from pipelines.sources.recheck import recheck as ask

    found = ask(source, since and since.replace(tzinfo=UTC), quiet=quiet)
    if write:
        proposals.write(found.proposed, write)
    as_json.show(found) if json else tables.show(*words.summary(found, write))
    if not found.is_clean:
        raise typer.Exit(1)


@commands.command("new-kind")
def new_kind(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of the new kind: lower-case letters, digits and _.")
    ],
) -> None:
    """Write the files of a new kind of source: its spider, its test fixtures and its section in the docs."""
    from pipelines.sources.scaffold import scaffold

    for path in scaffold(name):
        print(path)
    print(f"next: pytest tests/crawler/test_contract.py -k {name}")
    print("It lists what is missing until the kind is complete.")
