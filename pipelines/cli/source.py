"""`facades sources`, `try`, `add`, `new-kind` and `retry`."""

from typing import Annotated

import typer

commands = typer.Typer()

PANEL = "Sources (docs/sources.md)"
Kind = Annotated[str, typer.Argument(help="One of those that `facades sources` lists.")]
Words = Annotated[list[str] | None, typer.Argument(metavar="KEY=VALUE…", help="The kind's parameters.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="A line now and then in place of a bar, as for a log.")]


@commands.command(rich_help_panel=PANEL)
def sources(kind: Annotated[str | None, typer.Argument(help="Tell of this kind alone.")] = None) -> None:
    """List the kinds of sources with their parameters, and the sources of params.yaml with what they hold."""
    from pipelines.sources.overview import show

    show(kind)


@commands.command("try", rich_help_panel=PANEL)
def try_(
    kind: Kind,
    parameters: Words = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many images.")] = 8,
    quiet: Quiet = False,
) -> None:
    """Fetch a few images, print what is known of them, and leave a contact sheet; the project is not touched."""
    from pipelines.sources.entry import entry
    from pipelines.sources.trial import run

    run(entry(kind, parameters or []), limit, quiet)


@commands.command(rich_help_panel=PANEL)
def add(
    name: Annotated[str, typer.Argument(help="What the source is to be called.")],
    kind: Kind,
    parameters: Words = None,
) -> None:
    """Write a source into params.yaml, whose comments and order stay as they are."""
    from pipelines import paths
    from pipelines.sources.add import add as write
    from pipelines.sources.entry import entry

    values = entry(kind, parameters or [])
    written = write(name, values if "snapshot" in values else {**values, "snapshot": "1"})
    print(f"{paths.PARAMS}:\n{written}\nnext: dvc repro")


@commands.command(rich_help_panel=PANEL)
def retry(source: Annotated[str, typer.Argument(help="Its name in params.yaml.")], quiet: Quiet = False) -> None:
    """Ask again for what a crawl failed to get; the next `dvc repro` takes it in without a crawl."""
    from pipelines.sources.retry import retry as again

    again(source, quiet=quiet)


@commands.command("new-kind", rich_help_panel=PANEL)
def new_kind(name: Annotated[str, typer.Argument(help="Lower-case letters, digits and _.")]) -> None:
    """Begin a new kind of source: its spider, its fixtures, its place in the docs."""
    from pipelines.sources.scaffold import scaffold

    for path in scaffold(name):
        print(path)
    print(f"next: pytest tests/crawler/test_contract.py -k {name}")
    print("It says what is left to do, until nothing is.")
