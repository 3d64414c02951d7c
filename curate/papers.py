"""The papers that go with a dataset: whom to thank, what is in it and why, and the same for machines."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from crawler.licenses import name_of, url_of
from curate.croissant import croissant
from curate.dataset import IMAGES_FILE, MANIFEST_FILE, SPLIT_FILE, dataset_hash
from curate.records import Reason, Split
from curate.rules import FILTERS, RULE_VERSION, CurateParams

ATTRIBUTION_FILE = "ATTRIBUTION.md"
CARD_FILE = "card.md"
CROISSANT_FILE = "croissant.json"


def write_papers(manifest: pa.Table, params: CurateParams, folder: Path) -> None:
    """Write ATTRIBUTION.md, card.md and croissant.json beside the arrays and the manifest that lie in `folder`."""
    kept = manifest.filter(manifest["row"].is_valid())
    version = dataset_hash(folder)
    _write(folder / ATTRIBUTION_FILE, attribution(kept))
    _write(folder / CARD_FILE, card(manifest, params, version))
    described = croissant(
        kept, params.image_size, version, [folder / n for n in (IMAGES_FILE, SPLIT_FILE, MANIFEST_FILE)]
    )
    _write(folder / CROISSANT_FILE, [json.dumps(described, indent=2, ensure_ascii=False)])


def attribution(kept: pa.Table) -> Iterator[str]:
    """Lines of Markdown: who made each facade, under which licence, licence by licence."""
    yield "# Attribution"
    yield ""
    yield f"Every picture in this dataset, {len(kept)} in all, cropped and scaled from the work named, by its row."
    for license_id in sorted(set(kept["license"].to_pylist())):
        works = kept.filter(pc.equal(kept["license"], license_id))
        link = url_of(license_id)
        yield ""
        yield f"## {_plain(name_of(license_id))} ({len(works)})"
        yield ""
        if link:
            yield f"<{link}>"
            yield ""
        for row, text in zip(works["row"].to_pylist(), works["attribution"].to_pylist(), strict=True):
            yield f"- {row}: {_plain(text)}"


def card(manifest: pa.Table, params: CurateParams, version: str) -> Iterator[str]:
    """Lines of Markdown: what the dataset holds, where it comes from, what was left out and by which rule."""
    kept = manifest.filter(manifest["row"].is_valid())
    splits = _counts(kept["split"])
    yield "# Facades"
    yield ""
    yield (
        f"{len(kept)} photographs of building facades, {params.image_size} × {params.image_size} pixels, RGB, each "
        f"with its origin, author and licence. Version `{version[:16]}`, rule version {RULE_VERSION}."
    )
    yield ""
    yield from _table("split", {name.value: splits.get(name, 0) for name in Split}, "facades")
    yield from _table("source", _counts(kept["source"]), "facades")
    yield from _table("licence", {name_of(i): n for i, n in _counts(kept["license"]).items()}, "facades")
    yield f"## Left out: {len(manifest) - len(kept)} of {len(manifest)} images"
    yield ""
    yield "Every image has one verdict and one reason, the first rule that objects; `manifest.parquet` has them all."
    yield ""
    dropped = _counts(manifest["reason"])
    yield from _table("reason", {reason.value: dropped[reason] for reason in Reason if reason in dropped}, "images")
    yield "## Rules"
    yield ""
    thresholds = {f.threshold: getattr(params.thresholds, f.threshold) for f in FILTERS}
    yield from _table(
        "threshold", {name: "off" if value is None else f"{value:g}" for name, value in thresholds.items()}
    )
    duplicates = params.duplicates
    yield (
        f"Duplicates: the same bytes, or hashes within {duplicates.radius} bits and a similarity of at least "
        f"{duplicates.similarity} after alignment{', mirrored copies too' if duplicates.mirrored else ''}. "
        f"Of each cluster stays the first by {', '.join(params.keeper)}."
    )
    yield ""
    yield "## Limits"
    yield ""
    yield "- Only the middle square of each photograph is here; what a filter measures, it measures there."
    yield "- The buildings are those that people photograph and upload: landmarks and rich countries come up too often."
    yield "- People, vehicles and signs may appear at a few pixels. To have a picture left out: `facades exclude`."


def _counts(column: pa.ChunkedArray) -> dict[str, int]:
    """How often each value occurs, nulls aside, in the order of the values."""
    counted = column.drop_null().value_counts()
    return dict(sorted((str(pair["values"]), pair["counts"].as_py()) for pair in counted))


def _table(title: str, rows: Mapping[str, object], unit: str = "") -> Iterator[str]:
    yield f"| {title} | {unit} |"
    yield "|---|---|"
    for name, value in rows.items():
        yield f"| {_plain(name)} | {value} |"
    yield ""


def _plain(text: str) -> str:
    """What came from the web as one line of text that Markdown and HTML leave as it is, addresses aside."""
    parts = re.split(r"(https?://[^\s<>()]+)", " ".join(text.split()))
    escaped = [part if part.startswith("http") else re.sub(r"([\\`*_{}\[\]<>#|~&!])", r"\\\1", part) for part in parts]
    return "".join(escaped)


def _write(path: Path, lines: Iterator[str] | list[str]) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
