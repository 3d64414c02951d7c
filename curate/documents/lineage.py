"""The lineage of a dataset for machines: PROV-O, as the Croissant specification 1.1 recommends.

https://www.w3.org/TR/prov-o/

It has no dates and no snapshot labels, so that a crawl that finds the same images leaves the document as it is. The
documents of a model have both.
"""

from collections.abc import Mapping
from typing import Any

from curate.documents.card import Facts, Origin
from curate.rules import RULE_VERSION

CONTEXT = {"prov": "http://www.w3.org/ns/prov#"}
"""The prefix of a document with a lineage."""

HOSTS = 1000  # of a source that are listed, those with the most facades first

_SOFTWARE = {"@id": "agents/facades", "@type": "prov:SoftwareAgent", "prov:label": "facades"}


def lineage(found: Facts, origin: Origin, hosts: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """Return the properties of a dataset that say what it was derived from, and by which activities.

    Args:
        found: the counts in the manifest.
        origin: facts about the sources.
        hosts: by source, the facades of each host (`curate.documents.hosts.host_counts`).
    """
    sources = [_source(name, origin, found.kept[name], hosts.get(name, {})) for name in found.seen]
    return {
        "prov:wasDerivedFrom": sources,
        "prov:wasGeneratedBy": {
            "@id": "activities/curate",
            "@type": "prov:Activity",
            "prov:label": "curate",
            "description": f"One decision on each image of all sources, by rule version {RULE_VERSION}.",
            "prov:used": [{"@id": source["@id"]} for source in sources],
            "prov:wasAssociatedWith": _SOFTWARE,
        },
    }


def _source(name: str, origin: Origin, facades: int, hosts: Mapping[str, int]) -> dict[str, Any]:
    listed = list(hosts)[:HOSTS]
    return {
        "@id": f"sources/{name}",
        "@type": ["prov:Entity", "prov:Collection"],
        "prov:label": name,
        "description": f"{origin.entries.get(name) or 'not recorded'}; facades: {facades}",
        **({"prov:atLocation": listed} if listed else {}),
        "prov:wasGeneratedBy": {
            "@id": f"activities/crawl/{name}",
            "@type": "prov:Activity",
            "prov:label": f"crawl of {name}",
            "prov:wasAssociatedWith": {"@id": _SOFTWARE["@id"]},
        },
    }
