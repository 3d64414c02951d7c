"""The data card: what a dataset holds, how it was gathered, what was left out, where it is lopsided."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from crawler.rights.licenses import name_of
from curate.documents.markdown import plain, table
from curate.rules import FILTERS, RULE_VERSION, CurateParams
from curate.schemas import Reason, Split

LISTED = 12  # tags


@dataclass(frozen=True)
class Origin:
    """What the manifest does not know of where a dataset comes from."""

    entries: Mapping[str, str] = field(default_factory=dict)  # source to what it was asked for, on one line
    contact: str = ""  # whom to write to about an image: an e-mail address or a URL


NO_ORIGIN = Origin()


@dataclass(frozen=True)
class Facts:
    """A manifest in numbers."""

    seen: Mapping[str, int]  # images of each source
    kept: Mapping[str, int]  # facades of each source
    splits: Mapping[str, int]
    licenses: Mapping[str, int]  # facades by licence id
    reasons: Mapping[str, int]  # dropped images by reason, in the order of the rules
    authors: tuple[int, ...]  # facades of each author who is named, the most first
    tags: Mapping[str, int]  # facades by tag, the most frequent first
    untagged: int  # facades

    @property
    def facades(self) -> int:
        return sum(self.kept.values())

    @property
    def images(self) -> int:
        return sum(self.seen.values())

    @property
    def largest(self) -> tuple[str, float]:
        """The source with the most facades, and its share; of a dataset without any, no source."""
        name = max(self.kept, key=lambda source: self.kept[source], default="")
        return name, self.kept[name] / self.facades if self.facades else 0.0

    @property
    def prolific(self) -> float:
        """The share of the facades by the ten authors with the most."""
        return sum(self.authors[:10]) / self.facades if self.facades else 0.0


def facts(manifest: pa.Table) -> Facts:
    """Count what the rows of a manifest (`curate.schemas.MANIFEST`) say."""
    kept = manifest.filter(manifest["row"].is_valid())
    seen, own = _counts(manifest["source"]), _counts(kept["source"])
    splits, dropped = _counts(kept["split"]), _counts(manifest["reason"])
    tagged = _counts(pc.list_flatten(kept["tags"]))
    return Facts(
        seen=seen,
        kept={source: own.get(source, 0) for source in seen},
        splits={split.value: splits.get(split, 0) for split in Split},
        licenses=_counts(kept["license"]),
        reasons={reason.value: dropped[reason] for reason in Reason if reason in dropped},
        authors=tuple(sorted((n for name, n in _counts(kept["author"]).items() if name), reverse=True)),
        tags=dict(sorted(tagged.items(), key=lambda pair: (-pair[1], pair[0]))),
        untagged=len(kept) - int(pc.sum(pc.greater(pc.list_value_length(kept["tags"]), 0)).as_py() or 0),
    )


def card(found: Facts, origin: Origin, params: CurateParams, version: str) -> Iterator[str]:
    """Lines of Markdown; `version` is the dataset's hash."""
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
    yield from _biases(found)
    yield "## Limits"
    yield ""
    yield "- Only the middle square of each photograph is here; what a filter measures, it measures there."
    yield "- People, vehicles and signs may appear, at a few pixels; nobody looked for them and nothing was blurred."
    yield "- Titles, authors and licences are what the sources say; nobody checked them a second time."
    yield ""
    yield from _cite(found, version)
    yield from removal(origin)


def _gathered(found: Facts, origin: Origin) -> Iterator[str]:
    yield "## How it was gathered"
    yield ""
    yield (
        "By a crawler that says who it is, obeys robots.txt, waits as long as it is asked to, and leaves out what its "
        "owner reserved (X-Robots-Tag, TDM reservation, XMP DataMining). Every URL that was tried has its outcome in "
        "`fetches.parquet`, and the exact bytes lie in a web archive (`data/archive/`)."
    )
    yield ""
    rows = (
        (source, origin.entries.get(source, ""), seen, found.kept[source], f"{found.kept[source] / seen:.0%}")
        for source, seen in found.seen.items()
    )
    yield from table(("source", "asked for", "images", "facades", "kept"), rows)


def _licences(found: Facts) -> Iterator[str]:
    yield "## Licences"
    yield ""
    yield (
        "The collection has no licence of its own: every facade keeps that of its original. "
        "`ATTRIBUTION.md` names its author in a line that is ready to print, `manifest.parquet` its page."
    )
    yield ""
    yield from table(("licence", "facades"), ((name_of(name), count) for name, count in found.licenses.items()))


def _left_out(found: Facts, params: CurateParams) -> Iterator[str]:
    yield f"## Left out: {found.images - found.facades} of {found.images} images"
    yield ""
    yield "Every image has one verdict and one reason, the first rule that objects; `manifest.parquet` has them all."
    yield ""
    yield from table(("reason", "images"), found.reasons.items())
    yield from table(("threshold", ""), thresholds(params).items())
    duplicates = params.duplicates
    yield (
        f"Duplicates: the same bytes, or hashes within {duplicates.radius} bits and a similarity of at least "
        f"{duplicates.similarity} after alignment{', mirrored copies too' if duplicates.mirrored else ''}. "
        f"Of each cluster stays the first by {', '.join(params.keeper)}."
    )
    yield ""


def thresholds(params: CurateParams) -> dict[str, str]:
    """Each filter's line as a person reads it."""
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
        yield f"The {len(listed)} most frequent of {len(found.tags)} tags; {found.untagged} facades have none:"
        yield ""
        yield from table(("tag", "facades"), listed)


def biases(found: Facts) -> list[str]:
    """Where the dataset is lopsided, a sentence each."""
    source, share = found.largest
    named = f"{len(found.authors)} authors are named; the ten with the most facades made {found.prolific:.0%} of them."
    return [
        f"By source: of {len(found.seen)}, {plain(source)} gives the most facades, {share:.0%} of them."
        if found.facades
        else "By source: there are no facades.",
        "By place: none is recorded. What the sources' tags and categories say is the nearest to it; landmarks, "
        "city centres and rich countries are photographed and uploaded far more often than others.",
        f"By author: {named}",
        "By rule: night shots, drawings, monochrome (so most historical) photographs and very wide or tall ones are "
        "left out wherever their filters are on; a source of such pictures loses more than others (column `kept`).",
    ]


def citation(found: Facts, version: str) -> str:
    """A BibTeX entry."""
    return (
        f"@misc{{facades-{version[:8]}, title = {{Facades: {found.facades} photographs of building facades}}, "
        f"note = {{version {version[:16]}; sources: {', '.join(found.seen)}}}}}"
    )


def _cite(found: Facts, version: str) -> Iterator[str]:
    yield "## How to cite"
    yield ""
    yield "Name the version, and thank whoever made the pictures that you show (`ATTRIBUTION.md`):"
    yield ""
    yield f"    {citation(found, version)}"
    yield ""


def removal(origin: Origin) -> Iterator[str]:
    """Lines on how to ask for an image to be left out."""
    whom = f"Write to {origin.contact}" if origin.contact else "Write to whoever gave you this dataset"
    yield "## How to ask for removal"
    yield ""
    yield (
        f"{whom} with the image's page, its address, its row here, or your name as its author. "
        "It is then left out with `facades dataset exclude`: "
        "the next version is without it and without what looks like it, and no new crawl brings it back. "
        "`facades dataset affected` names the versions and models that hold it still."
    )


def _counts(column: pa.ChunkedArray | pa.Array) -> dict[str, int]:
    """How often each value occurs, nulls aside, in the order of the values."""
    counted = column.drop_null().value_counts()
    return dict(sorted((str(pair["values"]), pair["counts"].as_py()) for pair in counted))
