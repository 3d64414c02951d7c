"""The contact sheet: one HTML page on which a person marks favourites and saves their latents."""

import base64
from collections.abc import Sequence

from torch import Tensor

from train import latents
from train.browser.document import body, document, source


def page(name: str, generator: str, z: Tensor, pngs: Sequence[bytes], size: int) -> str:
    """The page of some images of a model.

    Args:
        name: of the model.
        generator: sha256 of its generator.safetensors, hex.
        z: float32, n×length.
        pngs: n images as PNG files, size×size.
    """
    images = [f"data:image/png;base64,{base64.b64encode(png).decode()}" for png in pngs]
    return document(
        f"{name}: pick your favourites",
        body("contact.html.j2", {"name": name, "images": images, "size": size}),
        style=source("page.css") + source("contact.css"),
        script=source("contact.js"),
        blocks={"latents": latents.to_json(z, generator)},
    )
