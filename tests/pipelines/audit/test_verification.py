"""`verify` finds each kind of tampering with the check for it."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML

from pipelines.audit.verification import signals, verify
from pipelines.audit.verification.check import spread
from pipelines.versions.repository import Repository
from pipelines.versions.version import open_version
from tests.pipelines.audit.conftest import write_archive

if TYPE_CHECKING:
    from tests.pipelines.audit.conftest import Town

pytestmark = pytest.mark.integration

FILES = "files have the md5 of dvc.lock"


def failures(town: "Town", rev: str = "workspace", sample: int | None = None) -> dict[str, list[str]]:
    version = open_version(Repository(town.folder), rev)
    return {check.name: check.failures for check in verify(version, sample) if check.failures}


def test_intact_versions_pass_every_check(story: "Town") -> None:
    for rev in ("workspace", "HEAD", "v1.0.0"):
        checks = list(verify(open_version(Repository(story.folder), rev)))
        assert {check.name: check.failures for check in checks if check.failures} == {}
        assert all(check.looked_at for check in checks), "a check that looked at nothing"
        assert not [check.name for check in checks if check.skipped]
    assert len(checks) == 25


@pytest.mark.parametrize(
    ("option", "value"),
    [("trim", True), ("image_size", 32), pytest.param("image_size", 128, marks=pytest.mark.slow)],
)
def test_a_healthy_dataset_is_sound_whatever_the_options_of_prepare(
    town: "Town", option: str, value: bool | int
) -> None:
    town.sources["town"] = [replace(building, frame=12) for building in town.sources["town"]]
    town.take()
    before = np.load(town.folder / "data/dataset/images.npy")
    town.params["curate"][option] = value
    town.take()
    assert not np.array_equal(np.load(town.folder / "data/dataset/images.npy"), before)
    assert failures(town) == {}


def edit(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    table = change(pq.read_table(path))
    path.unlink()  # it may be a link into the cache
    pq.write_table(table, path)


def with_column(name: str, change: Callable[[list[object]], list[object]]) -> Callable[[pa.Table], pa.Table]:
    def changed(table: pa.Table) -> pa.Table:
        place = table.schema.get_field_index(name)
        field = table.schema.field(name)
        return table.set_column(place, field, pa.array(change(table[name].to_pylist()), field.type))

    return changed


def images(town: "Town", change: Callable[[np.ndarray], np.ndarray | None], name: str = "images.npy") -> None:
    path = town.folder / "data/dataset" / name
    array = np.load(path)
    made = change(array)
    path.unlink()
    np.save(path, array if made is None else made)


def _flip(array: np.ndarray) -> None:
    array[3, 1, 20, 20] ^= 1


def _swap(array: np.ndarray) -> None:
    array[[2, 5]] = array[[5, 2]]


def _manifest(column: str, change: Callable[[list[object]], list[object]]) -> Callable[["Town"], None]:
    return lambda town: edit(town.folder / "data/dataset/manifest.parquet", with_column(column, change))


def _first(condition: Callable[[object], bool], value: object) -> Callable[[list[object]], list[object]]:
    """The first value that meets a condition becomes another."""

    def change(values: list[object]) -> list[object]:
        place = next(place for place, old in enumerate(values) if condition(old))
        return [*values[:place], value, *values[place + 1 :]]

    return change


def _edit_text(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.unlink()  # it may be a link into the cache
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def _lose(town: "Town") -> None:
    (town.folder / "data/archive/town/00000.warc").unlink()


def _damage(town: "Town") -> None:
    path = town.folder / "data/archive/town/00000.warc"
    row = pq.read_table(path.parent / "index.parquet").to_pylist()[4]
    content = bytearray(path.read_bytes())
    content[row["offset"] + 100] ^= 255
    path.unlink()
    path.write_bytes(content)


def _stale_lock(town: "Town") -> None:
    old = town.git("show", f"{town.commits['threshold']}:dvc.lock")
    (town.folder / "dvc.lock").write_text(old)


def _stale_params(town: "Town") -> None:
    path = town.folder / "params.yaml"
    path.write_text(path.read_text().replace("min_side: 120", "min_side: 130"))


def _take_source_out(town: "Town") -> None:
    town.params["sources"].pop("museum")
    YAML().dump(town.params, town.folder / "params.yaml")


def _lose_attribution(town: "Town") -> None:
    path = town.folder / "data/dataset/ATTRIBUTION.md"
    lines = path.read_text().splitlines(keepends=True)
    path.unlink()
    path.write_text("".join(line for line in lines if not line.startswith("- 7: ")))


def _edit_croissant(change: Callable[[dict[str, Any]], object]) -> Callable[["Town"], None]:
    def edited(town: "Town") -> None:
        path = town.folder / "data/dataset/croissant.json"
        described = json.loads(path.read_text())
        change(described)
        path.unlink()
        path.write_text(json.dumps(described))

    return edited


def _other_file(town: "Town") -> None:
    (town.folder / "data/dataset/extra.npy").write_bytes(b"more")


TAMPERINGS: list[tuple[str, Callable[["Town"], None], str, str]] = [
    (
        "a flipped pixel",
        lambda t: images(t, _flip),
        "facades are the crops of the archived bytes",
        "images.npy row 3, ",
    ),
    (
        "a flipped pixel, against prepared",
        lambda t: images(t, _flip),
        "facades are those of the prepared tables",
        "row 3, ",
    ),
    (
        "a bit of a perceptual hash",
        lambda t: edit(
            t.folder / "data/prepared/town.parquet",
            with_column("phash", lambda values: [values[0] ^ 1, *values[1:]]),  # type: ignore[operator]
        ),
        "perceptual hashes are imagehash's of the thumbnails",
        "phash in data/prepared/town.parquet is not that of its thumbnail",
    ),
    ("a swapped row", lambda t: images(t, _swap), "facades are the crops of the archived bytes", "images.npy row 2, "),
    (
        "a facade too few",
        lambda t: images(t, lambda a: a[:-1]),
        "images.npy has a facade for each image kept",
        "expected uint8 (18",
    ),
    (
        "another split",
        lambda t: images(t, lambda a: 1 - a, "split.npy"),
        "split.npy agrees with the manifest",
        "another split",
    ),
    (
        "an edited licence",
        _manifest("license", _first(lambda v: True, "CC0-1.0")),
        "the manifest has the metadata of the sources",
        "license is not that of",
    ),
    (
        "a licence that is not allowed",
        _manifest("license", lambda values: ["InC-1.0"] * len(values)),
        "licences of kept images are allowed",
        "kept under InC-1.0, which is not allowed",
    ),
    ("an unknown reason", _manifest("reason", _first(bool, "ugly")), "decisions are complete", "reason is not one of"),
    (
        "a reason withdrawn",
        _manifest("reason", _first(bool, None)),
        "decisions are complete",
        "kept with a reason, or dropped without",
    ),
    (
        "a row number",
        _manifest("row", _first(lambda v: v == 4, 5)),
        "rows are numbered by sha256",
        "its row is not its rank",
    ),
    (
        "a keeper",
        _manifest("keeper", _first(bool, "0" * 64)),
        "keepers and clusters exist",
        "its keeper is not in the manifest",
    ),
    (
        "a kept picture that AI made",
        _manifest("digital_source_type", lambda values: ["trainedAlgorithmicMedia"] * len(values)),
        "kept images are wanted, and no more than the caps",
        "kept against curate.where.digital_source_type",
    ),
    (
        "another order",
        lambda t: edit(
            t.folder / "data/dataset/manifest.parquet", lambda table: table.take([1, 0, *range(2, len(table))])
        ),
        "rows are in order, each once",
        "row 0 is not in the order",
    ),
    (
        "a row too few",
        lambda t: edit(t.folder / "data/dataset/manifest.parquet", lambda table: table.slice(1)),
        "every image of every source has its row",
        "but without a row",
    ),
    (
        "a row twice",
        lambda t: edit(t.folder / "data/dataset/manifest.parquet", lambda table: table.take([0, *range(len(table))])),
        "rows are in order, each once",
        "twice in the manifest",
    ),
    (
        "a column too few",
        lambda t: edit(t.folder / "data/dataset/manifest.parquet", lambda table: table.drop_columns(["author"])),
        "the manifest has its columns",
        "column author: found nothing, expected string",
    ),
    (
        "a label",
        lambda t: edit(t.folder / "data/dataset/names.parquet", with_column("tags", lambda v: [["x"], *v[1:]])),
        "names.parquet agrees with the manifest",
        "names.parquet has another tags",
    ),
    ("a missing shard", _lose, FILES, "data/archive/town/00000.warc: missing in the work tree"),
    ("a damaged shard", _damage, "archives contain the bytes of their sha256", "are not those of"),
    ("a stale lock", _stale_lock, FILES, "dvc.lock has"),
    ("other parameters", _stale_params, "stages ran with params.yaml", "found 130"),
    ("a source taken out", _take_source_out, "stages ran with params.yaml", "sources.museum"),
    ("a file that no stage made", _other_file, FILES, "data/dataset/extra.npy: in the folder, but not in dvc.lock"),
    ("a line of ATTRIBUTION.md", _lose_attribution, "ATTRIBUTION.md names every facade", "- 7: "),
    (
        "a hash in croissant.json",
        _edit_croissant(lambda c: c["distribution"][0].update(sha256="0" * 64)),
        "croissant.json describes these files",
        "images.npy: found sha256",
    ),
    (
        "a figure of a model card",
        lambda t: _edit_text(t.folder / "models/facade/card.md", "Training images: ", "Training images: 1"),
        "documents of models match the outputs of the stages",
        "models/facade/card.md: line ",
    ),
    (
        "the training content of a model",
        lambda t: _edit_text(t.folder / "models/facade/training-content.md", "\n12. ", "\n13. "),
        "documents of models match the outputs of the stages",
        "models/facade/training-content.md: line ",
    ),
    (
        "a field of croissant.json",
        _edit_croissant(lambda c: c["recordSet"][0]["field"][0]["source"]["extract"].update(column="nowhere")),
        "mlcroissant loads records through croissant.json",
        "croissant.json: ",
    ),
]


@pytest.mark.parametrize(
    ("tamper", "check", "message"), [one[1:] for one in TAMPERINGS], ids=[one[0] for one in TAMPERINGS]
)
def test_tampering_is_found(town: "Town", tamper: Callable[["Town"], None], check: str, message: str) -> None:
    tamper(town)
    found = failures(town)
    assert check in found, found
    assert any(message in line for line in found[check]), found[check]


def test_damage_in_the_cache_is_found(town: "Town") -> None:
    path = open_version(Repository(town.folder), "HEAD").file("data/dataset/split.npy")
    content = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    found = failures(town, "HEAD")
    assert hashlib.md5(content).hexdigest() in found[FILES][0]
    assert found["split.npy agrees with the manifest"]


def test_crops_of_other_code_are_no_failure(town: "Town") -> None:
    code = town.folder / "curate/crop.py"
    code.write_text(code.read_text() + "# another version\n")
    town.take()
    images(town, lambda array: array.__setitem__(3, 0))
    town.take_as_it_is()
    found = {check.name: check for check in verify(open_version(Repository(town.folder), "workspace"))}
    assert not found["facades are the crops of the archived bytes"].failures
    assert "made by other code (curate/crop.py): 1 of" in found["facades are the crops of the archived bytes"].skipped
    assert len(found["facades are those of the prepared tables"].failures) == 1


def test_model_documents_of_other_code_are_not_compared(town: "Town") -> None:
    lock = town.folder / "dvc.lock"
    path = "pipelines/documents/model_card.py"
    old = open_version(Repository(town.folder), "workspace").lock.stages["describe@facade"].deps[path].md5
    lock.write_text(lock.read_text().replace(old, "0" * 32))
    found = {check.name: check for check in verify(open_version(Repository(town.folder), "workspace"))}
    check = found["documents of models match the outputs of the stages"]
    assert (check.failures, check.skipped) == ([], "another version of the code wrote them")


def test_a_model_that_was_not_trained_again_is_stale(town: "Town") -> None:
    lock = (town.folder / "dvc.lock").read_text()
    new = open_version(Repository(town.folder), "HEAD").hashes("data/dataset")["data/dataset/images.npy"]
    old = open_version(Repository(town.folder), "v1.0.0").hashes("data/dataset")["data/dataset/images.npy"]
    (town.folder / "dvc.lock").write_text(lock.replace(new, old))
    assert any(
        "train@facade read data/dataset/images.npy" in line
        for line in failures(town)["stages read the outputs of others"]
    )


def test_unavailable_data_are_a_failure(town: "Town") -> None:
    shutil.rmtree(town.folder / ".dvc/cache")
    assert any("no default DVC remote" in line for lines in failures(town, "HEAD").values() for line in lines)


def test_a_sample_is_spread_evenly() -> None:
    assert spread(10, 3).tolist() == [0, 4, 9]
    assert spread(3, 10).tolist() == spread(3, None).tolist() == [0, 1, 2]
    assert len(spread(100_000, 1000)) == 1000
    assert spread(0, 5).tolist() == []


def test_the_command_exits_with_1_and_lists_what_fails(town: "Town") -> None:
    assert town.facades("dataset", "verify", "--sample", "5")[0] == 0
    _lose(town)
    code, listed = town.facades("dataset", "verify", inside="curate")
    assert code == 1
    assert "00000.warc: missing in the work tree" in " ".join(listed.split())
    code, printed = town.facades("dataset", "verify", "--json")
    assert code == 1
    assert any(check["failures"] for check in json.loads(printed))


RESERVED, SIGNALS = "no kept image is reserved from AI use", "tables of signals are those of the archives"
CLOSED = b"User-agent: *\nContent-Signal: ai-train=no\n"


def test_a_kept_image_that_its_archive_shows_to_be_reserved_is_found(town: "Town") -> None:
    """As after a signal was learnt, or a crawl was replaced, and nobody ran the stages again."""
    archive = town.folder / "data/archive/town"
    shutil.rmtree(archive)
    write_archive(archive, town.sources["town"], robots=CLOSED)
    town.take_as_it_is()
    found = failures(town)
    kept = pq.read_table(town.folder / "data/dataset/manifest.parquet", filters=[("row", ">=", 0)]).to_pylist()
    own = [row["sha256"] for row in kept if row["source"] == "town"]
    assert [line.partition(":")[0] for line in found[RESERVED]] == own
    assert "kept, but reserved by content_signal: Content-Signal: ai-train=no" in found[RESERVED][0]
    assert len(found[SIGNALS]) == len(town.sources["town"]), "the table was not made of this archive"
    town.write_signals("town")
    town.take_as_it_is()
    assert SIGNALS not in failures(town)


def test_a_changed_table_of_signals_is_found(town: "Town") -> None:
    path = town.folder / "data/signals/town.parquet"
    image = pq.read_table(path)["sha256"][40].as_py()
    change = with_column("verdict", lambda values: [*values[:40], "permitted", *values[41:]])
    edit(path, change)
    assert failures(town)[SIGNALS] == [
        f"{image}: its signals in data/signals/town.parquet are not those of the archive"
    ]
    edit(path, lambda table: table.slice(1))
    assert any("the number of its signals" in line for line in failures(town)[SIGNALS])


def test_other_code_explains_another_table_but_no_reserved_image(town: "Town", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "_other_code", lambda version: ["crawler"])
    edit(town.folder / "data/signals/town.parquet", lambda table: table.slice(1))
    checks = {check.name: check for check in verify(open_version(Repository(town.folder), "workspace"))}
    assert "made by other code of crawler: 1 of" in checks[SIGNALS].skipped
    assert (checks[SIGNALS].failures, checks[RESERVED].failures) == ([], [])
