"""The dataset described for machines: Croissant 1.1 (https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html)."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from crawler.licenses import url_of

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


def croissant(kept: pa.Table, image_size: int, version: str, files: Sequence[Path]) -> dict[str, Any]:
    """JSON-LD for a dataset of the `kept` rows of its manifest, which is among its `files`, named by its hash."""
    licenses = sorted({url_of(license_id) or license_id for license_id in kept["license"].to_pylist()})
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": "facades",
        "description": (
            f"{len(kept)} photographs of building facades as uint8 RGB of {image_size} × {image_size} pixels, "
            "with the origin, author, licence and reason of every image that was looked at."
        ),
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "version": f"1.0.0+{version[:16]}",
        "license": licenses,
        "keywords": ["facades", "architecture", "buildings", "photographs"],
        "isLiveDataset": False,
        "distribution": [_file(path) for path in files],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "images",
                "name": "images",
                "description": "The decision on every image; the facades are those with a row.",
                "field": [_field(name, kind, what) for name, (kind, what) in _FIELDS.items()],
            }
        ],
    }


def _file(path: Path) -> dict[str, Any]:
    encoding = {".npy": "application/octet-stream", ".parquet": "application/x-parquet"}[path.suffix]
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "@type": "cr:FileObject",
        "@id": path.name,
        "name": path.name,
        "contentUrl": path.name,
        "contentSize": f"{path.stat().st_size} B",
        "encodingFormat": encoding,
        "sha256": digest,
    }


def _field(name: str, kind: str, what: str) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"images/{name}",
        "name": name,
        "description": what,
        "dataType": kind,
        "source": {"fileObject": {"@id": "manifest.parquet"}, "extract": {"column": name}},
    }
