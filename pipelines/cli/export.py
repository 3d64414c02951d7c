"""`facades export`: a model, or a dataset version, in a format that other programs read. The format says which."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from common.errors import UserError
from pipelines import exports
from pipelines.cli import models

commands = typer.Typer()


class Format(StrEnum):
    """Those of a model, then those of a dataset: the command line wants one enum."""

    ONNX = models.Format.ONNX
    TORCHSCRIPT = models.Format.TORCHSCRIPT
    SAFETENSORS = models.Format.SAFETENSORS
    WEB = models.Format.WEB
    IMAGEFOLDER = exports.Format.IMAGEFOLDER
    WEBDATASET = exports.Format.WEBDATASET
    HF = exports.Format.HF
    ZIP = exports.Format.ZIP


@commands.command()
def export(
    what: Annotated[str, typer.Argument(help="A model's name; for a dataset: the folder to write, a new one.")],
    format_: Annotated[
        Format,
        typer.Option(
            "--format",
            help="onnx, torchscript, safetensors, web (one HTML page that runs it): of a model. "
            "imagefolder, webdataset, hf, zip (as StyleGAN's dataset tool writes it): of the dataset.",
        ),
    ],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="For a model: where, not in exports/MODEL/.")] = None,
    label: models.Label = None,
    rev: Annotated[
        str | None, typer.Option(help="For a dataset: the version, a git revision; the work tree's if not given.")
    ] = None,
) -> None:
    """Write a model, or the dataset's facades with their licences, for other programs."""
    if format_.value in set(models.Format):
        if rev is not None:
            raise UserError(f"--rev: found {rev}, expected none: models are exported as they lie under models/")
        print(models.export(what, models.Format(format_), out, label))
        return
    if label is not None:
        raise UserError(f"--label: found {label}, expected no label: a dataset is written whole")
    if out is not None:
        raise UserError(f"--out: found {out}, expected none: a dataset is written to the folder named first")
    print(_dataset(Path(what), exports.Format(format_), rev))


def _dataset(folder: Path, format_: exports.Format, rev: str | None) -> Path:
    from common.progress import progress
    from pipelines.exports.dataset import export
    from pipelines.versions.repository import WORKSPACE, Repository
    from pipelines.versions.version import open_version

    version = open_version(Repository(Path.cwd()), rev or WORKSPACE)
    with progress(f"export {format_}", "facades") as report:
        return export(version, folder, format_, report)
