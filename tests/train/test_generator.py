import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import train
from common.errors import UserError
from train import generator, provenance
from train.networks import Generator, noise
from train.random_streams import RandomStream
from train.recipe import Recipe

RECIPE = Recipe(latent=10, width_g=4)


def made(**changes: object) -> provenance.Provenance:
    return provenance.Provenance(
        recipe=RECIPE,
        dataset="0" * 64,
        size=32,
        step=40,
        ksd=0.25,
        alarms={},
        device="cpu",
        precision="fp32",
        threads=1,
        versions=provenance.versions(),
    ).model_copy(update=changes)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    network = Generator(10, 4, 32)
    with torch.no_grad():
        network(noise(50, 10, RandomStream.LATENTS.rng(0)))  # so that batch norm has statistics to lose
    path = tmp_path / "generator.safetensors"
    generator.save(network.state_dict(), made(), path)
    return path


def test_what_was_saved_is_loaded(saved: Path) -> None:
    network, found = generator.load(saved)
    assert found == made()
    again = saved.with_name("again.safetensors")
    generator.save(network.state_dict(), found, again)
    assert again.read_bytes() == saved.read_bytes()


def test_a_notebook_loads_a_generator_by_its_path(saved: Path) -> None:
    z = noise(2, 10, RandomStream.LATENTS.rng(1))
    network = train.load_generator(str(saved))
    assert torch.equal(network(z), generator.load(saved)[0](z))
    assert not network.training


def test_importing_the_package_does_not_import_torch() -> None:
    subprocess.run([sys.executable, "-c", "import train, sys; sys.exit('torch' in sys.modules)"], check=True)


def test_the_metadata_are_read_without_torch(saved: Path) -> None:
    assert provenance.read_metadata(saved) == made().model_dump(mode="json")
    code = "import train.provenance, sys; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("text", ["[1]", "{", "1"])
def test_metadata_that_are_no_json_object_are_an_error_that_names_the_file(saved: Path, text: str) -> None:
    save_file({"weight": torch.zeros(3)}, saved, metadata={"facades": text})
    with pytest.raises(UserError, match=r"generator\.safetensors: found metadata .*; train again$"):
        generator.load(saved)


def test_images_do_not_depend_on_the_batch_they_are_drawn_in(saved: Path) -> None:
    network, _ = generator.load(saved)
    z = noise(generator.CHUNK + 3, 10, RandomStream.LATENTS.rng(1))
    images = generator.generate(network, z)
    assert images.shape == (len(z), 3, 32, 32)
    assert images.dtype == torch.uint8
    difference = generator.generate(network, z[-2:]).int() - images[-2:].int()
    assert difference.abs().max() <= 1  # of 255: a convolution may sum in another order


def test_bytes_are_the_nearest() -> None:
    levels = torch.arange(256) / 127.5 - 1
    assert generator.to_bytes(levels).tolist() == list(range(256))
    assert generator.to_bytes(torch.tensor([-1.5, 1.5])).tolist() == [0, 255]


@pytest.mark.parametrize("kept", [0, 7, 200, -1])
def test_a_truncated_file_is_an_error_that_names_it(saved: Path, kept: int) -> None:
    saved.write_bytes(saved.read_bytes()[:kept])
    with pytest.raises(UserError, match=r"generator\.safetensors: not a complete safetensors file"):
        generator.load(saved)


def test_a_foreign_file_is_an_error_that_says_what_is_missing(saved: Path) -> None:
    save_file({"weight": torch.zeros(3)}, saved)
    with pytest.raises(UserError, match="found no `facades` entry"):
        generator.load(saved)


def test_a_pickle_is_not_opened(saved: Path) -> None:
    torch.save({"weight": torch.zeros(3)}, saved)
    with pytest.raises(UserError, match="not a complete safetensors file"):
        generator.load(saved)


def test_weights_that_do_not_fit_the_recipe_are_an_error(saved: Path) -> None:
    network, _ = generator.load(saved)
    generator.save(network.state_dict(), made(size=64), saved)
    with pytest.raises(UserError, match="do not fit the recipe") as caught:
        generator.load(saved)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        generator.load(tmp_path / "generator.safetensors")
