"""What becomes of a trained model: `facades sample`, `walk` and `pick`, and the formats that `export` knows.

All of it goes to exports/MODEL/, not to models/, whose files DVC holds to their hashes. torch is imported where it is
used, so that `facades --help` is quick.
"""

import hashlib
import io
import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from common.errors import UserError
from common.files import replacing
from pipelines import paths

if TYPE_CHECKING:
    from torch import Tensor

    from train.latents import Chosen
    from train.networks import Generator

EXPORTS = Path("exports")
FRAMES = 24  # of a walk, from one image to the next


class Format(StrEnum):
    ONNX = "onnx"
    TORCHSCRIPT = "torchscript"
    SAFETENSORS = "safetensors"
    WEB = "web"


SUFFIX = {Format.ONNX: ".onnx", Format.TORCHSCRIPT: ".pt", Format.SAFETENSORS: ".safetensors", Format.WEB: ".html"}

Model = Annotated[str, typer.Argument(help="Its name under models/.")]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of the latents; image k depends on it and on k alone.")]
Truncation = Annotated[
    float | None,
    typer.Option(min=0.01, help="No component of z further from 0 than this: less variety, fewer failures."),
]
Label = Annotated[
    str | None,
    typer.Option(help="Which of its labels to draw, for a model that has some; none: the images that no label fits."),
]
Latents = Annotated[Path | None, typer.Option(help="A latents file to take in place of the seed; its label, too.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Where to write, in place of exports/MODEL/.")]


commands = typer.Typer()


@commands.command()
def sample(
    context: typer.Context,
    model: Model,
    n: Annotated[int, typer.Option("-n", min=1, help="How many.")] = 64,
    seed: Seed = 0,
    truncation: Truncation = None,
    latents: Latents = None,
    label: Label = None,
    out: Out = None,
) -> None:
    """Draw images: a PNG each, a grid of them all, and their latents."""
    from train.latents import images, to_json
    from train.samples import grid

    _refuse_beside_latents(latents, context)
    network, chosen = _start(model, n, seed, truncation, latents, label)
    drawn = images(network, chosen.z)
    out = out or EXPORTS / model / _named("sample", latents.stem if latents else seed, label)
    with replacing(out) as draft:
        _write_pngs(drawn, draft)
        grid(drawn).save(draft / "grid.png")
        (draft / "latents.json").write_text(to_json(chosen), encoding="utf-8")
    print(out)


@commands.command()
def walk(
    context: typer.Context,
    model: Model,
    n: Annotated[int, typer.Option("-n", min=2, help="Images to pass.")] = 8,
    seed: Seed = 0,
    truncation: Truncation = None,
    latents: Latents = None,
    label: Label = None,
    gif: Annotated[bool, typer.Option("--gif/--frames", help="One GIF, or a PNG a frame.")] = True,
    out: Out = None,
) -> None:
    """Walk through the latents, from image to image and back to the first."""
    from train.interpolate import path, save_film
    from train.latents import images

    _refuse_beside_latents(latents, context)
    network, chosen = _start(model, n, seed, truncation, latents, label)
    if len(chosen.z) < 2:
        raise UserError(f"{latents}: found 1 latent; expected 2 or more to walk between")
    drawn = images(network, path(chosen.z, FRAMES))
    out = out or EXPORTS / model / (_named("walk", latents.stem if latents else seed, label) + (".gif" if gif else ""))
    with replacing(out) as draft:
        if gif:
            save_film(drawn, draft)
        else:
            _write_pngs(drawn, draft)
    print(out)


@commands.command()
def pick(
    model: Model,
    n: Annotated[int, typer.Option("-n", min=1, help="How many to choose from.")] = 128,
    seed: Seed = 0,
    truncation: Truncation = None,
    label: Label = None,
    out: Out = None,
) -> None:
    """Write an HTML contact sheet on which you mark favourites and save their latents, for `sample --latents`."""
    from train.browser import contact
    from train.latents import images

    network, chosen = _start(model, n, seed, truncation, None, label)
    drawn = images(network, chosen.z)
    out = out or EXPORTS / model / (_named("pick", seed, label) + ".html")
    with replacing(out) as draft:
        page = contact.page(model, chosen, [_png(image) for image in drawn], size=drawn.shape[-1])
        draft.write_text(page, encoding="utf-8")
    print(out)


def export(model: str, format_: Format, out: Path | None = None, label: str | None = None) -> Path:
    """Write a generator to `out`, or to exports/MODEL/; returns where.

    Raises:
        UserError: no such model or label, or what the format needs is not installed.
    """
    data = _convert(model, format_, label)
    out = out or EXPORTS / model / (_named(model, label) + SUFFIX[format_])
    with replacing(out) as draft:
        draft.write_bytes(data)
    return out


def _convert(model: str, format_: Format, label: str | None) -> bytes:
    from train import export, generator
    from train.browser import explorer, runtime

    network, making = generator.load(_weights(model))
    if format_ == Format.SAFETENSORS:
        if label is not None:
            raise UserError(f"--label: found {label}, expected no label: safetensors is the model with all its labels")
        return _weights(model).read_bytes()
    generator.settle(network, making, label)
    metadata = {generator.KEY: making.model_dump_json()} | ({"label": label} if label else {})
    if format_ == Format.ONNX:
        return export.onnx(network, metadata)
    if format_ == Format.TORCHSCRIPT:
        return export.torchscript(network, metadata)
    return explorer.page(network, model, runtime.read()).encode()


def _named(*parts: str | int | None) -> str:
    """A file's name of these parts, another one for other parts: a label may hold a slash."""
    return "-".join(str(part).replace("%", "%25").replace("/", "%2F") for part in parts if part is not None)


def _weights(model: str) -> Path:
    return paths.model(model) / "generator.safetensors"


def _refuse_beside_latents(file: Path | None, context: typer.Context) -> None:
    """Refuse what would have no effect beside a latents file."""
    if file is None:
        return
    for name, option in {"n": "-n", "seed": "--seed", "truncation": "--truncation"}.items():
        source = context.get_parameter_source(name)
        if source and source.name == "COMMANDLINE":
            raise UserError(f"{option}: found {context.params[name]}, expected none: the latents are those of {file}")


def _start(
    model: str, n: int, seed: int, truncation: float | None, file: Path | None, label: str | None
) -> "tuple[Generator, Chosen]":
    """The generator, set to a label where it has some, and its latents: the file's, if one is given, else n drawn ones.

    A label that is not given is the file's.
    """
    from train import generator
    from train.latents import Chosen, draw, read

    network, making = generator.load(_weights(model))
    sha256 = hashlib.sha256(_weights(model).read_bytes()).hexdigest()
    if file is None:
        z = draw(n, network.latent, seed, truncation)
    else:
        z, origin, seen = read(file, network.latent)
        if origin != sha256:
            _note(f"{file} was made with another generator ({origin[:12]}…); its images will differ")
        elif label and seen and label != seen:
            _note(f"{file} was made with the label {seen}; its images will differ")
        if label is None and making.recipe.labels:
            label = seen
    generator.settle(network, making, label)
    return network, Chosen(z, sha256, label)


def _note(text: str) -> None:
    print(f"note: {text}", file=sys.stderr)


def _write_pngs(images: "Iterable[Tensor]", folder: Path) -> None:
    folder.mkdir()
    for number, image in enumerate(images):
        (folder / f"{number:04d}.png").write_bytes(_png(image))


def _png(image: "Tensor") -> bytes:
    """An image, uint8, 3×S×S, as a PNG file."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image.permute(1, 2, 0).contiguous().numpy()).save(buffer, format="PNG")
    return buffer.getvalue()
