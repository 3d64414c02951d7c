import json
from pathlib import Path

import pytest
import torch

from common.errors import UserError
from train import latents
from train.gan import Gan
from train.recipe import Recipe


def test_the_kth_latent_depends_on_the_seed_and_on_k_alone() -> None:
    assert torch.equal(latents.draw(64, 100, seed=7)[:5], latents.draw(5, 100, seed=7))
    assert not torch.equal(latents.draw(5, 100, seed=7), latents.draw(5, 100, seed=8))
    assert len(latents.draw(64, 100, seed=7).unique(dim=0)) == 64


def test_latents_are_standard_normal() -> None:
    z = latents.draw(500, 100, seed=0)
    assert z.mean().abs() < 4 / 50_000**0.5
    assert (z.square().mean() - 1).abs() < 4 * (2 / 50_000) ** 0.5
    assert z.abs().max() > 3.5


def test_truncation_leaves_no_component_beyond_it_and_the_rest_in_proportion() -> None:
    z = latents.draw(500, 100, seed=0, truncation=1.0)
    assert z.abs().max() <= 1
    # The part of a standard normal within ±1 that lies within ±½ is .3829 / .6827.
    assert (z.abs() < 0.5).float().mean().item() == pytest.approx(0.3829 / 0.6827, abs=0.01)


@pytest.mark.parametrize("label", [None, 'art "nouveau" é'])
def test_a_latents_file_gives_back_every_bit_and_the_label(tmp_path: Path, label: str | None) -> None:
    z = latents.draw(50, 100, seed=3)
    z[0, :4] = torch.tensor([0.0, 1e-30, -1.1754944e-38, 3.4028235e38])
    file = tmp_path / "latents.json"
    file.write_text(latents.to_json(latents.LatentsFile(z, "ab" * 32, label)))
    found, *rest = latents.read(file, 100)
    assert rest == ["ab" * 32, label]
    assert torch.equal(found, z)
    # What a page does to it: numbers through doubles, each printed as briefly as gives the double back.
    file.write_text(json.dumps(json.loads(file.read_text())))
    assert torch.equal(latents.read(file, 100).z, z)


def test_a_file_from_before_there_were_labels_in_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "latents.json"
    file.write_text('{"format": "facades latents 1", "generator": "ab", "latents": [[0, 1]]}')
    z, *rest = latents.read(file, 2)
    assert (z.tolist(), rest) == ([[0, 1]], ["ab", None])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"latents": [[0, 0]]}',
        '{"format": "facades latents 3", "generator": "", "label": null, "latents": [[0, 0]]}',
        '{"format": "facades latents 2", "generator": "", "latents": [[0, 0]]}',
        '{"format": "facades latents 2", "generator": "", "label": 1, "latents": [[0, 0]]}',
        '{"format": "facades latents 1", "generator": "", "latents": [[0, 0], [0]]}',
        '{"format": "facades latents 1", "generator": "", "latents": [["a", "b"]]}',
        '{"format": "facades latents 1", "generator": "", "latents": [[0, NaN]]}',
        '{"format": "facades latents 1", "generator": "", "latents": [[0, 0, 0]]}',
        '{"format": "facades latents 1", "generator": "", "latents": []}',
        '{"format": "facades latents 1", "generator": "", "latents": 3}',
    ],
)
def test_what_is_no_latents_file_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "latents.json"
    file.write_text(text)
    with pytest.raises(UserError, match=r"latents\.json: found .*expected") as error:
        latents.read(file, 2)
    assert "\n" not in str(error.value)


def test_a_missing_or_binary_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.json: not found"):
        latents.read(tmp_path / "none.json", 2)
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(UserError, match=r"picture\.png: found"):
        latents.read(tmp_path / "picture.png", 2)


def test_the_bytes_of_an_image_do_not_depend_on_the_other_images() -> None:
    network = Gan(Recipe(width_g=16), 64, torch.device("cpu"), "fp32").published_generator()
    z = latents.draw(9, 100, seed=1)
    together = latents.images(network, z)
    assert together.shape == (9, 3, 64, 64)
    assert together.dtype == torch.uint8
    assert together.float().std() > 10
    for k in (0, 4, 8):
        assert torch.equal(latents.images(network, z[k : k + 1])[0], together[k])
    assert torch.equal(latents.images(network, z.flip(0)).flip(0), together)
