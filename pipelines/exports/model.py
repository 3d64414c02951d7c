"""Writes a trained generator in one of the formats."""

from pathlib import Path

from common.errors import UserError
from common.files import replacing
from pipelines import paths
from pipelines.exports import ModelFormat, huggingface_model
from pipelines.exports.documents import add_documents
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
    """Write the generator of a trained model to one file, with its documents beside it; `hf` is a folder with both.

    Args:
        model: name of the model.
        format_: format of the file.
        out: file or folder to write; None writes to exports/MODEL/.
        label: label that the exported generator draws; None for a model without labels, and for safetensors and hf,
            which contain all labels.

    Returns:
        The file or folder.

    Raises:
        UserError: there is no such model or label, safetensors or hf is given a label, a package that the format needs
            is not installed, or hf finds no model card.
    """
    if format_ == ModelFormat.HF:
        return huggingface_model.write(model, out or paths.export(model, format_))
    data = _convert(model, format_, label)
    out = out or paths.export(model, model, label, suffix=SUFFIX[format_])
    with replacing(out) as draft:
        draft.write_bytes(data)
    add_documents(model, out)
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
