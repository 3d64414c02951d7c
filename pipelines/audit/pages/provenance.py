"""The page of `show`: one image, or all of an author's."""

from collections.abc import Sequence

from PIL import Image

from common.errors import UserError
from curate.decode import Picture as Decoded
from curate.decode import decode
from pipelines.audit.pages.pictures import pixels, shown, tiles
from pipelines.audit.pages.render import render
from pipelines.audit.provenance import Provenance, Row, describe_decision, source_fields
from pipelines.report.embedded import Picture, picture
from pipelines.versions.originals import Originals
from pipelines.versions.version import Version

LARGEST = 640  # pixels on a side at which the original is shown
MEMBERS = 48  # of a cluster
WORKS = 1000  # of an author


def page(found: Provenance, version: Version) -> str:
    """One self-contained page on an image.

    Raises:
        UserError: the version's data are not to be had.
    """
    public = all(shown(row) for row in found.decisions)
    cluster = [row for row in found.cluster if shown(row)][:MEMBERS] if len(found.cluster) > 1 else []
    pictures = pixels(version, {found.sha256, *(row["sha256"] for row in cluster)}) if public else {}
    sheet, members = tiles([(row, describe_decision(row), row["keeper"] is None) for row in cluster], pictures)
    crop = Image.fromarray(pictures[found.sha256]) if found.sha256 in pictures else None
    return render(
        "provenance.html.j2",
        {
            "found": found,
            "public": public,
            "original": _original(found, version) if public else None,
            "crop": picture(crop, "the crop that models see") if crop else None,
            "sources": [source_fields(row) for row in found.images],
            "verdicts": [(row, describe_decision(row)) for row in found.decisions],
            "sheet": sheet,
            "members": members,
        },
    )


def author_page(author: str, rows: Sequence[Row], version: Version) -> str:
    """One self-contained page with all images of an author.

    Raises:
        UserError: the version's data are not to be had.
    """
    public = [row for row in rows if shown(row)]
    rule = "not those without a picture, or that somebody asked to have left out"
    if len(public) > WORKS:
        public, rule = public[:WORKS], "the first by sha256"
    pictures = pixels(version, {row["sha256"] for row in public})
    sheet, made = tiles([(row, str(row["reason"] or "").replace("_", " "), False) for row in public], pictures)
    return render(
        "author.html.j2",
        {"author": author, "rows": rows, "rule": rule, "sheet": sheet, "tiles": made, "version": version.name},
    )


def _original(found: Provenance, version: Version) -> Picture | None:
    """What a person sees of the archived bytes, if that is a picture."""
    for place in found.locations:
        try:
            with Originals(version, place["source"], [found.sha256]) as originals:
                decoded = decode(originals.get(found.sha256), min_side=LARGEST)
        except UserError:
            continue
        if isinstance(decoded, Decoded):
            decoded.rgb.thumbnail((LARGEST, LARGEST))
            return picture(decoded.rgb, f"the original, {decoded.width} × {decoded.height} pixels")
    return None
