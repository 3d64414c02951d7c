"""`facades model`: draw images with a trained model, export it, test it for memorization."""

from pathlib import Path
from typing import Annotated

import typer

from common.errors import UserError
from pipelines.cli import exports
from pipelines.cli.options import Html, Json, Label, Model, Number, Out, Rev, Seed, Truncation, opened

commands = typer.Typer(no_args_is_help=True, help="Draw images with a trained model, export it, test it.")
commands.add_typer(exports.model, name="export")

Latents = Annotated[
    Path | None,
    typer.Option(
        "--latents",
        metavar="FILE",
        help="Draw the latents of this file, which `sample` and `pick` write, and its label.",
    ),
]


@commands.command()
def sample(
    context: typer.Context,
    model: Model,
    n: Number = 64,
    seed: Seed = 0,
    truncation: Truncation = None,
    latents: Latents = None,
    label: Label = None,
    out: Out = None,
) -> None:
    """Draw images: one PNG each, a grid of all images, and their latents."""
    from pipelines.exports import samples

    _refuse_beside_latents(latents, context)
    print(samples.sample(samples.Drawing(model, n, seed, truncation, latents, label), out))


@commands.command()
def interpolate(
    context: typer.Context,
    model: Model,
    n: Annotated[int, typer.Option("-n", metavar="N", min=2, help="Number of images to interpolate between.")] = 8,
    seed: Seed = 0,
    truncation: Truncation = None,
    latents: Latents = None,
    label: Label = None,
    gif: Annotated[bool, typer.Option("--gif/--frames", help="Write one GIF, or one PNG per frame.")] = True,
    out: Out = None,
) -> None:
    """Draw an animation from image to image and back to the first."""
    from pipelines.exports import samples

    _refuse_beside_latents(latents, context)
    drawing = samples.Drawing(model, n, seed, truncation, latents, label)
    print(samples.interpolation(drawing, out, gif=gif))


@commands.command()
def pick(
    model: Model,
    n: Number = 128,
    seed: Seed = 0,
    truncation: Truncation = None,
    label: Label = None,
    out: Out = None,
) -> None:
    """Write an HTML page on which you mark images and save their latents, for `sample --latents`."""
    from pipelines.exports import samples

    print(samples.contact_sheet(samples.Drawing(model, n, seed, truncation, None, label), out))


@commands.command()
def memorization(
    model: Model,
    rev: Rev = "workspace",
    n: Annotated[int, typer.Option("-n", metavar="N", min=10, help="Number of images to draw.")] = 1000,
    seed: Seed = 0,
    json: Json = False,
    html: Html = None,
) -> None:
    """Test whether a model's images are copies of its training images, compared with held-out images."""
    from common.progress import progress
    from pipelines.audit import as_json
    from pipelines.audit.memorization import measure_memorization
    from pipelines.audit.terminal import memorization as text
    from pipelines.audit.terminal import tables

    version = opened(rev)
    with progress(f"memorization {model}", "images") as report:
        found, pictures = measure_memorization(version, model, n, seed, report)
    if html:
        from pipelines.audit.pages import save
        from pipelines.audit.pages.memorization import page

        print(save(page(found, pictures), html))
    else:
        as_json.show(found) if json else tables.show(*text.memorization(found))


def _refuse_beside_latents(file: Path | None, context: typer.Context) -> None:
    """Refuse options that have no effect with a latents file."""
    if file is None:
        return
    for name, option in {"n": "-n", "seed": "--seed", "truncation": "--truncation"}.items():
        source = context.get_parameter_source(name)
        if source and source.name == "COMMANDLINE":
            raise UserError(f"{option}: found {context.params[name]}, expected none: the latents are those of {file}")
