import torch
from torch import nn

from tests.train.layers import weight
from train.directions import principal_directions
from train.gan import Gan
from train.latents import draw
from train.networks import Generator
from train.recipe import Recipe


def generator() -> Generator:
    """Of a z of which component 4 matters most, then component 9."""
    network = Gan(Recipe(latent=20, width_g=8), 32, torch.device("cpu"), "fp32").published_generator()
    weight(network)[4] *= 4
    weight(network)[9] *= 2
    return network


def test_they_are_orthonormal_and_of_one_sign() -> None:
    found = principal_directions(generator(), 20)
    assert torch.allclose(found @ found.T, torch.eye(20), atol=1e-5)
    assert (found.gather(1, found.abs().argmax(1, keepdim=True)) > 0).all()
    assert torch.equal(principal_directions(generator(), 3), found[:3])


def test_the_components_of_z_that_matter_lead() -> None:
    first, second = principal_directions(generator(), 2)
    assert first[4] > 0.95
    assert second[9] > 0.9


def test_where_images_are_linear_in_z_they_are_its_singular_vectors() -> None:
    network = generator()
    weight(network)[15] *= 1.5  # a third that stands out: of equally strong vectors neither way finds the same one
    weight(network).mul_(1e-3)  # so small a step that no ReLU turns
    norm = network[1]
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    norm.bias.copy_(norm.running_mean * scale + 1)
    z = draw(400, 20, seed=1)[:, :, None, None]
    images = network(z).flatten(1).double()
    fit = torch.linalg.lstsq(z.flatten(1).double(), images - images.mean(0)).solution
    expected = torch.linalg.svd(fit).U.T[:3].float()
    assert ((principal_directions(network, 3) * expected).sum(1).abs() > 0.99).all()


def test_images_it_never_saw_change_more_along_the_first_than_along_the_last() -> None:
    network = generator()
    z = draw(32, 20, seed=1)[:, :, None, None]
    v = principal_directions(network, 20)[:, :, None, None]
    change = [(network(z + step) - network(z - step)).square().mean() for step in v]
    assert sum(change[:4]) > 2 * sum(change[-4:])
