"""The pages of `facades dataset show`: one image, or all images of an author."""

from collections.abc import Sequence

from PIL import Image

from common.errors import UserError
from curate.decode import Picture as Decoded
from curate.decode import decode
from pipelines.audit import sections
from pipelines.audit.pages import render
from pipelines.audit.pages.pictures import pixels
from pipelines.audit.provenance import Provenance, Row, describe_decision, source_fields
from pipelines.report.embedded import Picture, picture
from pipelines.report.galleries import may_be_shown, tiles
from pipelines.versions.originals import Originals
from pipelines.versions.version import Version

LARGEST = 640  # pixels of the longer side of the original, as shown
MEMBERS = 48  # of a cluster
AUTHOR_IMAGES = 1000


def page(found: Provenance, version: Version) -> str:
    """Return a self-contained page on an image.

    Raises:
        UserError: The data of the version are not available.
    """
    public = all(may_be_shown(row) for row in found.decisions)
    cluster = [row for row in found.cluster if may_be_shown(row)][:MEMBERS] if len(found.cluster) > 1 else []
    pictures = pixels(version, {found.sha256, *(row["sha256"] for row in cluster)}) if public else {}
    sheet, members = tiles([(row, describe_decision(row), row["keeper"] is None) for row in cluster], pictures)
    crop = Image.fromarray(pictures[found.sha256]) if found.sha256 in pictures else None
    return render(
        "provenance.html.j2",
        {
            "found": found,
            "public": public,
            "original": _original(found, version) if public else None,
            "crop": picture(crop, "the crop that models are trained on") if crop else None,
            "sources": [source_fields(row) for row in found.images],
            "decisions": [(row, describe_decision(row)) for row in found.decisions],
            "fetched": sections.fetched(found),
            "archived": sections.archived(found),
            "signals": sections.signals(found),
            "measured": sections.measured(found),
            "versions": sections.in_versions(found),
            "models": sections.in_models(found),
            "sheet": sheet,
            "members": members,
        },
    )


def author_page(author: str, rows: Sequence[Row], version: Version) -> str:
    """Return a self-contained page with the images of an author, from the rows of `manifest_summary`.

    Raises:
        UserError: The data of the version are not available.
    """
    public = [row for row in rows if may_be_shown(row)]
    rule = "not those without a picture, nor those excluded on request"
    if len(public) > AUTHOR_IMAGES:
        public, rule = public[:AUTHOR_IMAGES], "the first by sha256"
    pictures = pixels(version, {row["sha256"] for row in public})
    sheet, made = tiles([(row, str(row["reason"] or "").replace("_", " "), False) for row in public], pictures)
    return render(
        "author.html.j2",
        {"author": author, "rows": rows, "rule": rule, "sheet": sheet, "tiles": made, "version": version.name},
    )


def _original(found: Provenance, version: Version) -> Picture | None:
    """The archived image, made smaller; None if its bytes are not available or not an image."""
    for location in found.locations:
        try:
            with Originals(version, location["source"], [found.sha256]) as originals:
                decoded = decode(originals.get(found.sha256), min_side=LARGEST)
        except UserError:
            continue
        if isinstance(decoded, Decoded):
            decoded.rgb.thumbnail((LARGEST, LARGEST))
            return picture(decoded.rgb, f"the original, {decoded.width} × {decoded.height} pixels")
    return None
