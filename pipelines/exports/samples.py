"""Writes images that a trained model draws: samples, interpolations and contact sheets."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from torch import Tensor

from common.errors import UserError
from common.files import replacing
from pipelines import paths
from pipelines.exports.documents import add_documents
from train import generator, interpolate, latents, mark
from train.browser import contact
from train.latents import LatentsFile
from train.mark import Mark
from train.networks import Generator
from train.samples import grid, png

FRAMES = 24  # of an interpolation, from one image to the next


@dataclass(frozen=True, slots=True)
class Drawing:
    """Which images to draw from which model."""

    model: str
    n: int
    seed: int = 0  # image k depends only on the seed and k
    truncation: float | None = None  # largest absolute value of a component of z
    latents: Path | None = None  # a latents file; n, seed and truncation then have no effect
    label: str | None = None  # of a model with labels; None takes that of the latents file

    def out(self, command: str, suffix: str = "") -> Path:
        """Return the default path of what `command` writes."""
        first = self.latents.stem if self.latents else self.seed
        return paths.export(self.model, command, first, self.label, suffix=suffix)


def sample(drawing: Drawing, out: Path | None = None) -> Path:
    """Write one PNG per image, a grid of all images, and their latents, to a folder.

    Args:
        drawing: images to draw.
        out: folder to write; None writes to exports/MODEL/.

    Returns:
        The folder.

    Raises:
        UserError: there is no such model or label, or the latents file cannot be used.
    """
    network, chosen, made = _load(drawing)
    images = latents.images(network, chosen.z)
    out = out or drawing.out("sample")
    with replacing(out) as draft:
        _write_pngs(images, draft, made)
        (draft / "grid.png").write_bytes(png(grid(images), made))
        (draft / "latents.json").write_text(latents.to_json(chosen), encoding="utf-8")
        add_documents(drawing.model, draft)
    return out


def interpolation(drawing: Drawing, out: Path | None = None, *, gif: bool = True) -> Path:
    """Write the frames from image to image and back to the first, as one GIF or as a folder with one PNG per frame.

    Args, returns, raises: as `sample`; two images are needed.
    """
    network, chosen, made = _load(drawing)
    if len(chosen.z) < 2:
        raise UserError(f"{drawing.latents}: found 1 latent; expected 2 or more to interpolate between")
    frames = latents.images(network, interpolate.path(chosen.z, FRAMES))
    out = out or drawing.out("interpolate", ".gif" if gif else "")
    with replacing(out) as draft:
        if gif:
            interpolate.save_gif(frames, draft, made)
        else:
            _write_pngs(frames, draft, made)
    add_documents(drawing.model, out)
    return out


def contact_sheet(drawing: Drawing, out: Path | None = None) -> Path:
    """Write an HTML page on which a person marks images and saves their latents.

    Args, returns, raises: as `sample`.
    """
    network, chosen, made = _load(drawing)
    images = latents.images(network, chosen.z)
    out = out or drawing.out("pick", ".html")
    with replacing(out) as draft:
        pngs = [_png(image, made) for image in images]
        page = contact.page(drawing.model, chosen, pngs, made, size=images.shape[-1])
        draft.write_text(page, encoding="utf-8")
    return out


def _load(drawing: Drawing) -> tuple[Generator, LatentsFile, Mark]:
    """Load the generator, set to its label, and draw or read its latents; return the mark of its images, too."""
    weights, file, label = paths.generator(drawing.model), drawing.latents, drawing.label
    network, provenance = generator.load(weights)
    made = mark.of_generator(weights)
    if file is None:
        z = latents.draw(drawing.n, network.latent, drawing.seed, drawing.truncation)
    else:
        z, origin, seen = latents.read(file, network.latent)
        if origin != made.generator:
            _note(f"{file} was made with another generator ({origin[:12]}…); its images will differ")
        elif label and seen and label != seen:
            _note(f"{file} was made with the label {seen}; its images will differ")
        if label is None and provenance.recipe.labels:
            label = seen
    generator.fix_label(network, provenance, label)
    return network, LatentsFile(z, made.generator, label), made


def _note(text: str) -> None:
    print(f"note: {text}", file=sys.stderr)


def _write_pngs(images: Iterable[Tensor], folder: Path, made: Mark) -> None:
    folder.mkdir()
    for number, image in enumerate(images):
        (folder / f"{number:04d}.png").write_bytes(_png(image, made))


def _png(image: Tensor, made: Mark) -> bytes:
    """Encode an image, uint8, 3×S×S, as a PNG file with a mark."""
    return png(Image.fromarray(image.permute(1, 2, 0).contiguous().numpy()), made)
