"""The section on models."""

import base64
import io
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence
from safetensors.numpy import save_file

from common.errors import UserError
from pipelines.report import model_section
from pipelines.report.write import write_report
from tests.pipelines.report.page import Page
from tests.pipelines.report.report_inputs import Inputs


def test_the_metrics_of_all_models_are_in_one_table(inputs: Inputs, page: Page) -> None:
    found = re.search(r'<table class="metrics">.*?</table>', page.html, re.DOTALL)
    assert found
    heads = re.findall(r'<th scope="col" class="number">(.*?)</th>', found[0])
    assert heads == ["facade", "seed", "unfinished"]  # by KSD, those without last
    cells = re.sub("<.*?>", " ", found[0]).split()
    for name in ("facade", "seed"):
        metrics = json.loads((inputs.models[name] / "metrics.json").read_text())
        for key in ("ksd", "ksd_floor", "ksd_train", "fsd", "fsd_floor", "recall"):
            assert (f"{metrics[key]:.2g}" if "_" in key else f"{metrics[key]:#.3g}") in cells
    rows = {
        row.metric.key: row
        for row in model_section.metric_rows(
            model_section.ranked([model_section.read_model(*one) for one in inputs.models.items()])
        )
    }
    assert [cell.best for cell in rows["ksd"].cells] == [True, False, False]
    assert [cell.best for cell in rows["fsd"].cells] == [False, True, False]


def test_the_caption_states_how_many_real_facades_are_held_out(inputs: Inputs, page: Page, tmp_path: Path) -> None:
    split = np.load(inputs.dataset / "split.npy")
    assert f"The first {split.sum()} are held out from training, the others are not." in page.text
    dataset = tmp_path / "dataset"
    shutil.copytree(inputs.dataset, dataset)
    np.save(dataset / "split.npy", np.ones_like(split))
    out = tmp_path / "index.html"
    write_report(sources=inputs.sources, dataset=dataset, models=inputs.models, out=out)
    assert "Facades held out from training." in Page(out).text


def test_each_model_shows_its_pictures_and_charts(page: Page) -> None:
    for name in ("facade", "seed"):
        # real, generated, over time, six snapshots, and the best and worst by D and by neighbour
        assert len(page.all("img", f"model-{name}")) == 13
        assert len([one for one in page.all("svg", f"model-{name}") if "role" in one.attributes]) == 4
    assert not page.all("img", "model-unfinished")
    assert page.text.count("Alarm since step 640: overfitting") == 1
    assert "No pictures yet." in page.text
    assert "No log yet." in page.text


def test_the_animation_has_every_snapshot_in_the_order_of_steps(tmp_path: Path) -> None:
    shades = {5: 0, 10: 80, 100: 160, 1000: 240}
    (tmp_path / "samples").mkdir()
    for step, shade in shades.items():
        Image.new("RGB", (530, 530), (shade, shade, shade)).save(tmp_path / "samples" / f"step-{step}.png")
    model = model_section.read_model("grey", tmp_path)
    assert model.animation
    assert model.step == 1000
    assert [snapshot.step for snapshot in model.snapshots] == list(shades)
    animation = Image.open(io.BytesIO(base64.b64decode(model.animation.uri.split(",")[1])))
    assert len(ImageSequence.all_frames(animation)) == len(shades)
    for frame, shade in enumerate(shades.values()):
        animation.seek(frame)
        assert np.abs(np.asarray(animation.convert("RGB"), float) - shade).max() < 3


def test_the_grid_shown_is_the_one_nearest_to_the_published_weights(inputs: Inputs, tmp_path: Path) -> None:
    shutil.copytree(inputs.models["facade"], tmp_path / "facade")
    provenance = {"step": 640, "recipe": {"steps": 1000, "augment": ["flip", "color"]}}
    save_file({"w": np.zeros(1)}, tmp_path / "facade" / "generator.safetensors", {"facades": json.dumps(provenance)})
    model = model_section.read_model("facade", tmp_path / "facade")
    assert (model.step, model.published) == (600, 640)
    assert model.provenance == {"step": "640", "recipe.steps": "1000", "recipe.augment": "flip, color"}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("metrics.json", "{", "not valid JSON"),
        ("metrics.json", "[1]", "found a list"),
        ("log.csv", "step,ksd\n1,soon\n", "expected a header line and numbers below it"),
        ("samples/step-000200.png", "not a picture", "not a readable picture"),
        ("generator.safetensors", "not a tensor", "not a complete safetensors file"),
    ],
)
def test_a_broken_file_is_named(inputs: Inputs, tmp_path: Path, name: str, content: str, message: str) -> None:
    folder = tmp_path / "facade"
    shutil.copytree(inputs.models["facade"], folder)
    (folder / name).write_text(content)
    with pytest.raises(UserError, match=message) as caught:
        model_section.read_model("facade", folder)
    assert str(folder / name) in str(caught.value)
    assert "\n" not in str(caught.value)
