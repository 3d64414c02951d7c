"""params.yaml: a valid file loads; a mistake is one line with the key, what was found and what was expected."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from common.errors import UserError
from crawler.registry import KINDS as NAMES
from pipelines import params
from train.recipe import Recipe

ROOT = Path(__file__).parents[2]
KINDS = ", ".join(NAMES)


@pytest.fixture
def mistakes(tmp_path: Path) -> Callable[[Callable[[Any], object]], list[str]]:
    """Return a function that changes the shipped params.yaml and returns the error lines of `load`."""

    def complain(change: Callable[[Any], object]) -> list[str]:
        yaml = YAML()
        values = yaml.load((ROOT / "params.yaml").read_text())
        change(values)
        file = tmp_path / "params.yaml"
        with file.open("w") as out:
            yaml.dump(values, out)
        with pytest.raises(UserError) as error:
            params.load(file)
        return [line.removeprefix(f"{file}: ") for line in str(error.value).splitlines()]

    return complain


def test_the_shipped_file_is_valid() -> None:
    loaded = params.load(ROOT / "params.yaml")
    assert loaded.source("demo").kind == "demo"
    assert loaded.model("facade").recipe == "facade"


def test_the_old_name_of_a_recipe_is_accepted_with_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = YAML().load((ROOT / "params.yaml").read_text())
    values["models"]["old"] = {"recipe": "seed", "steps": 7}
    file = tmp_path / "params.yaml"
    YAML().dump(values, file)
    loaded = [params.load(file) for _ in range(2)]
    assert loaded[0].model("old") == Recipe(recipe="dcgan", steps=7)
    assert capsys.readouterr().err == (
        f"note: {file}: models.old.recipe: seed is now called dcgan; the next version will not accept it\n"
    )


SMALLER = {"steps", "batch", "width_d", "vision", "decay", "decay_to", "measure_every", "measure_images"}
"""Fields of the recipe that the shipped model changes, so that it trains in minutes on two cores."""


def test_the_shipped_file_states_the_defaults() -> None:
    """A deleted line does not change the dataset; only `sources` and the smaller model differ from the defaults."""
    shipped = params.read(ROOT / "params.yaml")
    loaded = params.load(ROOT / "params.yaml")
    for section in (loaded.crawl, loaded.curate, loaded.evaluate):
        assert section == type(section)()
    stated = _keys(shipped["curate"]) | {"ray_address": None}  # which a comment names: few have a cluster
    assert stated == _keys(loaded.curate.model_dump(mode="json"))
    assert set(loaded.models) == {"facade"}
    recipe = loaded.model("facade")
    defaults = type(recipe)(recipe=recipe.recipe)
    assert {name for name in type(recipe).model_fields if getattr(recipe, name) != getattr(defaults, name)} == SMALLER


def _keys(values: Any) -> Any:
    return {name: _keys(value) for name, value in values.items()} if isinstance(values, dict) else None


def test_an_unknown_key_names_a_near_match(mistakes: Any) -> None:
    (line,) = mistakes(lambda p: p["curate"].update(holdoutt=0.2))
    assert line.startswith("curate.holdoutt: found an unknown key, expected one of ")
    assert line.endswith("; did you mean holdout?")


def test_an_unknown_key_of_a_kind(mistakes: Any) -> None:
    (line,) = mistakes(lambda p: p["sources"]["demo"].update(bildings=3))
    assert line.startswith("sources.demo.bildings: found an unknown key")
    assert line.endswith("did you mean buildings?")


def test_an_unknown_section(mistakes: Any) -> None:
    (line,) = mistakes(lambda p: p.update(source={}))
    assert line.startswith("source: found an unknown key, expected one of crawl, sources, curate, models, evaluate")
    assert line.endswith("did you mean sources?")


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            lambda p: p["models"]["facade"].update(steps="many"),
            'models.facade.steps: found "many", expected a valid integer',
        ),
        (
            lambda p: p["models"]["facade"].update(steps="40"),
            'models.facade.steps: found "40", expected a valid integer',
        ),
        (
            lambda p: p["models"]["facade"].update(labels=["brick", "none"]),
            'models.facade.labels.1: found "none", expected another name: none stands for images that match no label',
        ),
        (lambda p: p["curate"].update(holdout=2), "curate.holdout: found 2, expected less than "),
        (
            lambda p: p["curate"].update(score_facades=False),
            "curate.score_facades: found false, expected true while thresholds.min_facade is not null",
        ),
        (lambda p: p["crawl"].update(unknown="perhaps"), "crawl.unknown: found \"perhaps\", expected 'drop' or 'keep'"),
        (
            lambda p: p["sources"].update(x={"snapshot": "1"}),
            f"sources.x: found no kind, expected kind: one of {KINDS}",
        ),
        (
            lambda p: p["sources"].update(x={"kind": "dmo"}),
            f"sources.x.kind: found 'dmo', expected one of {KINDS}; did you mean demo?",
        ),
        (lambda p: p["sources"].update(x=3), "sources.x: found "),
        (lambda p: p.update(sources={}), "sources: found {}, expected one entry or more"),
        (lambda p: p["sources"].update({"A b": {"kind": "demo"}}), "sources.A b: found this name, expected lower-case"),
        (lambda p: p.pop("evaluate"), "evaluate: missing"),
    ],
)
def test_a_mistake_is_one_line_with_key_found_and_expected(
    mistakes: Any, change: Callable[[Any], object], line: str
) -> None:
    (found,) = mistakes(change)
    assert found.startswith(line)


def test_a_missing_folder(mistakes: Any, tmp_path: Path) -> None:
    folder = str(tmp_path / "nowhere")
    (line,) = mistakes(lambda p: p["sources"].update(mine={"kind": "folder", "path": folder, "license": "CC0-1.0"}))
    assert line == f"sources.mine.path: found '{folder}', expected a folder, zip or tar that exists"


def test_all_mistakes_at_once(mistakes: Any) -> None:
    def change(p: Any) -> None:
        p["curate"]["holdout"] = "some"
        p["sources"]["demo"]["seeed"] = 1

    assert len(mistakes(change)) == 2


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("sources:\n  a: {kind: demo}\n  a: {kind: demo}\n", 'line 3: found "a" twice, expected each name once'),
        ("sources: [\n", "line 2: "),
        ("just text", 'found "just text", expected the sections crawl, sources, curate, models, evaluate'),
        ("", "found null, expected the sections "),
        (
            "sources: {a: {kind: demo, snapshot: 2026-11-01}}",
            "sources.a.snapshot: found a date, expected text; put it in quotes",
        ),
    ],
)
def test_a_file_that_is_not_a_yaml_mapping_is_an_error(tmp_path: Path, text: str, line: str) -> None:
    file = tmp_path / "params.yaml"
    file.write_text(text)
    with pytest.raises(UserError) as error:
        params.load(file)
    assert str(error.value).removeprefix(f"{file}: ").startswith(line)


def test_a_missing_file_is_an_error_with_the_place_to_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="run this in the root of the repository"):
        params.load(tmp_path / "params.yaml")
