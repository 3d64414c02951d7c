"""The explorer: an HTML page that runs a generator in the browser; it needs no installation and no network."""

import base64
import gzip
import json

import torch

from common.html import page_with_script
from train import export
from train.browser.parts import body, source
from train.browser.runtime import Runtime
from train.directions import principal_directions
from train.mark import Mark, microdata, xmp
from train.networks import Generator

DIRECTIONS = 8  # sliders


def page(generator: Generator, name: str, runtime: Runtime, mark: Mark) -> str:
    """Return the page of a generator.

    Args:
        generator: in evaluation mode, on the CPU.
        name: of the model; the title of the page, and the file name of images saved from it.
        runtime: ONNX Runtime Web; see `train.browser.runtime.read`.
        mark: of the images; the script writes it into those that are saved.

    Raises:
        UserError: the packages of the extra `onnx` are not installed.
    """
    with torch.inference_mode():
        size = generator(torch.zeros(1, generator.latent, 1, 1)).shape[-1]
    directions = principal_directions(generator, DIRECTIONS)
    facts = {"name": name, "latent": generator.latent, "size": size, "directions": directions.tolist()}
    facts["xmp"] = xmp(mark)
    values = {"name": name, "size": size, "directions": len(directions), "mark": mark, "microdata": microdata(mark)}
    return page_with_script(
        name,
        body("explorer.html.j2", values),
        style=source("page.css") + source("explorer.css"),
        script=runtime.script + source("explorer.js"),
        blocks={
            "facts": json.dumps(facts).replace("<", "\\u003c"),
            "generator": _pack(export.onnx(generator, {})),
            "wasm": _pack(runtime.wasm),
        },
        webassembly=True,
    )


def _pack(data: bytes) -> str:
    """Return data compressed by gzip, without a timestamp, as base64."""
    return base64.b64encode(gzip.compress(data, mtime=0)).decode()
