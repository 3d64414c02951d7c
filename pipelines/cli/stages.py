"""The stages, as dvc.yaml calls them: a changed command there would run the stage again, a crawl included."""

from importlib import import_module

import typer

from pipelines.cli.options import Model, Quiet, Source

PANEL = "Stages, called by dvc repro"

commands = typer.Typer()


@commands.command(rich_help_panel=PANEL)
def check() -> None:
    """Validate params.yaml."""
    _run("check")


@commands.command(rich_help_panel=PANEL)
def crawl(source: Source, quiet: Quiet = False) -> None:
    """Crawl one source into its web archive, or resume a crawl that was stopped."""
    _run("crawl", source, quiet=quiet)


@commands.command(rich_help_panel=PANEL)
def extract(source: Source) -> None:
    """Extract the table of a source's images from its archive, offline."""
    _run("extract", source)


@commands.command(rich_help_panel=PANEL)
def prepare(source: Source) -> None:
    """Decode, measure, hash and crop every image of a source."""
    _run("prepare", source)


@commands.command(rich_help_panel=PANEL)
def curate() -> None:
    """Decide on every image of every source and write the dataset."""
    _run("curate")


@commands.command(rich_help_panel=PANEL)
def train(model: Model) -> None:
    """Train one model, or resume a training that was stopped."""
    _run("train", model)


@commands.command(rich_help_panel=PANEL)
def evaluate(model: Model) -> None:
    """Measure one model against held-out real images."""
    _run("evaluate", model)


@commands.command(rich_help_panel=PANEL)
def describe(model: Model) -> None:
    """Write the model card and the training content of one model."""
    _run("describe", model)


@commands.command(rich_help_panel=PANEL)
def report() -> None:
    """Write report/index.html, one self-contained page."""
    _run("report")


def _run(stage: str, *names: str, **options: bool) -> None:
    import_module(f"pipelines.stages.{stage}").run(*names, **options)
