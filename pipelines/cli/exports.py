"""`facades dataset export` and `facades model export`: one command per format."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.options import Label, Model, Out, Rev, opened
from pipelines.exports import DatasetFormat, ModelFormat

dataset = typer.Typer(no_args_is_help=True, help="Write the facades of a version, with their licences.")
model = typer.Typer(no_args_is_help=True, help="Write a model for other programs.")

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="New folder to write, for example exports/facades.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="New file to write, for example exports/facades.zip.")]


@dataset.command()
def imagefolder(folder: Folder, rev: Rev = "workspace") -> None:
    """Write folders of PNG files, as torchvision's ImageFolder reads them."""
    _dataset(DatasetFormat.IMAGEFOLDER, folder, rev)


@dataset.command()
def webdataset(folder: Folder, rev: Rev = "workspace") -> None:
    """Write tar files, as the package webdataset reads them."""
    _dataset(DatasetFormat.WEBDATASET, folder, rev)


@dataset.command()
def hf(folder: Folder, rev: Rev = "workspace") -> None:
    """Write Parquet files and a README, as Hugging Face datasets reads them."""
    _dataset(DatasetFormat.HF, folder, rev)


@dataset.command("zip")
def zip_(file: File, rev: Rev = "workspace") -> None:
    """Write one zip file of PNG files, as StyleGAN's dataset tool writes it."""
    _dataset(DatasetFormat.ZIP, file, rev)


@model.command()
def onnx(model: Model, label: Label = None, out: Out = None) -> None:
    """Write an ONNX file, for ONNX Runtime and other runtimes."""
    _model(ModelFormat.ONNX, model, label, out)


@model.command()
def torchscript(model: Model, label: Label = None, out: Out = None) -> None:
    """Write a TorchScript file, for torch without this project."""
    _model(ModelFormat.TORCHSCRIPT, model, label, out)


@model.command()
def web(model: Model, label: Label = None, out: Out = None) -> None:
    """Write one HTML page that runs the model in a browser, offline."""
    _model(ModelFormat.WEB, model, label, out)


@model.command("hf")
def model_hf(model: Model, out: Out = None) -> None:
    """Write a folder with weights, model card and metrics, as a model repository of Hugging Face."""
    _model(ModelFormat.HF, model, None, out)


@model.command()
def safetensors(model: Model, out: Out = None) -> None:
    """Write the weights with all labels, a copy of the model's own file."""
    _model(ModelFormat.SAFETENSORS, model, None, out)


def _dataset(format_: DatasetFormat, path: Path, rev: str) -> None:
    from common.progress import progress
    from pipelines.exports.dataset import export

    version = opened(rev)
    with progress(f"export {format_}", "facades") as report:
        print(export(version, path, format_, report))


def _model(format_: ModelFormat, name: str, label: str | None, out: Path | None) -> None:
    from pipelines.exports.model import export

    print(export(name, format_, out, label))
