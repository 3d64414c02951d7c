import json
import subprocess
import sys

import pytest
from pydantic import ValidationError

from train.recipe import DCGAN, Recipe

ARTICLE = {
    "steps": 26_950,
    "batch": 128,
    "latent": 100,
    "width_g": 64,
    "width_d": 64,
    "lr_g": 2e-4,
    "lr_d": 2e-4,
    "beta1": 0.5,
    "beta2": 0.999,
    "loss": "bce",
    "norm_d": "batch",
    "decay": 0,
    "vision": 0,
    "r1": 0,
    "r2": 0,
    "augment": (),
    "adaptive": 0,
    "ema_images": 0,
    "keep": "last",
}
"""The default arguments of PyTorch's examples/dcgan/main.py, the article's 500 epochs of about 6,900 photographs, and
nothing that they do not have."""

INDIFFERENT = {
    "recipe", "seed", "labels", "measure_every", "measure_images", "patience", "roll_back", "precision",
    "deterministic", "decay_to", "penalty_every", "ema_ramp",
}  # fmt: skip
"""Fields without an effect on a recipe without decay, penalties and EMA, and fields of logging and measuring."""


def parse(**fields: object) -> Recipe:
    return Recipe.model_validate_json(json.dumps(fields), strict=True)


def test_dcgan_has_the_article_s_hyper_parameters() -> None:
    assert parse(recipe="dcgan").model_dump(exclude=INDIFFERENT) == ARTICLE
    assert set(ARTICLE) | INDIFFERENT == set(Recipe.model_fields)
    assert DCGAN == ARTICLE  # all of them: no default of `facade` applies


def test_a_field_overrides_the_named_defaults() -> None:
    assert parse(recipe="dcgan", batch=32) == parse(recipe="dcgan").model_copy(update={"batch": 32})


def test_the_old_name_of_dcgan_is_the_same_recipe() -> None:
    """Weights depend on a recipe's fields only, so a model of either name has the same ones."""
    assert parse(recipe="seed") == parse(recipe="dcgan")
    assert parse(recipe="seed", steps=7).model_dump_json() == parse(recipe="dcgan", steps=7).model_dump_json()


def test_facade_is_the_default() -> None:
    assert parse() == parse(recipe="facade") != parse(recipe="dcgan")


def test_a_dumped_recipe_reads_back_as_itself() -> None:
    for name in ("dcgan", "facade"):
        recipe = parse(recipe=name, steps=7)
        assert Recipe.model_validate_json(recipe.model_dump_json(), strict=True) == recipe


@pytest.mark.parametrize(
    "fields",
    [
        {"setps": 3},
        {"steps": 0},
        {"steps": "40"},
        {"recipe": "sed"},
        {"augment": ["flip", "flip"]},
        {"augment": ["mirror"]},
        {"labels": ["brick", "none"]},
    ],
)
def test_an_error_names_the_field(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        parse(**fields)
    assert caught.value.error_count() == 1
    name = next(iter(fields))
    assert caught.value.errors()[0]["loc"][:1] == (name,) or name in str(caught.value)


@pytest.mark.parametrize("augment", [[], ["flip"]])
def test_nothing_to_adapt_is_refused(augment: list[str]) -> None:
    with pytest.raises(ValidationError, match="one of color, translation, cutout in augment, for adaptive to control"):
        parse(adaptive=0.6, augment=augment)
    assert parse(adaptive=0.6, augment=[*augment, "cutout"]).adaptive == 0.6


def test_reading_a_recipe_does_not_load_torch() -> None:
    subprocess.run([sys.executable, "-c", "import train.recipe, sys; sys.exit('torch' in sys.modules)"], check=True)
