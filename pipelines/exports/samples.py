"""Writes images that a trained model draws: samples, interpolations and contact sheets."""

import hashlib
import io
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from torch import Tensor

from common.errors import UserError
from common.files import replacing
from pipelines import paths
from train import generator, interpolate, latents
from train.browser import contact
from train.latents import LatentsFile
from train.networks import Generator
from train.samples import grid

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
    network, chosen = _load(drawing)
    images = latents.images(network, chosen.z)
    out = out or drawing.out("sample")
    with replacing(out) as draft:
        _write_pngs(images, draft)
        grid(images).save(draft / "grid.png")
        (draft / "latents.json").write_text(latents.to_json(chosen), encoding="utf-8")
    return out


def interpolation(drawing: Drawing, out: Path | None = None, *, gif: bool = True) -> Path:
    """Write the frames from image to image and back to the first, as one GIF or as a folder with one PNG per frame.

    Args, returns, raises: as `sample`; two images are needed.
    """
    network, chosen = _load(drawing)
    if len(chosen.z) < 2:
        raise UserError(f"{drawing.latents}: found 1 latent; expected 2 or more to interpolate between")
    frames = latents.images(network, interpolate.path(chosen.z, FRAMES))
    out = out or drawing.out("interpolate", ".gif" if gif else "")
    with replacing(out) as draft:
        if gif:
            interpolate.save_gif(frames, draft)
        else:
            _write_pngs(frames, draft)
    return out


def contact_sheet(drawing: Drawing, out: Path | None = None) -> Path:
    """Write an HTML page on which a person marks images and saves their latents.

    Args, returns, raises: as `sample`.
    """
    network, chosen = _load(drawing)
    images = latents.images(network, chosen.z)
    out = out or drawing.out("pick", ".html")
    with replacing(out) as draft:
        page = contact.page(drawing.model, chosen, [_png(image) for image in images], size=images.shape[-1])
        draft.write_text(page, encoding="utf-8")
    return out


def _load(drawing: Drawing) -> tuple[Generator, LatentsFile]:
    """Load the generator, set to its label, and draw or read its latents."""
    weights, file, label = paths.generator(drawing.model), drawing.latents, drawing.label
    network, provenance = generator.load(weights)
    sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
    if file is None:
        z = latents.draw(drawing.n, network.latent, drawing.seed, drawing.truncation)
    else:
        z, origin, seen = latents.read(file, network.latent)
        if origin != sha256:
            _note(f"{file} was made with another generator ({origin[:12]}…); its images will differ")
        elif label and seen and label != seen:
            _note(f"{file} was made with the label {seen}; its images will differ")
        if label is None and provenance.recipe.labels:
            label = seen
    generator.fix_label(network, provenance, label)
    return network, LatentsFile(z, sha256, label)


def _note(text: str) -> None:
    print(f"note: {text}", file=sys.stderr)


def _write_pngs(images: Iterable[Tensor], folder: Path) -> None:
    folder.mkdir()
    for number, image in enumerate(images):
        (folder / f"{number:04d}.png").write_bytes(_png(image))


def _png(image: Tensor) -> bytes:
    """Encode an image, uint8, 3×S×S, as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(image.permute(1, 2, 0).contiguous().numpy()).save(buffer, format="PNG")
    return buffer.getvalue()
