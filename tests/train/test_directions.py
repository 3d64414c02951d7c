import torch

from train.directions import principal_directions
from train.gan import Gan
from train.latents import draw
from train.recipe import Recipe


def test_they_are_the_principal_components_of_the_first_layers_activations() -> None:
    network = Gan(Recipe(width_g=8), 64, torch.device("cpu"), "fp32").published()
    with torch.no_grad():
        network[0].weight[:3] *= 3  # three components of z matter more, so that sampling finds the same order
        network[0].weight[1] *= 2
        network[0].weight[0] *= 4
    found = principal_directions(network, 3)
    assert torch.allclose(found @ found.T, torch.eye(3), atol=1e-5)

    # GANSpace as its authors compute it: PCA over samples, then the regression of z on the components.
    z = draw(4000, 100, seed=0)
    with torch.no_grad():
        activations = network[1](network[0](z[:, :, None, None])).flatten(1)
    activations -= activations.mean(0)
    components = torch.linalg.svd(activations, full_matrices=False).Vh[:3]
    regressed = torch.linalg.lstsq(activations @ components.T, z).solution
    sampled = torch.nn.functional.normalize(regressed, dim=1)
    assert (found * sampled).sum(1).abs().min() > 0.97


def test_the_largest_component_of_each_is_positive() -> None:
    network = Gan(Recipe(width_g=8), 64, torch.device("cpu"), "fp32").published()
    found = principal_directions(network, 8)
    assert (found.gather(1, found.abs().argmax(1, keepdim=True)) > 0).all()
