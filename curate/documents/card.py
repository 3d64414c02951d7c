"""The data card: what a dataset contains, how it was collected, what was left out, and its biases."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from crawler.rights.licenses import name_of
from curate.documents.conditions import conditions
from curate.documents.markdown import plain, table
from curate.documents.places import by_place, count_countries, country_name
from curate.rules import FILTERS, RULE_VERSION, CurateParams
from curate.schemas import Reason, Split

LISTED = 12  # tags


@dataclass(frozen=True)
class Origin:
    """Facts about the sources that are not in the manifest."""

    entries: Mapping[str, str] = field(default_factory=dict)  # by source: kind and parameters, on one line
    contact: str = ""  # an e-mail address or a URL, for questions about an image
    unread: Mapping[str, int] = field(default_factory=dict)  # images by place and signal that was not looked at


NO_ORIGIN = Origin()


@dataclass(frozen=True)
class Facts:
    """The counts in a manifest. Facades are the images that are kept."""

    seen: Mapping[str, int]  # images by source
    kept: Mapping[str, int]  # facades by source
    splits: Mapping[str, int]  # facades by split
    licenses: Mapping[str, int]  # facades by licence id
    reasons: Mapping[str, int]  # dropped images by reason, in the order of the rules
    reserved: Mapping[str, int]  # images that are reserved from AI use, by signal
    authors: tuple[int, ...]  # facades of each named author, in descending order
    tags: Mapping[str, int]  # facades by tag, the most frequent first
    untagged: int  # facades without tags
    countries: Mapping[str, int]  # facades with coordinates by country (curate/documents/places.py), the most first
    unplaced: Mapping[str, int]  # facades without coordinates, by source

    @property
    def facades(self) -> int:
        """The number of facades."""
        return sum(self.kept.values())

    @property
    def images(self) -> int:
        """The number of images, dropped ones too."""
        return sum(self.seen.values())

    @property
    def largest(self) -> tuple[str, float]:
        """The source with the most facades, and its fraction of them; an empty name if there are no facades."""
        name = max(self.kept, key=lambda source: self.kept[source], default="")
        return name, self.kept[name] / self.facades if self.facades else 0.0

    @property
    def prolific(self) -> float:
        """The fraction of the facades by the ten authors with the most."""
        return sum(self.authors[:10]) / self.facades if self.facades else 0.0


def facts(manifest: pa.Table) -> Facts:
    """Count the rows of a manifest (`curate.schemas.MANIFEST`)."""
    kept = manifest.filter(manifest["row"].is_valid())
    seen, kept_by_source = _counts(manifest["source"]), _counts(kept["source"])
    splits, dropped = _counts(kept["split"]), _counts(manifest["reason"])
    reserved = manifest["opt_out"].filter(pc.not_equal(manifest["opt_out"], ""))
    tagged = _counts(pc.list_flatten(kept["tags"]))
    placed = pc.is_valid(kept["latitude"])
    return Facts(
        seen=seen,
        kept={source: kept_by_source.get(source, 0) for source in seen},
        splits={split.value: splits.get(split, 0) for split in Split},
        licenses=_counts(kept["license"]),
        reasons={reason.value: dropped[reason] for reason in Reason if reason in dropped},
        reserved=_counts(pc.list_element(pc.split_pattern(reserved, ": ", max_splits=1), 0)),
        authors=tuple(sorted((n for name, n in _counts(kept["author"]).items() if name), reverse=True)),
        tags=dict(sorted(tagged.items(), key=lambda pair: (-pair[1], pair[0]))),
        untagged=len(kept) - int(pc.sum(pc.greater(pc.list_value_length(kept["tags"]), 0)).as_py() or 0),
        countries=count_countries(kept.filter(placed)),
        unplaced=_counts(kept.filter(pc.invert(placed))["source"]),
    )


def card(found: Facts, origin: Origin, params: CurateParams, version: str) -> Iterator[str]:
    """Yield the lines of the card, in Markdown.

    Args:
        found: the counts in the manifest.
        origin: facts about the sources.
        params: the parameters of stage `curate`.
        version: the dataset's hash (`curate.dataset.dataset_hash`).
    """
    yield "# Facades"
    yield ""
    yield (
        f"{found.facades} photographs of building facades, {params.image_size} × {params.image_size} pixels, RGB, each "
        f"with its origin, author and licence. Version `{version[:16]}`, rule version {RULE_VERSION}."
    )
    yield ""
    yield from table(("split", "facades"), found.splits.items())
    yield from _gathered(found, origin)
    yield from _licences(found)
    yield from _left_out(found, params)
    yield from _reserved(found, origin)
    yield from _biases(found)
    yield from by_place(found.countries, found.unplaced)
    yield "## Limits"
    yield ""
    yield "- The dataset contains only the middle square of each photograph; the filters measure only that square."
    yield "- People, vehicles and signs may be visible at a few pixels; nobody searched for them, nothing was blurred."
    yield "- Titles, authors, licences, places and dates are copied from the sources and were not checked again."
    yield "- Coordinates are as exact as the source or the file published them, and may be those of a home."
    yield ""
    yield from _cite(found, version)
    yield from removal(origin)


def _gathered(found: Facts, origin: Origin) -> Iterator[str]:
    yield "## How it was collected"
    yield ""
    yield (
        "A crawler collected the images. It identifies itself, obeys robots.txt and the delays that sites ask for, and "
        "leaves out images whose owner reserved their use (see below). "
        "`fetches.parquet` lists every URL that was tried, with its outcome; a web archive (`data/archive/`) contains "
        "the exact bytes."
    )
    yield ""
    rows = (
        (source, origin.entries.get(source, ""), seen, found.kept[source], f"{found.kept[source] / seen:.0%}")
        for source, seen in found.seen.items()
    )
    yield from table(("source", "query", "images", "facades", "kept"), rows)


def _licences(found: Facts) -> Iterator[str]:
    yield "## Licences"
    yield ""
    yield (
        "The dataset as a whole has no licence: every facade keeps the licence of its original. "
        "`ATTRIBUTION.md` credits each author in a line that is ready to print; `manifest.parquet` has the page."
    )
    yield ""
    yield from table(("licence", "facades"), ((name_of(name), count) for name, count in found.licenses.items()))


def _left_out(found: Facts, params: CurateParams) -> Iterator[str]:
    yield f"## Left out: {found.images - found.facades} of {found.images} images"
    yield ""
    yield (
        "Every image has one decision, and every dropped one has one reason: the first rule that matched. "
        "`manifest.parquet` lists them."
    )
    yield ""
    yield from table(("reason", "images"), found.reasons.items())
    yield from table(("threshold", "value"), thresholds(params).items())
    if stated := conditions(params):
        yield from table(("condition or cap", "value"), stated.items())
    duplicates = params.duplicates
    yield (
        f"Duplicates are images with the same bytes, or with hashes within {duplicates.radius} bits and a similarity "
        f"of at least {duplicates.similarity} after alignment{_mirrored(params)}. "
        f"Of each cluster one image is kept, chosen by {', '.join(params.keeper)}."
    )
    yield ""


def _reserved(found: Facts, origin: Origin) -> Iterator[str]:
    yield "## Reserved from AI use"
    yield ""
    yield (
        "Each image was examined for signals by which an owner reserves use for machine learning: in the image and its "
        "HTTP headers, on its page, and in robots.txt and tdmrep.json of both hosts. One that reserves is enough. "
        "`data/signals/` contains what each signal says, with the record of the archive that shows it. "
        "Images that a page, a host or their own headers reserved at the crawl are not in the archive: "
        "`fetches.parquet` lists them with the outcome `opt_out`. Of the archived ones these were left out:"
    )
    yield ""
    yield from table(("signal", "images"), (found.reserved or {"none": 0}).items())
    if origin.unread:
        yield "The archives do not contain these, so they were not examined:"
        yield ""
        yield from table(("place and signal", "images"), origin.unread.items())


def _mirrored(params: CurateParams) -> str:
    return "; mirrored copies count" if params.duplicates.mirrored else ""


def thresholds(params: CurateParams) -> dict[str, str]:
    """Return the threshold of each filter as text, `off` if it is switched off."""
    values = {one.threshold: params.thresholds.of(one) for one in FILTERS}
    return {name: "off" if value is None else f"{value:g}" for name, value in values.items()}


def _biases(found: Facts) -> Iterator[str]:
    yield "## Known biases"
    yield ""
    for text in biases(found):
        yield f"- {text}"
    yield ""
    if found.tags:
        listed = list(found.tags.items())[:LISTED]
        yield f"The {len(listed)} most frequent of {len(found.tags)} tags ({found.untagged} facades have no tag):"
        yield ""
        yield from table(("tag", "facades"), listed)


def biases(found: Facts) -> list[str]:
    """Return the known biases of the dataset, one sentence each."""
    source, share = found.largest
    named = f"{len(found.authors)} authors are named; the ten most frequent made {found.prolific:.0%} of the facades."
    return [
        f"By source: of {len(found.seen)} sources, {plain(source)} has the most facades, {share:.0%} of all."
        if found.facades
        else "By source: there are no facades.",
        f"By place: {_by_place(found)} Landmarks, city centres and rich countries are photographed and uploaded far "
        "more often than others.",
        f"By author: {named}",
        "By rule: the filters remove night shots, drawings, monochrome (so most historical) photographs, and very wide "
        "or tall ones; a source of such pictures loses more than others (column `kept`).",
    ]


def _by_place(found: Facts) -> str:
    placed = sum(found.countries.values())
    if not placed:
        return "no facade has coordinates; the sources' tags and categories come nearest."
    known = [(code, count) for code, count in found.countries.items() if code]
    most = f"; {known[0][1] / placed:.0%} of these are in {country_name(known[0][0])}, more than in any other country"
    return f"{placed} of {found.facades} facades have coordinates{most if known else ''}."


def citation(found: Facts, version: str) -> str:
    """Return a BibTeX entry for the dataset with this hash."""
    return (
        f"@misc{{facades-{version[:8]}, title = {{Facades: {found.facades} photographs of building facades}}, "
        f"note = {{version {version[:16]}; sources: {', '.join(found.seen)}}}}}"
    )


def _cite(found: Facts, version: str) -> Iterator[str]:
    yield "## How to cite"
    yield ""
    yield "Name the version, and credit the authors of the pictures that you show (`ATTRIBUTION.md`):"
    yield ""
    yield f"    {citation(found, version)}"
    yield ""


def removal(origin: Origin) -> Iterator[str]:
    """Yield lines on how to ask for the removal of an image."""
    whom = f"Write to {origin.contact}" if origin.contact else "Write to the publisher of this dataset"
    yield "## How to ask for removal"
    yield ""
    yield (
        f"{whom} and give the page or the URL of the image, its row in this dataset, or your name as its author. "
        "The publisher then runs `facades dataset exclude`: the next version contains neither the image nor its near "
        "duplicates, and no new crawl brings it back. "
        "`facades dataset affected` lists the versions and models that still contain it. "
        "TAKEDOWN.md in the project's repository describes the procedure."
    )


def _counts(column: pa.ChunkedArray | pa.Array) -> dict[str, int]:
    """Return how often each value occurs, without nulls, in the order of the values."""
    counted = column.drop_null().value_counts()
    return dict(sorted((str(pair["values"]), pair["counts"].as_py()) for pair in counted))
