"""The `facades` command. Each command imports what it needs when it runs, so that `facades --help` is quick."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from common.errors import UserError
from pipelines.cli import dataset, deprecated, model, source, stages

commands = typer.Typer(invoke_without_command=True, pretty_exceptions_enable=False, rich_markup_mode="rich")

commands.add_typer(source.commands, name="source")
commands.add_typer(dataset.commands, name="dataset")
commands.add_typer(model.commands, name="model")
commands.add_typer(stages.commands)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"facades {version('facades')}")
        raise typer.Exit


@commands.callback()
def facades(
    context: typer.Context,
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Collect pictures of building facades, curate them into a traceable dataset, train a DCGAN on it.

    Without a command: show the state of the project and the next step.
    """
    if context.invoked_subcommand is None:
        from pipelines.cli import status

        status.show()


def app() -> None:
    """Run the command line: print a UserError as one line on standard error and exit with 1."""
    try:
        commands(deprecated.translate(sys.argv[1:]))
    except UserError as error:
        for line in str(error).splitlines():
            print(f"error: {line}", file=sys.stderr)
        sys.exit(1)
