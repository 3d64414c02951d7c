"""`export`: what is written is read back by the program that it is meant for, facade by facade, licences included."""

import csv
import io
import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from common.errors import UserError
from pipelines.exports import DatasetFormat
from pipelines.exports.dataset import export
from pipelines.versions.repository import Repository
from pipelines.versions.version import Version, open_version

if TYPE_CHECKING:
    from tests.pipelines.audit.conftest import Town

pytestmark = pytest.mark.integration

NAMES = {DatasetFormat.ZIP: "facades.zip"}


@pytest.fixture(scope="module")
def version(story: "Town") -> Version:
    return open_version(Repository(story.folder), "HEAD")


@pytest.fixture(scope="module")
def expected(version: Version) -> dict[str, dict[str, Any]]:
    """By sha256: the row of the manifest, and the pixels as H × W × 3."""
    images = version.array("images.npy")
    kept = [row for row in version.manifest().to_pylist() if row["decision"] == "kept"]
    assert {row["split"] for row in kept} == {"train", "holdout"}
    return {row["sha256"]: {**row, "pixels": images[row["row"]].transpose(1, 2, 0)} for row in kept}


def write(version: Version, folder: Path, format_: DatasetFormat) -> Path:
    out = folder / NAMES.get(format_, format_)
    export(version, out, format_, lambda done, total, note: None)
    return out


def check(metadata: dict[str, Any], image: Image.Image, expected: dict[str, dict[str, Any]]) -> str:
    """One facade as it was read back; returns its sha256."""
    row = expected[metadata["sha256"]]
    assert np.array_equal(np.asarray(image.convert("RGB")), row["pixels"])
    for name in ("title", "author", "license", "license_url", "attribution", "page_url", "source", "split"):
        assert metadata[name] == row[name]
    return str(metadata["sha256"])


def test_torchvision_reads_the_image_folder(version: Version, expected: dict[str, Any], tmp_path: Path) -> None:
    from torchvision.datasets import ImageFolder

    out = write(version, tmp_path, DatasetFormat.IMAGEFOLDER)
    found = Counter()
    for split in ("train", "holdout"):
        dataset = ImageFolder(out / split, allow_empty=True)
        assert dataset.classes == ["museum", "town"]
        with (out / split / "metadata.csv").open(encoding="utf-8", newline="") as file:
            metadata = {row["file_name"]: row for row in csv.DictReader(file)}
        for (image, label), (path, _) in zip(dataset, dataset.samples, strict=True):
            row = metadata[Path(path).relative_to(out / split).as_posix()]
            assert row["source"] == dataset.classes[label]
            found[check(row, image, expected)] += 1
    assert found == dict.fromkeys(expected, 1)
    assert (out / "ATTRIBUTION.md").stat().st_size


def test_webdataset_reads_the_shards(version: Version, expected: dict[str, Any], tmp_path: Path) -> None:
    webdataset = pytest.importorskip("webdataset")
    out = write(version, tmp_path, DatasetFormat.WEBDATASET)
    found = Counter()
    for split in ("train", "holdout"):
        dataset = webdataset.WebDataset(str(out / f"{split}-000000.tar"), shardshuffle=False).decode("pil")
        for sample in dataset:
            assert sample["json"]["split"] == split
            assert sample["__key__"] == f"{sample['json']['row']:08d}"
            found[check(sample["json"], sample["png"], expected)] += 1
    assert found == dict.fromkeys(expected, 1)


def test_datasets_reads_the_parquet_files(version: Version, expected: dict[str, Any], tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    out = write(version, tmp_path, DatasetFormat.HF)
    dataset = datasets.load_dataset(str(out), cache_dir=str(tmp_path / "cache"))
    assert isinstance(dataset["train"].features["image"], datasets.Image)
    found = Counter(check(row, row["image"], expected) for split in ("train", "holdout") for row in dataset[split])
    assert found == dict.fromkeys(expected, 1)
    first = dataset["train"][0]
    assert (first["tags"], first["latitude"], first["taken"], first["heading"]) == (["house"], 48.8582, "1998-05", None)


def test_stylegans_rules_hold_for_the_zip(version: Version, expected: dict[str, Any], tmp_path: Path) -> None:
    """ImageFolderDataset of stylegan3/training/dataset.py, step by step."""
    out = write(version, tmp_path, DatasetFormat.ZIP)
    with zipfile.ZipFile(out) as archive:
        names = sorted(
            name for name in archive.namelist() if Path(name).suffix.lower() in Image.registered_extensions()
        )
        labels = dict(json.loads(archive.read("dataset.json"))["labels"])
        metadata = {
            row["file_name"]: row for row in map(json.loads, archive.read("metadata.jsonl").decode().splitlines())
        }
        assert [labels[name] for name in names] == [
            ["museum", "town"].index(metadata[name]["source"]) for name in names
        ]
        assert names == [f"00000/img{number:08d}.png" for number in range(len(names))]
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        images = [Image.open(io.BytesIO(archive.read(name))) for name in names]
        assert {(image.mode, image.size) for image in images} == {("RGB", (64, 64))}
        found = {check(metadata[name], image, expected) for name, image in zip(names, images, strict=True)}
        assert "ATTRIBUTION.md" in archive.namelist()
    assert found == {sha256 for sha256, row in expected.items() if row["split"] == "train"}


@pytest.mark.parametrize("format_", DatasetFormat)
def test_the_same_version_gives_the_same_bytes(version: Version, format_: DatasetFormat, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, other = write(version, tmp_path / "a", format_), write(version, tmp_path / "b", format_)
    files = [path for path in (sorted(one.rglob("*")) if one.is_dir() else [one]) if path.is_file()]
    assert files
    for path in files:
        twin = other / path.relative_to(one) if one.is_dir() else other
        assert path.read_bytes() == twin.read_bytes()


def test_nothing_is_written_over(version: Version, tmp_path: Path) -> None:
    (tmp_path / "imagefolder").mkdir()
    with pytest.raises(UserError, match="imagefolder: found an existing file or folder"):
        write(version, tmp_path, DatasetFormat.IMAGEFOLDER)
