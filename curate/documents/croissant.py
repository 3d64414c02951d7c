"""Describe a dataset for machines: Croissant 1.1 with the vocabulary of responsible AI (RAI), PROV-O and ODRL.

https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html
https://docs.mlcommons.org/croissant/docs/croissant-rai-spec.html
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from common.described import Column
from crawler.rights.licenses import url_of
from curate.documents import lineage, policies
from curate.documents.card import Facts, Origin, biases, citation, removal, thresholds
from curate.documents.conditions import conditions
from curate.rules import CurateParams
from curate.schemas import MANIFEST_COLUMNS

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
    **lineage.CONTEXT,
    **policies.CONTEXT,
}
"""The JSON-LD context in the appendix of the specification, and the prefixes of other vocabularies."""

_TYPES = {
    "sha256": "sc:Text",
    "source": "sc:Text",
    "image_url": "sc:URL",
    "page_url": "sc:URL",
    "title": "sc:Text",
    "author": "sc:Text",
    "license": "sc:Text",
    "license_url": "sc:URL",
    "attribution": "sc:Text",
    "latitude": "sc:Float",
    "longitude": "sc:Float",
    "heading": "sc:Float",
    "taken": "sc:Text",
    "wikidata": "sc:Text",
    "digital_source_type": "sc:Text",
    "decision": "sc:Text",
    "reason": "sc:Text",
    "measure": "sc:Text",
    "value": "sc:Float",
    "threshold": "sc:Float",
    "cluster": "sc:Text",
    "keeper": "sc:Text",
    "row": "sc:Integer",
    "split": "sc:Text",
}
"""The columns of the manifest that are described, and their types."""

ENCODINGS = {".npy": "application/octet-stream", ".parquet": "application/x-parquet"}
"""The media types of the dataset's data files, by suffix."""

_EQUIVALENT = {
    "image_url": "sc:contentUrl",
    "page_url": "sc:url",
    "title": "sc:name",
    "author": "sc:creator",
    "license_url": "sc:license",
    "attribution": "sc:creditText",
    "latitude": "sc:latitude",
    "longitude": "sc:longitude",
    "taken": "sc:dateCreated",
    "digital_source_type": "sc:digitalSourceType",
}
"""The properties of schema.org that are equivalent to a column."""


def croissant(
    found: Facts,
    origin: Origin,
    params: CurateParams,
    version: str,
    files: Sequence[Path],
    hosts: Mapping[str, Mapping[str, int]],
) -> dict[str, Any]:
    """Return the JSON-LD document of a dataset. It has no date, so equal datasets have equal documents.

    Args:
        found: the counts in the manifest.
        origin: facts about the sources.
        params: the parameters of stage `curate`.
        version: the dataset's hash (`curate.dataset.dataset_hash`).
        files: its data files, the manifest among them.
        hosts: by source, the facades of each host (`curate.documents.hosts.host_counts`).
    """
    size = params.image_size
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": "facades",
        "description": (
            f"{found.facades} photographs of building facades as uint8 RGB of {size} × {size} pixels, "
            "with the origin, author, licence and decision of every image that was examined."
        ),
        "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
        "version": f"1.0.0+{version[:16]}",
        "license": sorted({url_of(license_id) or license_id for license_id in found.licenses}),
        "citeAs": citation(found, version),
        "keywords": ["facades", "architecture", "buildings", "photographs"],
        "isLiveDataset": False,
        **_responsible(found, origin, params),
        **lineage.lineage(found, origin, hosts),
        "usageInfo": [policies.offer(license_id, count) for license_id, count in found.licenses.items()],
        "distribution": [_file(path) for path in files],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "images",
                "name": "images",
                "description": "The decision on every image; the facades are the images with a row.",
                "key": [{"@id": "images/sha256"}, {"@id": "images/source"}],
                "field": [_field(column, _TYPES[column.name]) for column in MANIFEST_COLUMNS if column.name in _TYPES],
            }
        ],
    }


def _responsible(found: Facts, origin: Origin, params: CurateParams) -> dict[str, Any]:
    """Return the properties of the RAI vocabulary that apply."""
    queries = "; ".join(f"{source}: {origin.entries.get(source) or 'not recorded'}" for source in found.seen)
    reasons = ", ".join(f"{name} {count}" for name, count in found.reasons.items()) or "none"
    limits = ", ".join(f"{name} {limit}" for name, limit in thresholds(params).items())
    stated = ", ".join(f"{name} {value}" for name, value in conditions(params).items()) or "none"
    return {
        "rai:dataCollection": f"Crawled from these sources, or read from folders. {queries}.",
        "rai:dataCollectionType": ["Software Collection"],
        "rai:dataCollectionMissingData": (
            f"Of {found.images} images {found.images - found.facades} were left out: {reasons}. "
            "Each has its row, with the reason, in manifest.parquet."
        ),
        "rai:dataCollectionRawData": "The exact bytes that the servers sent, as web archives (WARC), named by sha256.",
        "rai:dataPreprocessingProtocol": [
            f"The middle square of each photograph in sRGB, scaled to {params.image_size} pixels on a side.",
            f"Left out by thresholds: {limits}.",
            f"Left out by conditions and caps: {stated}.",
            f"One image of each cluster of duplicates is kept, chosen by {', '.join(params.keeper)}.",
        ],
        "rai:dataAnnotationProtocol": [
            "The images were not labelled; titles, authors and tags are copied from the sources."
        ],
        "rai:dataBiases": biases(found),
        "rai:dataLimitations": ["The dataset contains only the middle square of each photograph, at a low resolution."],
        "rai:dataUseCases": ["Training and testing small generative models; studying curation and provenance."],
        "rai:personalSensitiveInformation": [
            "People and vehicles may be visible at a few pixels; authors are named as their licences require; "
            "coordinates are those that a source or a file published, and may be those of a home."
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


def _field(column: Column, type_: str) -> dict[str, Any]:
    name = column.name
    return {
        "@type": "cr:Field",
        "@id": f"images/{name}",
        "name": name,
        "description": column.description,
        "dataType": type_,
        **({"equivalentProperty": _EQUIVALENT[name]} if name in _EQUIVALENT else {}),
        "source": {"fileObject": {"@id": "manifest.parquet"}, "extract": {"column": name}},
    }
