"""The documents of a dataset: their numbers are the manifest's, and mlcroissant accepts and reads croissant.json."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlcroissant
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rdflib

from curate.documents import policies
from curate.documents.card import Origin, biases, facts
from curate.documents.markdown import plain, table
from curate.documents.write import write_documents
from curate.rules import CurateParams
from curate.schemas import MANIFEST

ORIGIN = Origin({"museum": "iiif, manifest https://a.invalid/m", "town": "demo, buildings 9"}, "ann@example.invalid")


PLACES = {0: (48.8582, 2.2945), 1: (48.8606, 2.3376), 2: (52.5163, 13.3777), 3: (0.0, -140.0)}
"""By number of a row: two in Paris, one in Berlin, one in the Pacific."""


def row(number: int, **values: Any) -> dict[str, Any]:
    sha256 = hashlib.sha256(str(number).encode()).hexdigest()
    return {
        "sha256": sha256,
        "source": "town",
        "image_url": f"https://a.invalid/{number}.jpg",
        "page_url": f"https://a.invalid/{number}",
        "title": "A *house* | <b>",
        "author": ("Ann", "Bob")[number % 2],
        "license": "CC-BY-4.0",
        "license_url": "https://creativecommons.org/licenses/by/4.0/",
        "attribution": "A *house*, by Ann",
        "tags": ["Paris"],
        "decision": "kept",
        "cluster": sha256,
        "split": "train",
        "rule_version": 1,
        **values,
    }


@pytest.fixture(scope="module")
def manifest() -> pa.Table:
    dropped = {"decision": "dropped", "split": None}
    rows = [
        *(row(number) for number in range(6) if number not in PLACES),
        row(6, source="museum", license="CC0-1.0", author="", tags=[], split="holdout"),
        *(row(number, latitude=place[0], longitude=place[1], taken="1998-05") for number, place in PLACES.items()),
        row(7, source="museum", reason="dark", measure="highlight", value=0.1, threshold=0.32, **dropped),
        row(8, reason="excluded", **dropped),
    ]
    rows.sort(key=lambda one: one["sha256"])
    number = 0
    for one in rows:
        one["row"] = number if one["decision"] == "kept" else None
        number += one["decision"] == "kept"
    return pa.Table.from_pylist(rows, MANIFEST)


@pytest.fixture(scope="module")
def folder(manifest: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dataset")
    np.save(folder / "images.npy", np.zeros((7, 3, 64, 64), np.uint8))
    np.save(folder / "split.npy", np.zeros(7, np.uint8))
    pq.write_table(manifest, folder / "manifest.parquet")
    write_documents(manifest, CurateParams(), folder, ORIGIN)
    return folder


def test_the_counts_are_those_of_the_manifest(manifest: pa.Table) -> None:
    found = facts(manifest)
    assert (found.images, found.facades, found.untagged) == (9, 7, 1)
    assert found.seen == {"museum": 2, "town": 7}
    assert found.kept == {"museum": 1, "town": 6}
    assert found.licenses == {"CC-BY-4.0": 6, "CC0-1.0": 1}
    assert list(found.reasons.items()) == [("excluded", 1), ("dark", 1)]  # in the order of the rules
    assert found.authors == (3, 3)
    assert found.tags == {"Paris": 6}
    source, share = found.largest
    assert (source, share) == ("town", pytest.approx(6 / 7))
    assert found.prolific == pytest.approx(6 / 7)


def test_facades_are_counted_by_country_or_by_source(manifest: pa.Table) -> None:
    found = facts(manifest)
    assert list(found.countries.items()) == [("FR", 2), ("", 1), ("DE", 1)]
    assert found.unplaced == {"museum": 1, "town": 2}
    assert sum(found.countries.values()) + sum(found.unplaced.values()) == found.facades


def test_an_empty_dataset_has_documents_too(tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", np.zeros((0, 3, 64, 64), np.uint8))
    np.save(tmp_path / "split.npy", np.zeros(0, np.uint8))
    manifest = MANIFEST.empty_table()
    pq.write_table(manifest, tmp_path / "manifest.parquet")
    write_documents(manifest, CurateParams(), tmp_path, Origin())
    assert "there are no facades" in (tmp_path / "card.md").read_text()
    assert mlcroissant.Dataset(jsonld=tmp_path / "croissant.json").metadata.name == "facades"


def test_the_card_has_all_its_sections_and_numbers(folder: Path) -> None:
    text = (folder / "card.md").read_text()
    for line in (
        "| town | demo, buildings 9 | 7 | 6 | 86% |",
        "| museum | iiif, manifest https://a.invalid/m | 2 | 1 | 50% |",
        "## Left out: 2 of 9 images",
        "| dark | 1 |",
        "| CC0 1.0 | 1 |",
        "- By source: of 2 sources, town has the most facades, 86% of all.",
        "| Paris | 6 |",
        "## How to cite",
        "## How to ask for removal",
    ):
        assert line in text, text
    assert "Write to ann@example.invalid" in text
    assert "`facades dataset exclude`" in text


def test_the_card_is_the_golden_one(folder: Path, golden: Callable[[str, str], None]) -> None:
    golden("card.md", (folder / "card.md").read_text(encoding="utf-8"))


def test_attribution_has_an_escaped_line_for_each_facade(folder: Path) -> None:
    lines = (folder / "ATTRIBUTION.md").read_text().splitlines()
    assert Counter(line.split(":")[0] for line in lines if line.startswith("- ")) == Counter(
        f"- {number}" for number in range(7)
    )
    assert all(r"A \*house\*, by Ann" in line for line in lines if line.startswith("- "))


def test_mlcroissant_reads_the_licence_creator_and_url_of_each_image(folder: Path, manifest: pa.Table) -> None:
    dataset = mlcroissant.Dataset(jsonld=folder / "croissant.json")
    assert not dataset.metadata.ctx.issues.errors
    metadata = dataset.metadata
    assert metadata.data_biases == biases(facts(manifest))
    assert "museum: iiif" in metadata.data_collection
    assert "ann@example.invalid" in metadata.data_release_maintenance_plan
    for name in ("data_limitations", "data_use_cases", "personal_sensitive_information", "cite_as"):
        assert getattr(metadata, name), name
    records = list(dataset.records("images"))
    assert len(records) == 9
    by_sha = {one["sha256"]: one for one in manifest.to_pylist()}
    for record in records:
        row = by_sha[record["images/sha256"].decode()]
        for name in ("license", "license_url", "author", "image_url", "page_url", "attribution"):
            assert record[f"images/{name}"].decode() == row[name]
        assert record["images/latitude"] == pytest.approx(row["latitude"], nan_ok=True) or row["latitude"] is None
        assert row["taken"] is None or record["images/taken"].decode() == row["taken"]


def test_croissant_has_the_lineage_of_each_source(folder: Path) -> None:
    described = json.loads((folder / "croissant.json").read_text())
    museum, town = described["prov:wasDerivedFrom"]
    assert (museum["@id"], museum["prov:label"], museum["prov:atLocation"]) == (
        "sources/museum",
        "museum",
        ["a.invalid"],
    )
    assert town["description"] == "demo, buildings 9; facades: 6"
    assert museum["prov:wasGeneratedBy"]["@type"] == "prov:Activity"
    used = [entity["@id"] for entity in described["prov:wasGeneratedBy"]["prov:used"]]
    assert used == ["sources/museum", "sources/town"]


def test_croissant_has_the_terms_of_each_licence(folder: Path) -> None:
    by, zero = json.loads((folder / "croissant.json").read_text())["usageInfo"]
    assert (by["identifier"], by["url"]) == ("CC-BY-4.0", "https://creativecommons.org/licenses/by/4.0/")
    duties = [duty["odrl:action"]["@id"] for duty in by["odrl:permission"]["odrl:duty"]]
    assert duties == ["cc:Notice", "cc:Attribution"]
    assert "odrl:duty" not in zero["odrl:permission"]


@pytest.mark.parametrize(
    ("license_id", "permitted", "duties", "prohibited"),
    [
        ("CC0-1.0", "Reproduction Distribution DerivativeWorks", "", ""),
        ("PDM-1.0", "Reproduction Distribution DerivativeWorks", "", ""),
        ("CC-BY-2.5", "Reproduction Distribution DerivativeWorks", "Notice Attribution", ""),
        ("CC-BY-SA-3.0-DE", "Reproduction Distribution DerivativeWorks", "Notice Attribution ShareAlike", ""),
        ("CC-BY-ND-4.0", "Reproduction Distribution", "Notice Attribution", "DerivativeWorks"),
        (
            "CC-BY-NC-SA-4.0",
            "Reproduction Distribution DerivativeWorks",
            "Notice Attribution ShareAlike",
            "CommercialUse",
        ),
        ("CC-BY-NC-ND-2.0", "Reproduction Distribution", "Notice Attribution", "CommercialUse DerivativeWorks"),
        *((name, "", "", "") for name in ("unknown", "InC-1.0", "NKC-1.0", "NoC-US-1.0", "GFDL-1.2-or-later", "X-1.0")),
    ],
)
def test_terms_that_are_not_certain_permit_nothing(
    license_id: str, permitted: str, duties: str, prohibited: str
) -> None:
    node = policies.offer(license_id, 1)
    permission = node.get("odrl:permission", {})
    assert [one["@id"] for one in permission.get("odrl:action", [])] == [f"cc:{term}" for term in permitted.split()]
    assert [one["odrl:action"]["@id"] for one in permission.get("odrl:duty", [])] == [
        f"cc:{term}" for term in duties.split()
    ]
    assert [one["odrl:action"]["@id"] for one in node.get("odrl:prohibition", [])] == [
        f"cc:{term}" for term in prohibited.split()
    ]
    assert ("odrl:Offer" in node["@type"]) == bool(permitted)


def test_a_reader_of_rdf_finds_lineage_and_terms(folder: Path) -> None:
    graph = rdflib.Dataset().parse(folder / "croissant.json", format="json-ld")
    prov, odrl = rdflib.Namespace("http://www.w3.org/ns/prov#"), rdflib.Namespace("http://www.w3.org/ns/odrl/2/")
    assert len(list(graph.subjects(rdflib.RDF.type, prov.Entity))) == 2
    assert len(list(graph.subjects(rdflib.RDF.type, odrl.Offer))) == 2
    assert len(list(graph.objects(None, odrl.duty))) == 2


def test_croissant_is_1_1_with_rai(folder: Path) -> None:
    described = json.loads((folder / "croissant.json").read_text())
    assert described["conformsTo"] == ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]
    for entry in described["distribution"]:
        assert hashlib.sha256((folder / entry["name"]).read_bytes()).hexdigest() == entry["sha256"]


def test_text_from_the_web_is_escaped_in_markdown() -> None:
    assert plain("a | b\n<i>*x*</i>") == r"a \| b \<i\>\*x\*\</i\>"
    assert plain("see https://a.invalid/x_y_z") == "see https://a.invalid/x_y_z"
    assert plain("https://a.invalid/[x](javascript:y)|") == r"https://a.invalid/%5Bx%5D(javascript:y)\|"
    assert list(table(("a", "b"), [("1|2", 3)])) == ["| a | b |", "|---|---|", r"| 1\|2 | 3 |", ""]
