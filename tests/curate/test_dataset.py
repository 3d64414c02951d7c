"""A dataset in a notebook: images, split and manifest agree; importing the package loads no library."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import curate
from common.errors import UserError
from curate.dataset import Dataset
from curate.schemas import MANIFEST, Decision
from tests.curate.tables import SIZE
from tests.curate.test_build import TOWN, built, written


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("dataset")
    return curate.open_dataset(str(built(written(folder), folder / "dataset")))


def test_images_are_memory_mapped(dataset: Dataset) -> None:
    assert isinstance(dataset.images, np.memmap)
    assert dataset.images.shape == (11, 3, SIZE, SIZE)
    assert dataset.images.dtype == np.uint8


def test_the_manifest_is_a_data_frame_with_a_row_for_every_image(dataset: Dataset) -> None:
    assert isinstance(dataset.manifest, pd.DataFrame)
    assert list(dataset.manifest.columns) == MANIFEST.names
    assert len(dataset.manifest) == sum(map(len, TOWN.values()))
    assert dataset.manifest["reason"].value_counts().to_dict() == {
        "exact_duplicate": 3,
        "corrupt": 1,
        "license_unknown": 1,
        "opt_out": 1,
    }
    table = pq.read_table(dataset.folder / "manifest.parquet")
    assert dataset.manifest["row"].isna().sum() == table["row"].null_count
    assert dataset.manifest["row"].max() == 10  # an integer, though dropped images have none


def test_kept_rows_belong_to_the_images(dataset: Dataset) -> None:
    assert dataset.kept["row"].tolist() == dataset.kept.index.tolist() == list(range(11))
    assert set(dataset.kept["decision"]) == {Decision.KEPT}
    pixels = {image.sha256: image.prepared_row().get("pixels") for group in TOWN.values() for image in group}
    for image, sha256 in zip(dataset.images, dataset.kept["sha256"], strict=True):
        assert image.tobytes() == pixels[sha256]


def test_the_split_is_the_manifests(dataset: Dataset) -> None:
    assert dataset.split.tolist() == dataset.kept["split"].tolist()
    assert set(dataset.split) == {"train", "holdout"}


def test_a_folder_without_a_dataset_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"images\.npy: no such file; expected a dataset"):
        curate.open_dataset(tmp_path)


def test_importing_the_package_loads_no_library() -> None:
    script = "import curate, sys; print(sorted({'numpy', 'pandas', 'pyarrow', 'torch', 'PIL'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert ran.stdout == "[]\n", ran.stderr
