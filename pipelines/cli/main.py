"""The `facades` command. Each command imports what it needs when it runs, so that `facades --help` is quick."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from common.errors import UserError
from pipelines.cli import export, models
from pipelines.cli.audit import audit
from pipelines.cli.source import Quiet
from pipelines.cli.source import commands as sources

STAGES = "Stages (dvc repro runs them in order)"

commands = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich"
)

commands.add_typer(models.commands)
commands.add_typer(export.commands)
commands.add_typer(audit, name="audit")
commands.add_typer(sources)


@commands.callback()
def facades() -> None:
    """Gather pictures of building facades, curate them into a traceable dataset, train a DCGAN on it."""


@commands.command()
def why(
    image: Annotated[str, typer.Argument(help="A sha256's start, a row number, a URL, or a picture file.")],
    rev: Annotated[str, typer.Option(help="The version to look in.")] = "workspace",
    out: Annotated[Path, typer.Option("--out", "-o", help="A folder for the pictures.")] = Path("exports/why"),
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Say why an image was kept or dropped: each filter, the keeper it lost to, their pictures."""
    from pipelines.audit import as_json, search
    from pipelines.audit.terminal import tables
    from pipelines.audit.terminal import why as words
    from pipelines.audit.why import save
    from pipelines.audit.why import why as ask
    from pipelines.versions.repository import Repository
    from pipelines.versions.version import open_version

    version = open_version(Repository(Path.cwd()), rev)
    found = [one for sha256 in search.images(version, image) for one in ask(version, sha256)]
    if json:
        as_json.show(found)
        return
    for one in found:
        tables.show(*words.why(one, save(version, one, out)))


@commands.command(rich_help_panel=STAGES)
def check() -> None:
    """Validate params.yaml as a whole."""
    import_module("pipelines.stages.check").run()


@commands.command(rich_help_panel=STAGES)
def crawl(source: str, quiet: Quiet = False) -> None:
    """Crawl one source into its web archive; resumes where it was stopped."""
    import_module("pipelines.stages.crawl").run(source, quiet=quiet)


@commands.command(rich_help_panel=STAGES)
def extract(source: str) -> None:
    """Replay a source's archive, offline, into the table of its images."""
    import_module("pipelines.stages.extract").run(source)


@commands.command(rich_help_panel=STAGES)
def prepare(source: str) -> None:
    """Decode, measure, hash and crop every image of a source."""
    import_module("pipelines.stages.prepare").run(source)


@commands.command(rich_help_panel=STAGES)
def curate() -> None:
    """Decide on every image of every source and write the dataset."""
    import_module("pipelines.stages.curate").run()


@commands.command(rich_help_panel=STAGES)
def train(model: str) -> None:
    """Train one model; resumes where it was stopped."""
    import_module("pipelines.stages.train").run(model)


@commands.command(rich_help_panel=STAGES)
def evaluate(model: str) -> None:
    """Measure one model against held-out real images."""
    import_module("pipelines.stages.evaluate").run(model)


@commands.command(rich_help_panel=STAGES)
def report() -> None:
    """Write report/index.html, one self-contained page."""
    import_module("pipelines.stages.report").run()


def app() -> None:
    """Entry point: a UserError is its message on standard error and exit code 1, never a traceback."""
    try:
        commands()
    except UserError as error:
        for line in str(error).splitlines():
            print(f"error: {line}", file=sys.stderr)
        sys.exit(1)
