"""Conditional models: who gets which label, and whether G and D learn what it means."""

from pathlib import Path

import numpy as np
import onnxruntime
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from common.errors import UserError
from train import export, generator, trainer
from train.gan import Gan
from train.labels import NONE, number
from train.networks import Generator, initialise, noise
from train.provenance import Provenance
from train.random_streams import RandomStream
from train.recipe import Recipe

NAMES = pa.table({"source": ["town", "town", "museum", "museum"], "tags": [["brick"], ["stone", "brick"], [], ["x"]]})
CPU = torch.device("cpu")


def test_an_image_has_the_first_label_that_fits() -> None:
    assert number(NAMES, ["stone", "brick"]).tolist() == [2, 1, 0, 0]
    assert number(NAMES, ["brick", "museum"]).tolist() == [1, 1, 2, 2]


def test_a_label_that_fits_nothing_is_an_error_that_lists_what_would() -> None:
    with pytest.raises(UserError, match="with a tag 'wood'; expected such as brick, museum, town, stone, x"):
        number(NAMES, ["brick", "wood"])


def test_without_labels_the_networks_have_no_parameters_for_them() -> None:
    assert Recipe().classes == 0
    gan = Gan(Recipe(width_g=4, width_d=4), 32, CPU, "fp32")
    names = {name for part in (gan.G, gan.D, gan.critic) for name in part.state_dict()}
    assert names
    assert not {name for name in names if name.split(".")[-1] in ("means", "shares", "projection")}


def test_all_discriminators_depend_on_the_label() -> None:
    gan = Gan(Recipe(width_g=4, width_d=4, labels=("wall",)), 32, CPU, "fp32")
    images = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)).repeat(2, 1, 1, 1)
    labels = torch.tensor([0, 0, 1, 1])
    with torch.no_grad():
        for logits in (gan.D(images, labels), *gan._criticise(images, labels)):
            one, other = logits.chunk(2)
            assert not torch.isclose(one, other).any()


def test_labels_are_drawn_with_the_frequencies_of_training() -> None:
    network = Generator(8, 4, 32, classes=3)
    assert network.label_frequencies is not None
    network.label_frequencies.copy_(torch.tensor([0.0, 0.2, 0.8]))
    drawn = network.draw_labels(4000, RandomStream.LATENTS.rng(0)).bincount(minlength=3)
    assert drawn[0] == 0
    assert drawn[2] / 4000 == pytest.approx(0.8, abs=0.03)


def untrained() -> tuple[Generator, Provenance]:
    """A generator with the labels wall and gate, as if just read."""
    recipe = Recipe(latent=8, width_g=4, labels=("wall", "gate"))
    provenance = Provenance(
        recipe=recipe, dataset="", size=32, step=1, ksd=None, alarms={}, device="cpu", precision="fp32", threads=1,
        versions={},
    )  # fmt: skip
    network = Generator(8, 4, 32, recipe.classes).eval()
    initialise(network, RandomStream.WEIGHTS_G.rng(0))
    return network, provenance


@pytest.mark.slow
def test_g_learns_what_a_label_means() -> None:
    """Images of label 1 are dark and those of label 2 bright: some hundred steps suffice to draw them so."""
    recipe = Recipe(
        batch=16, latent=8, width_g=8, width_d=8, augment=(), lr_g=1e-3, lr_d=1e-3, labels=("dark", "bright")
    )
    gan = Gan(recipe, 32, CPU, "fp32")
    rng = torch.Generator().manual_seed(0)
    labels = torch.arange(16) % 2 + 1
    gan.set_label_frequencies(labels)
    for step in range(600):
        level = (labels * 2.0 - 3) * 0.6
        real = level[:, None, None, None] + torch.randn(16, 3, 32, 32, generator=rng) * 0.1
        gan.update(real, step, labels)
    network = gan.published_generator()
    z = noise(64, 8, RandomStream.LATENTS.rng(1))
    dark, bright = (network(network.condition(z, torch.full((64,), label))).mean() for label in (1, 2))
    assert bright - dark > 0.6


def test_a_conditional_model_is_trained_kept_and_read_again(dataset: Path, tmp_path: Path) -> None:
    tags = [["wall"] if place % 2 else ["gate"] for place in range(32)]
    pq.write_table(pa.table({"source": ["town"] * 32, "tags": tags}), dataset / "names.parquet")
    recipe = Recipe(steps=2, batch=8, latent=8, width_g=4, width_d=4, measure_images=12, labels=("wall", "gate"))
    trainer.train(dataset, recipe, tmp_path / "model", tmp_path / "state")
    network, provenance = generator.load(tmp_path / "model" / "generator.safetensors")
    assert provenance.recipe.labels == ("wall", "gate")
    assert network.means is not None
    assert network.label_frequencies is not None
    split = np.load(dataset / "split.npy") == 0
    walls = np.mean([tags[place] == ["wall"] for place in np.flatnonzero(split)])
    torch.testing.assert_close(network.label_frequencies, torch.tensor([0, walls, 1 - walls], dtype=torch.float32))


@pytest.mark.integration
def test_a_generator_with_a_fixed_label_draws_it_from_plain_noise() -> None:
    network, provenance = untrained()
    z = noise(3, 8, RandomStream.LATENTS.rng(1))
    expected = network(network.condition(z, torch.full((3,), 2)))
    generator.fix_label(network, provenance, "gate")
    torch.testing.assert_close(network(z), expected)
    assert "offset" not in network.state_dict()
    session = onnxruntime.InferenceSession(export.onnx(network, {}))
    torch.testing.assert_close(torch.from_numpy(session.run(None, {"z": z.numpy()})[0]), expected)


def test_the_images_that_no_label_fits_are_drawn_as_none() -> None:
    network, provenance = untrained()
    z = noise(3, 8, RandomStream.LATENTS.rng(1))
    expected = network(network.condition(z, torch.full((3,), NONE)))
    generator.fix_label(network, provenance, "none")
    torch.testing.assert_close(network(z), expected)


def test_a_label_that_cannot_be_drawn_is_an_error_that_lists_those_that_can() -> None:
    network, provenance = untrained()
    for label, found in ((None, "no label"), ("door", "door")):
        with pytest.raises(UserError, match=f"^label: found {found}; expected one of wall, gate, none$"):
            generator.fix_label(network, provenance, label)
    assert network.label_frequencies is not None
    network.label_frequencies.copy_(torch.tensor([0.0, 0.5, 0.5]))  # no training image was without a label
    with pytest.raises(UserError, match=r"^label: found none; expected one of wall, gate$"):
        generator.fix_label(network, provenance, "none")


def test_a_model_without_labels_takes_none() -> None:
    network, provenance = Generator(8, 4, 32), untrained()[1]
    generator.fix_label(network, provenance, None)
    for label in ("wall", "none"):
        with pytest.raises(UserError, match=f"^label: found {label}; expected no label, since the model was trained"):
            generator.fix_label(network, provenance, label)


def test_other_labels_have_another_state(dataset: Path) -> None:
    recipe = Recipe(labels=("wall",))
    ids = []
    for tags in (["wall"], ["wall", "gate"]):
        table = pa.table({"source": ["town"] * 32, "tags": [tags] * 31 + [["wall"] if len(tags) == 1 else ["gate"]]})
        pq.write_table(table, dataset / "names.parquet")
        ids.append(trainer._labels_id(dataset, recipe))
    assert ids[0] != ids[1]
