"""The contact sheet: an HTML page on which a person marks images and saves their latents."""

import base64
from collections.abc import Sequence

from common.html import page_with_script
from train.browser.parts import body, source
from train.latents import LatentsFile, to_json
from train.mark import Mark, microdata


def page(name: str, latents: LatentsFile, pngs: Sequence[bytes], mark: Mark, size: int) -> str:
    """Return the page of some images of a model.

    Args:
        name: of the model.
        latents: those of the images.
        pngs: the images, as the bytes of PNG files.
        mark: of the images, as in these files.
        size: side of the images, in pixels.
    """
    images = [f"data:image/png;base64,{base64.b64encode(png).decode()}" for png in pngs]
    return page_with_script(
        f"{name}: pick your favourites",
        body(
            "contact.html.j2",
            {"name": name, "images": images, "size": size, "mark": mark, "microdata": microdata(mark)},
        ),
        style=source("page.css") + source("contact.css"),
        script=source("contact.js"),
        blocks={"latents": to_json(latents).replace("<", "\\u003c")},
    )
