"""A trained generator in formats of other programs.

In each of them the input is z, float32, n×latent×1×1, and the output images, float32, n×3×S×S in [-1, 1].
"""

import io
import json
import warnings
import zipfile
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType

import torch
from torch import Tensor

from common.errors import UserError
from train.latents import draw
from train.networks import Generator

TOLERANCE = 1e-4  # the largest difference of a channel between an exported generator and ours
CHECKED = 16  # latents on which they are compared
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time in a zip file: equal generators give equal bytes
LOCAL_HEADER, EXTRA_HEADER, ALIGNMENT = 30, 4, 64  # bytes in a zip file of torch


def onnx(generator: Generator, metadata: Mapping[str, str]) -> bytes:
    """Return the generator as an ONNX model with input `z` and output `images`, for any n; check it with ONNX Runtime.

    Args:
        generator: in evaluation mode, on the CPU.
        metadata: to write as the model's metadata properties.

    Raises:
        UserError: the packages of the extra `onnx` are not installed.
        RuntimeError: ONNX Runtime's images differ from torch's by more than TOLERANCE.
    """
    for name in ("onnx", "onnxscript", "onnxruntime"):
        _extra(name)
    batch = {0: torch.export.Dim("n")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns about its own code
        program = torch.onnx.export(
            generator,
            (_latents(generator)[:2],),
            input_names=["z"],
            output_names=["images"],
            dynamic_shapes=(batch,),
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    # The exporter records the source file of each node, and so paths of this machine.
    del model.metadata_props[:]
    for part in (model.graph, *model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output):
        del part.metadata_props[:]
    _extra("onnx").helper.set_model_props(model, dict(sorted(metadata.items())))
    data: bytes = model.SerializeToString(deterministic=True)
    session = _extra("onnxruntime").InferenceSession(data, providers=["CPUExecutionProvider"])
    _check("ONNX", generator, torch.from_numpy(session.run(None, {"z": _latents(generator).numpy()})[0]))
    return data


def torchscript(generator: Generator, metadata: Mapping[str, str]) -> bytes:
    """Return the generator as TorchScript, for `torch.jit.load` and libtorch, with the extra file `metadata.json`.

    Args:
        generator: in evaluation mode, on the CPU.
        metadata: the content of `metadata.json`.

    Raises:
        RuntimeError: its images differ from the generator's by more than TOLERANCE.
    """
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # TorchScript is deprecated, but was asked for
        script = torch.jit.freeze(torch.jit.trace(generator, _latents(generator)[:2]))  # type: ignore[no-untyped-call]
        _check("TorchScript", generator, script(_latents(generator)))
        torch.jit.save(script, buffer, _extra_files={"metadata.json": json.dumps(dict(metadata), sort_keys=True)})
    return _without_source_lines(buffer)


def _without_source_lines(script: io.BytesIO) -> bytes:
    """Leave out the records in which torch keeps the source line of each operation, and so paths of this machine."""
    out = io.BytesIO()
    with zipfile.ZipFile(script) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as new:
        for name in old.namelist():
            if not name.endswith(".debug_pkl"):
                record = zipfile.ZipInfo(name, EPOCH)
                # As torch does: an extra field with the id FB moves the content to a multiple of 64 bytes.
                padding = -(out.tell() + LOCAL_HEADER + len(name.encode()) + EXTRA_HEADER) % ALIGNMENT
                record.extra = b"FB" + padding.to_bytes(2, "little") + b"Z" * padding
                new.writestr(record, old.read(name))
    return out.getvalue()


def _latents(generator: Generator) -> Tensor:
    return draw(CHECKED, generator.latent, seed=0)[:, :, None, None]


@torch.inference_mode()
def _check(format_: str, generator: Generator, images: Tensor) -> None:
    difference = (images - generator(_latents(generator))).abs().max().item()
    if not difference <= TOLERANCE:
        raise RuntimeError(f"{format_}: images differ from torch's by {difference:.2g}, expected at most {TOLERANCE:g}")


def _extra(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ModuleNotFoundError:
        raise UserError(f"{name}: not installed; expected the extra `onnx`: pip install -e '.[onnx]'") from None
