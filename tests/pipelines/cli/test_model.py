"""The commands as a user types them, on a small model that was really trained, for one step."""

import base64
import hashlib
import io
import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image, ImageSequence
from typer.testing import CliRunner, Result

from common.errors import UserError
from pipelines.cli.main import commands
from pipelines.exports import ModelFormat
from pipelines.exports.model import export
from train import generator, latents, trainer
from train.provenance import Provenance
from train.recipe import Recipe

pytestmark = pytest.mark.integration

RECIPE = Recipe(steps=1, batch=8, width_g=8, width_d=8, measure_images=10)


def train_model(root: Path, name: str, recipe: Recipe) -> None:
    dataset = root / "dataset"
    dataset.mkdir(exist_ok=True)
    np.save(dataset / "images.npy", np.random.default_rng(0).integers(0, 256, (32, 3, 64, 64), np.uint8))
    np.save(dataset / "split.npy", (np.arange(32) % 2).astype(np.uint8))
    tags = [[["brick"], ["stone"], []][k // 2 % 3] for k in range(32)]
    pq.write_table(pa.table({"source": ["town"] * 32, "tags": tags}), dataset / "names.parquet")
    trainer.train(dataset, recipe, out=root / "models" / name, state=root / "state" / name)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)  # tiny networks run fastest on one
    root = tmp_path_factory.mktemp("a root")
    train_model(root, "facade", RECIPE)
    train_model(root, "other", RECIPE.model_copy(update={"seed": 1}))
    train_model(root, "by-material", RECIPE.model_copy(update={"labels": ("brick", "stone")}))
    return root


@pytest.fixture(autouse=True)
def _in_root(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(commands, ["model", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def written(*arguments: str) -> Path:
    return Path(run(*arguments).stdout.strip())


def contents(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}


def shown(page: str) -> list[bytes]:
    """The images on a contact sheet."""
    return [base64.b64decode(png) for png in re.findall(r'src="data:image/png;base64,([^"]+)"', page)]


def test_sample_writes_equal_bytes_each_time_and_the_same_images_from_their_latents() -> None:
    out = written("sample", "facade", "-n", "6", "--seed", "7")
    assert out == Path("exports/facade/sample-7")
    first = contents(out)
    assert list(first) == [f"{k:04d}.png" for k in range(6)] + ["grid.png", "latents.json"]
    assert len(set(first.values())) == 8
    with Image.open(out / "0003.png") as image:
        assert (image.size, image.mode) == ((64, 64), "RGB")
    assert contents(written("sample", "facade", "-n", "6", "--seed", "7")) == first
    again = written("sample", "facade", "--latents", str(out / "latents.json"))
    assert again == Path("exports/facade/sample-latents")
    assert contents(again) == first


def test_truncation_gives_other_images() -> None:
    plain = contents(written("sample", "facade", "-n", "2", "-o", "plain"))
    near = contents(written("sample", "facade", "-n", "2", "--truncation", "0.5", "-o", "near"))
    assert not set(plain.values()) & set(near.values())


def test_latents_of_another_generator_are_drawn_with_a_note() -> None:
    out = written("sample", "facade", "-n", "2", "--seed", "1")
    result = run("sample", "other", "--latents", str(out / "latents.json"))
    assert "made with another generator" in result.stderr
    assert "another generator" not in run("sample", "facade", "--latents", str(out / "latents.json")).stderr


def test_interpolate_writes_a_film_that_begins_with_its_first_latents_image() -> None:
    sampled = written("sample", "facade", "-n", "2", "--seed", "2")
    film = written("interpolate", "facade", "-n", "2", "--seed", "2", "--gif")
    assert film == Path("exports/facade/interpolate-2.gif")
    with Image.open(film) as gif:
        assert len(ImageSequence.all_frames(gif)) == 48
    frames = contents(written("interpolate", "facade", "--latents", str(sampled / "latents.json"), "--frames"))
    assert len(frames) == 48
    stills = contents(sampled)
    assert [frames[f"{24 * k:04d}.png"] for k in range(2)] == [stills[f"{k:04d}.png"] for k in range(2)]


def test_an_interpolation_needs_two_latents() -> None:
    out = written("sample", "facade", "-n", "1", "-o", "one")
    with pytest.raises(UserError, match=r"one/latents\.json: found 1 latent; expected 2"):
        run("interpolate", "facade", "--latents", str(out / "latents.json"))


def test_pick_writes_the_same_page_each_time_with_the_images_that_sample_draws() -> None:
    page = written("pick", "facade", "-n", "4", "--seed", "3")
    text = page.read_text()
    assert written("pick", "facade", "-n", "4", "--seed", "3").read_text() == text
    sampled = written("sample", "facade", "-n", "4", "--seed", "3")
    assert shown(text) == [(sampled / f"{k:04d}.png").read_bytes() for k in range(4)]


def test_each_label_and_none_has_images_of_its_own() -> None:
    folders = [
        written("sample", "by-material", "-n", "2", "--label", label, "-o", label)
        for label in ("brick", "stone", "none")
    ]
    assert len({contents(folder)[f"{k:04d}.png"] for folder in folders for k in range(2)}) == 6


@pytest.mark.parametrize("label", ["stone", "none"])
def test_interpolate_pick_and_export_draw_the_label_that_sample_draws(label: str) -> None:
    chosen = ["by-material", "--label", label]
    stills = [(written("sample", *chosen, "-n", "2") / f"{k:04d}.png").read_bytes() for k in range(2)]
    frames = written("interpolate", *chosen, "-n", "2", "--frames")
    assert [(frames / f"{24 * k:04d}.png").read_bytes() for k in range(2)] == stills
    assert shown(written("pick", *chosen, "-n", "2").read_text()) == stills
    out, files = written("export", "torchscript", *chosen), {"metadata.json": ""}
    exported = torch.jit.load(out, _extra_files=files)
    assert (frames.name, out.name) == (f"interpolate-0-{label}", f"by-material-{label}.pt")
    assert json.loads(files["metadata.json"])["label"] == label
    with Image.open(io.BytesIO(stills[0])) as image:
        expected = torch.from_numpy(np.array(image)).permute(2, 0, 1).int()
    (found,) = generator.to_bytes(exported(latents.draw(1, RECIPE.latent, seed=0).view(1, -1, 1, 1)))
    assert (found.int() - expected).abs().max() <= 1


def test_latents_alone_bring_back_the_images_of_their_label() -> None:
    out = written("sample", "by-material", "-n", "2", "--label", "stone", "-o", "of-stone")
    file = out / "latents.json"
    result = run("sample", "by-material", "--latents", str(file))
    assert (contents(Path(result.stdout.strip())), result.stderr) == (contents(out), "")
    frames = written("interpolate", "by-material", "--latents", str(file), "--frames")
    assert (frames / "0000.png").read_bytes() == (out / "0000.png").read_bytes()


def test_favourites_alone_bring_back_the_images_of_their_label() -> None:
    page = written("pick", "by-material", "-n", "4", "--label", "none").read_text()
    (block,) = re.findall(r'id="latents"[^>]*>([^<]*)<', page)
    sheet = json.loads(block)
    Path("favourites.json").write_text(json.dumps(sheet | {"latents": sheet["latents"][2:]}))  # as contact.js does
    again = written("sample", "by-material", "--latents", "favourites.json")
    assert [(again / f"{k:04d}.png").read_bytes() for k in range(2)] == shown(page)[2:]


def test_latents_of_another_label_are_drawn_with_a_note() -> None:
    out = written("sample", "by-material", "-n", "2", "--label", "stone", "-o", "of-stone")
    result = run("sample", "by-material", "--latents", str(out / "latents.json"), "--label", "brick", "-o", "of-brick")
    assert "latents.json was made with the label stone; its images will differ" in result.stderr
    fresh = written("sample", "by-material", "-n", "2", "--label", "brick")
    assert contents(Path("of-brick")) == contents(fresh)


def test_latents_of_another_generator_keep_their_label_only_where_there_are_labels() -> None:
    labelled = written("sample", "by-material", "-n", "2", "--label", "stone", "-o", "of-stone") / "latents.json"
    assert "made with another generator" in run("sample", "facade", "--latents", str(labelled)).stderr
    plain = written("sample", "facade", "-n", "2", "-o", "of-none") / "latents.json"
    with pytest.raises(UserError, match=r"^label: found no label; expected one of brick, stone, none$"):
        run("sample", "by-material", "--latents", str(plain))
    run("sample", "by-material", "--latents", str(plain), "--label", "brick")


@pytest.mark.parametrize("words", [["sample"], ["interpolate"], ["pick"], ["export", "onnx"]])
def test_a_label_that_the_model_does_not_have_is_refused(words: list[str]) -> None:
    for label in ([], ["--label", "wood"]):
        with pytest.raises(UserError, match=r"^label: found .*; expected one of brick, stone, none$"):
            run(*words, "by-material", *label)
    with pytest.raises(UserError, match=r"^label: found brick; expected no label"):
        run(*words, "facade", "--label", "brick")


def test_export_safetensors_is_the_model_itself() -> None:
    out = written("export", "safetensors", "facade")
    assert out == Path("exports/facade/facade.safetensors")
    assert out.read_bytes() == Path("models/facade/generator.safetensors").read_bytes()
    generator.load(out)


def test_export_onnx_carries_the_making_of_the_model() -> None:
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    out = written("export", "onnx", "facade", "-o", "g.onnx")
    made = onnxruntime.InferenceSession(out).get_modelmeta().custom_metadata_map["facades"]
    assert Provenance.model_validate_json(made).recipe == RECIPE


@pytest.mark.parametrize("command", ["sample", "interpolate"])
@pytest.mark.parametrize("option", [("-n", "64"), ("--seed", "0"), ("--truncation", "1.0")])
def test_what_has_no_effect_beside_latents_is_refused(command: str, option: tuple[str, str]) -> None:
    file = written("sample", "facade", "-n", "2", "-o", "two") / "latents.json"
    with pytest.raises(
        UserError, match=f"^{option[0]}: found {option[1]}, expected none: the latents are those of two/"
    ):
        run(command, "facade", "--latents", str(file), *option)


def test_a_label_is_refused_where_the_whole_model_is_exported() -> None:
    with pytest.raises(UserError, match=r"^label: found brick, expected no label: safetensors is the model"):
        export("by-material", ModelFormat.SAFETENSORS, Path("with-label"), "brick")
    assert not Path("with-label").exists()


def test_a_model_that_is_not_there_is_named() -> None:
    for words in (
        ["sample", "none"],
        ["interpolate", "none"],
        ["pick", "none"],
        ["export", "safetensors", "none"],
    ):
        with pytest.raises(UserError, match=r"models/none/generator\.safetensors: no such file"):
            run(*words)
    assert not Path("exports/none").exists()
