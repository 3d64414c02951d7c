"""The dataset described for machines, as Croissant 1.1 with the vocabulary of responsible AI.

https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html
https://docs.mlcommons.org/croissant/docs/croissant-rai-spec.html
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crawler.rights.licenses import url_of
from curate.documents.card import Facts, Origin, biases, citation, removal, thresholds
from curate.rules import CurateParams

_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The official context, as the specification's appendix has it."""

_FIELDS = {
    "sha256": ("sc:Text", "of the exact bytes of the original image"),
    "source": ("sc:Text", "the source that it was gathered from"),
    "image_url": ("sc:URL", "where the original lies"),
    "page_url": ("sc:URL", "the page that it was found on"),
    "title": ("sc:Text", "as the source has it"),
    "author": ("sc:Text", "as the source has it"),
    "license": ("sc:Text", "a normalised id: SPDX's, or that of rightsstatements.org"),
    "license_url": ("sc:URL", "the text of the licence"),
    "attribution": ("sc:Text", "one line, ready to print"),
    "decision": ("sc:Text", "kept or dropped"),
    "reason": ("sc:Text", "why it was dropped"),
    "measure": ("sc:Text", "the measure that decided"),
    "value": ("sc:Float", "its value"),
    "threshold": ("sc:Float", "what the value was held against"),
    "cluster": ("sc:Text", "sha256 of the keeper of its duplicates"),
    "keeper": ("sc:Text", "sha256 of the duplicate that it lost to"),
    "row": ("sc:Integer", "its place in images.npy and split.npy"),
    "split": ("sc:Text", "train or holdout"),
}

ENCODINGS = {".npy": "application/octet-stream", ".parquet": "application/x-parquet"}
"""The files of a dataset that are data, by their suffix."""

_EQUIVALENT = {
    "image_url": "sc:contentUrl",
    "page_url": "sc:url",
    "title": "sc:name",
    "author": "sc:creator",
    "license_url": "sc:license",
    "attribution": "sc:creditText",
}
"""What schema.org calls a property of each image."""


def croissant(
    found: Facts, origin: Origin, params: CurateParams, version: str, files: Sequence[Path]
) -> dict[str, Any]:
    """JSON-LD for the dataset of that hash, whose manifest is among its `files`.

    It has no date: equal facades give equal papers, whenever they were gathered.
    """
    size = params.image_size
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": "facades",
        "description": (
            f"{found.facades} photographs of building facades as uint8 RGB of {size} × {size} pixels, "
            "with the origin, author, licence and reason of every image that was looked at."
        ),
        "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
        "version": f"1.0.0+{version[:16]}",
        "license": sorted({url_of(license_id) or license_id for license_id in found.licenses}),
        "citeAs": citation(found, version),
        "keywords": ["facades", "architecture", "buildings", "photographs"],
        "isLiveDataset": False,
        **_responsible(found, origin, params),
        "distribution": [_file(path) for path in files],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "images",
                "name": "images",
                "description": "The decision on every image; the facades are those with a row.",
                "key": [{"@id": "images/sha256"}, {"@id": "images/source"}],
                "field": [_field(name, kind, what) for name, (kind, what) in _FIELDS.items()],
            }
        ],
    }


def _responsible(found: Facts, origin: Origin, params: CurateParams) -> dict[str, Any]:
    """The fields of the RAI vocabulary that have an answer here."""
    asked = "; ".join(f"{source}: {origin.entries.get(source) or 'not told'}" for source in found.seen)
    reasons = ", ".join(f"{name} {count}" for name, count in found.reasons.items()) or "none"
    lines = ", ".join(f"{name} {line}" for name, line in thresholds(params).items())
    return {
        "rai:dataCollection": f"Crawled from the sources named, or read from folders. {asked}.",
        "rai:dataCollectionType": ["Software Collection"],
        "rai:dataCollectionMissingData": (
            f"Of {found.images} images {found.images - found.facades} were left out: {reasons}. "
            "Each has its row, with the reason, in manifest.parquet."
        ),
        "rai:dataCollectionRawData": "The exact bytes that the servers sent, as web archives (WARC), named by sha256.",
        "rai:dataPreprocessingProtocol": [
            f"The middle square of each photograph in sRGB, scaled to {params.image_size} pixels on a side.",
            f"Left out by thresholds: {lines}.",
            f"One of each cluster of duplicates stays, by {', '.join(params.keeper)}.",
        ],
        "rai:dataAnnotationProtocol": ["Nobody labelled the images; titles, authors and tags are the sources' own."],
        "rai:dataBiases": biases(found),
        "rai:dataLimitations": ["Only the middle square of each photograph is here, at a low resolution."],
        "rai:dataUseCases": ["Training and testing small generative models; studying curation and provenance."],
        "rai:personalSensitiveInformation": [
            "People and vehicles may appear at a few pixels; names of authors are given as their licences ask."
        ],
        "rai:dataReleaseMaintenancePlan": " ".join(line for line in list(removal(origin))[2:] if line),
    }


def _file(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "@type": "cr:FileObject",
        "@id": path.name,
        "name": path.name,
        "contentUrl": path.name,
        "contentSize": f"{path.stat().st_size} B",
        "encodingFormat": ENCODINGS[path.suffix],
        "sha256": digest,
    }


def _field(name: str, kind: str, what: str) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"images/{name}",
        "name": name,
        "description": what,
        "dataType": kind,
        **({"equivalentProperty": _EQUIVALENT[name]} if name in _EQUIVALENT else {}),
        "source": {"fileObject": {"@id": "manifest.parquet"}, "extract": {"column": name}},
    }
