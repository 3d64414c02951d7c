"""The page of `show`: one image, or all of an author's."""

from collections.abc import Sequence

from PIL import Image

from common.errors import UserError
from curate.decode import Picture as Decoded
from curate.decode import decode
from pipelines.audit.pages.pictures import pixels, shown, tiles
from pipelines.audit.pages.render import render
from pipelines.audit.provenance import Life, Row, told, verdict
from pipelines.report.sheets import Picture, picture
from pipelines.versions.originals import Originals
from pipelines.versions.version import Version

LARGEST = 640  # pixels on a side at which the original is shown
MEMBERS = 48  # of a cluster
WORKS = 1000  # of an author


def page(life: Life, version: Version) -> str:
    """One self-contained page on an image.

    Raises:
        UserError: the version's data are not to be had.
    """
    public = all(shown(row) for row in life.decisions)
    cluster = [row for row in life.cluster if shown(row)][:MEMBERS] if len(life.cluster) > 1 else []
    found = pixels(version, {life.sha256, *(row["sha256"] for row in cluster)}) if public else {}
    sheet, members = tiles([(row, verdict(row), row["keeper"] is None) for row in cluster], found)
    crop = Image.fromarray(found[life.sha256]) if life.sha256 in found else None
    return render(
        "life.html.j2",
        {
            "life": life,
            "public": public,
            "original": _original(life, version) if public else None,
            "crop": picture(crop, "the crop that models see") if crop else None,
            "told": [told(row) for row in life.images],
            "verdicts": [(row, verdict(row)) for row in life.decisions],
            "sheet": sheet,
            "members": members,
        },
    )


def works(author: str, rows: Sequence[Row], version: Version) -> str:
    """One self-contained page with all images of an author.

    Raises:
        UserError: the version's data are not to be had.
    """
    public = [row for row in rows if shown(row)]
    rule = "not those without a picture, or that somebody asked to have left out"
    if len(public) > WORKS:
        public, rule = public[:WORKS], "the first by sha256"
    found = pixels(version, {row["sha256"] for row in public})
    sheet, made = tiles([(row, str(row["reason"] or "").replace("_", " "), False) for row in public], found)
    return render(
        "works.html.j2",
        {"author": author, "rows": rows, "rule": rule, "sheet": sheet, "tiles": made, "version": version.name},
    )


def _original(life: Life, version: Version) -> Picture | None:
    """What a person sees of the archived bytes, if that is a picture."""
    for place in life.places:
        try:
            with Originals(version, place["source"], [life.sha256]) as originals:
                decoded = decode(originals.get(life.sha256), min_side=LARGEST)
        except UserError:
            continue
        if isinstance(decoded, Decoded):
            decoded.rgb.thumbnail((LARGEST, LARGEST))
            return picture(decoded.rgb, f"the original, {decoded.width} × {decoded.height} pixels")
    return None
