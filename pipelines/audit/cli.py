"""`facades audit …`: what is in a dataset version, why, from whom, and how it differs from another."""

from pathlib import Path
from typing import Annotated

import typer

audit = typer.Typer(no_args_is_help=True, help="What a dataset version holds, why, from whom, and how it differs.")

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Revision = Annotated[str, typer.Argument(help="A git revision, or `workspace` for the work tree.")]


@audit.command()
def log(
    json: Json = False,
    everywhere: Annotated[
        bool, typer.Option("--all", help="Also other branches, merged ones and experiments.")
    ] = False,
) -> None:
    """List every dataset version: what it holds, what changed, its number, its models."""
    from pipelines.audit import history, machine, terminal
    from pipelines.audit.repository import Repository

    found = history.entries(Repository(Path.cwd()), everywhere=everywhere)
    machine.show(found) if json else terminal.show(*terminal.log(found))


@audit.command()
def diff(before: Revision, after: Revision = "workspace", json: Json = False) -> None:
    """Explain the difference of two versions: every image that came, went or was decided otherwise, and why."""
    from pipelines.audit import machine, terminal
    from pipelines.audit.comparison import compare_versions
    from pipelines.audit.repository import Repository
    from pipelines.audit.version import open_version

    repository = Repository(Path.cwd())
    found = compare_versions(open_version(repository, before), open_version(repository, after))
    machine.show(found) if json else terminal.show(*terminal.diff(found))
