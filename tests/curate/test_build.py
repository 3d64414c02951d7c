"""The dataset's files agree with the manifest, are written all or not at all, and depend on no order of the input."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import UserError
from common.files import write_table
from crawler.archive.schemas import IMAGES
from crawler.rights.licenses import UNKNOWN
from curate.build import build
from curate.rules import CurateParams
from curate.schemas import MANIFEST, Decision, Split, prepared_schema
from tests.curate.tables import LICENSES, SIZE, Image

PARAMS = CurateParams(image_size=SIZE, holdout=0.4)
CHOOSING = CurateParams(
    image_size=SIZE, where={"years": {"first": 1992}}, caps={"author": 4, "place": 3, "source": 3}, holdout=0.4
)
TOWN = {
    "a": [
        Image(number, "a", license="CC-BY-4.0", author="Ann", taken=f"{1990 + number}", latitude=48.8, longitude=2.3)
        for number in range(8)
    ],
    "b": [Image(number, "b", error="corrupt" if number == 9 else None) for number in range(5, 12)],
    "c": [Image(20, "c", license=UNKNOWN), Image(21, "c", opt_out="tdmrep")],
}
"""Three images are in two sources; one has no picture, one no known licence, one is reserved."""

Sources = dict[str, tuple[Path, Path]]


def written(folder: Path, town: dict[str, list[Image]] = TOWN, order: Sequence[int] = ()) -> Sources:
    """Write the tables of some sources, their rows sorted by sha256 or, for a test, in the `order` of their numbers."""
    sources: Sources = {}
    for name, images in town.items():
        ordered = sorted(images, key=lambda image: order.index(image.number) if order else image.sha256)
        sources[name] = folder / f"images-{name}.parquet", folder / f"prepared-{name}.parquet"
        write_table(pa.Table.from_pylist([image.image_row() for image in ordered], IMAGES), sources[name][0])
        prepared = pa.Table.from_pylist([image.prepared_row() for image in ordered], prepared_schema(SIZE))
        write_table(prepared, sources[name][1])
    exclusions = folder / "exclusions.csv"
    exclusions.write_text("kind,value,reason,by,date,near\n")
    return sources


def built(
    sources: Sources, out: Path, params: CurateParams = PARAMS, *, keep_unknown: bool = False, **more: Path
) -> Path:
    """Build the dataset of some tables; return its folder."""
    exclusions = next(iter(sources.values()))[0].parent / "exclusions.csv"
    unknown = "keep" if keep_unknown else "drop"
    build(sources, out, params, licenses=LICENSES, unknown=unknown, exclusions=exclusions, **more)  # type: ignore[arg-type]
    return out


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_the_files_are_those_of_the_manifest(tmp_path: Path) -> None:
    out = built(written(tmp_path), tmp_path / "dataset")
    assert {path.name for path in out.iterdir()} == {
        "ATTRIBUTION.md",
        "card.md",
        "croissant.json",
        "images.npy",
        "manifest.parquet",
        "names.parquet",
        "split.npy",
    }
    table = pq.read_table(out / "manifest.parquet")
    assert table.schema.equals(MANIFEST)
    kept = [row for row in table.to_pylist() if row["decision"] == Decision.KEPT]
    images, split = np.load(out / "images.npy"), np.load(out / "split.npy")
    names = pq.read_table(out / "names.parquet").to_pylist()
    assert len(kept) == len(images) == len(split) == len(names) == 11
    assert {0, 1} == set(split.tolist())
    pixels = {image.sha256: image.prepared_row().get("pixels") for group in TOWN.values() for image in group}
    for place, row in enumerate(kept):
        assert row["row"] == place
        assert images[place].tobytes() == pixels[row["sha256"]]
        assert split[place] == (row["split"] == Split.HOLDOUT)
        assert names[place] == {"source": row["source"], "tags": row["tags"]}


def test_a_row_for_every_image_of_every_source(tmp_path: Path) -> None:
    manifest = pq.read_table(built(written(tmp_path), tmp_path / "dataset") / "manifest.parquet")
    rows = list(zip(manifest["sha256"].to_pylist(), manifest["source"].to_pylist(), strict=True))
    assert rows == sorted((image.sha256, name) for name, group in TOWN.items() for image in group)


@settings(max_examples=8, deadline=None)
@given(st.permutations(list(TOWN)), st.permutations(range(22)), st.sampled_from([PARAMS, CHOOSING]))
def test_any_order_of_sources_and_rows_gives_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], order: list[int], params: CurateParams
) -> None:
    folder = tmp_path_factory.mktemp("order")
    sorted_rows = digests(built(written(folder), folder / "dataset", params))
    mixed = written(folder, {name: TOWN[name] for name in names}, order)
    assert digests(built(mixed, folder / "mixed", params)) == sorted_rows


def test_conditions_and_caps_leave_their_reasons(tmp_path: Path) -> None:
    manifest = pq.read_table(built(written(tmp_path), tmp_path / "dataset", CHOOSING) / "manifest.parquet").to_pylist()
    counts = Counter((row["source"], row["reason"]) for row in manifest)
    assert counts["a", "where_years"] == 2
    assert sum(row["decision"] == Decision.KEPT for row in manifest) == counts["a", None] + counts["b", None] <= 6
    assert {"cap_author", "cap_place", "cap_source"} & {row["reason"] for row in manifest}


def test_a_cache_of_pairs_changes_no_byte(tmp_path: Path) -> None:
    sources = written(tmp_path)
    without = digests(built(sources, tmp_path / "dataset"))
    for _ in range(2):
        assert digests(built(sources, tmp_path / "dataset", pair_cache=tmp_path / "pairs")) == without
    assert list((tmp_path / "pairs").iterdir())


def test_images_of_unknown_licence_are_kept_on_request(tmp_path: Path) -> None:
    sources = written(tmp_path)
    assert len(np.load(built(sources, tmp_path / "out", keep_unknown=True) / "split.npy")) == 12


def test_a_dataset_without_images_has_all_its_files(tmp_path: Path) -> None:
    out = built(written(tmp_path, {"a": [Image(1, "a", error="empty")]}), tmp_path / "dataset")
    assert np.load(out / "images.npy").shape == (0, 3, SIZE, SIZE)
    assert np.load(out / "split.npy").shape == (0,)
    assert pq.read_table(out / "names.parquet").num_rows == 0


def test_a_mistake_in_the_input_names_the_file_and_leaves_the_old_dataset(tmp_path: Path) -> None:
    sources = written(tmp_path)
    before = digests(built(sources, tmp_path / "dataset"))
    images = sources["b"][0]

    def refused(match: str, tables: Sources, params: CurateParams = PARAMS) -> None:
        with pytest.raises(UserError, match=match):
            built(tables, tmp_path / "dataset", params)
        assert digests(tmp_path / "dataset") == before
        assert not list(tmp_path.glob(".dataset*"))

    refused(r"none\.parquet: .*expected the table of a source", sources | {"b": (images, tmp_path / "none.parquet")})
    refused(r"prepared-\w\.parquet: column pixels: found .*expected", sources, CurateParams(image_size=64))
    refused(r"prepared-a\.parquet: found no row for [0-9a-f]{64}", sources | {"b": (images, sources["a"][1])})
    refused(r"images-b\.parquet: column error: found nothing", sources | {"b": (images, images)})
