"""Write the documents of a dataset: attribution, data card, Croissant metadata."""

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from crawler.rights.licenses import name_of, url_of
from curate.dataset import dataset_hash
from curate.documents.card import Origin, card, facts
from curate.documents.croissant import ENCODINGS, croissant
from curate.documents.hosts import host_counts
from curate.documents.markdown import plain
from curate.rules import CurateParams

ATTRIBUTION_FILE = "ATTRIBUTION.md"
CARD_FILE = "card.md"
CROISSANT_FILE = "croissant.json"


def write_documents(manifest: pa.Table, params: CurateParams, folder: Path, origin: Origin) -> None:
    """Write ATTRIBUTION.md, card.md and croissant.json.

    Args:
        manifest: the manifest of the dataset.
        params: the parameters of stage `curate`.
        folder: the folder of the dataset, with its arrays and tables.
        origin: facts about the sources.
    """
    kept = manifest.filter(manifest["row"].is_valid())
    version = dataset_hash(folder)
    found = facts(manifest)
    _write(folder / ATTRIBUTION_FILE, attribution(kept))
    _write(folder / CARD_FILE, card(found, origin, params, version))
    files = sorted(path for path in folder.iterdir() if path.suffix in ENCODINGS)
    described = croissant(found, origin, params, version, files, host_counts(kept))
    _write(folder / CROISSANT_FILE, [json.dumps(described, indent=2, ensure_ascii=False)])


def attribution(kept: pa.Table) -> Iterator[str]:
    """Yield the lines of ATTRIBUTION.md: the credit line of each facade, grouped by licence.

    Args:
        kept: the rows of the manifest that are kept.
    """
    yield "# Attribution"
    yield ""
    yield f"The {len(kept)} pictures of this dataset, by row; each is cropped and scaled from the work that is named."
    for license_id in sorted(set(kept["license"].to_pylist())):
        works = kept.filter(pc.equal(kept["license"], license_id))
        link = url_of(license_id)
        yield ""
        yield f"## {plain(name_of(license_id))} ({len(works)})"
        yield ""
        if link:
            yield f"<{link}>"
            yield ""
        for row, text in zip(works["row"].to_pylist(), works["attribution"].to_pylist(), strict=True):
            yield f"- {row}: {plain(text)}"


def _write(path: Path, lines: Iterator[str] | list[str]) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
