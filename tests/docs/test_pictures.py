"""Pictures in the documentation that show generated images are marked as what the product writes is."""

from pathlib import Path

import pytest

from tests.marks import source_type

PICTURES = Path(__file__).parents[2] / "docs/pictures"
GENERATED = {"demo.png": "compositeSynthetic", "recipes.webp": "trainedAlgorithmicMedia"}


@pytest.mark.parametrize("path", sorted(PICTURES.iterdir()), ids=lambda path: path.name)
def test_a_picture_is_marked_if_a_model_made_it_or_a_part_of_it(path: Path) -> None:
    assert source_type(path.read_bytes()) == GENERATED.get(path.name, "")
    assert path.suffix == ".svg" or path.name in GENERATED
