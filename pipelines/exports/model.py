"""Writes a trained generator in one of the formats."""

from pathlib import Path

from common.errors import UserError
from common.files import replacing
from pipelines import paths
from pipelines.exports import ModelFormat
from train import generator, mark
from train.browser import explorer, runtime
from train.export import onnx, torchscript
from train.provenance import KEY

SUFFIX = {
    ModelFormat.ONNX: ".onnx",
    ModelFormat.TORCHSCRIPT: ".pt",
    ModelFormat.SAFETENSORS: ".safetensors",
    ModelFormat.WEB: ".html",
}


def export(model: str, format_: ModelFormat, out: Path | None = None, label: str | None = None) -> Path:
    """Write the generator of a trained model to one file.

    Args:
        model: name of the model.
        format_: format of the file.
        out: file to write; None writes to exports/MODEL/.
        label: label that the exported generator draws; None for a model without labels, and for safetensors, which
            contains all labels.

    Returns:
        The file.

    Raises:
        UserError: there is no such model or label, safetensors is given a label, or a package that the format needs
            is not installed.
    """
    data = _convert(model, format_, label)
    out = out or paths.export(model, model, label, suffix=SUFFIX[format_])
    with replacing(out) as draft:
        draft.write_bytes(data)
    return out


def _convert(model: str, format_: ModelFormat, label: str | None) -> bytes:
    weights = paths.generator(model)
    network, provenance = generator.load(weights)
    if format_ == ModelFormat.SAFETENSORS:
        if label is not None:
            raise UserError(f"label: found {label}, expected no label: safetensors is the model with all its labels")
        return weights.read_bytes()
    generator.fix_label(network, provenance, label)
    metadata = {KEY: provenance.model_dump_json()} | ({"label": label} if label else {})
    if format_ == ModelFormat.ONNX:
        return onnx(network, metadata)
    if format_ == ModelFormat.TORCHSCRIPT:
        return torchscript(network, metadata)
    return explorer.page(network, model, runtime.read(), mark.of_generator(weights)).encode()
