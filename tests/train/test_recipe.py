import json
import subprocess
import sys

import pytest
from pydantic import ValidationError

from train.recipe import Recipe

ARTICLE = {
    "batch": 128,
    "latent": 100,
    "width_g": 64,
    "width_d": 64,
    "lr_g": 2e-4,
    "lr_d": 2e-4,
    "beta1": 0.5,
    "beta2": 0.999,
    "loss": "bce",
    "decay": 0,
    "vision": 0,
    "augment": (),
    "ema_images": 0,
}
"""The arguments that PyTorch's examples/dcgan/main.py has by default, and none of what it does not have."""


def parse(**fields: object) -> Recipe:
    return Recipe.model_validate_json(json.dumps(fields), strict=True)


def test_seed_is_the_article_to_the_letter() -> None:
    assert parse(recipe="seed").model_dump(include=set(ARTICLE)) == ARTICLE


def test_a_field_overrides_the_named_defaults() -> None:
    assert parse(recipe="seed", batch=32) == parse(recipe="seed").model_copy(update={"batch": 32})


def test_facade_is_the_default() -> None:
    assert parse() == parse(recipe="facade") != parse(recipe="seed")


def test_a_dumped_recipe_reads_back_as_itself() -> None:
    for name in ("seed", "facade"):
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
    ],
)
def test_a_mistake_is_refused_where_it_is(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        parse(**fields)
    assert caught.value.error_count() == 1
    name = next(iter(fields))
    assert caught.value.errors()[0]["loc"][:1] == (name,) or name in str(caught.value)


def test_reading_a_recipe_does_not_load_torch() -> None:
    subprocess.run([sys.executable, "-c", "import train.recipe, sys; sys.exit('torch' in sys.modules)"], check=True)
