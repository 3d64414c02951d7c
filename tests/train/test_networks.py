# ruff: noqa: N806  # G, D: the field's own names
"""Against PyTorch's examples/dcgan/main.py, its two networks written down again here layer by layer."""

import pytest
import torch
from torch import nn

from train.networks import Discriminator, Generator, initialise, noise
from train.random_streams import RandomStream


def reference_generator(nz: int = 100, ngf: int = 64) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose2d(nz, ngf * 8, 4, 1, 0, bias=False),
        nn.BatchNorm2d(ngf * 8),
        nn.ReLU(True),
        nn.ConvTranspose2d(ngf * 8, ngf * 4, 4, 2, 1, bias=False),
        nn.BatchNorm2d(ngf * 4),
        nn.ReLU(True),
        nn.ConvTranspose2d(ngf * 4, ngf * 2, 4, 2, 1, bias=False),
        nn.BatchNorm2d(ngf * 2),
        nn.ReLU(True),
        nn.ConvTranspose2d(ngf * 2, ngf, 4, 2, 1, bias=False),
        nn.BatchNorm2d(ngf),
        nn.ReLU(True),
        nn.ConvTranspose2d(ngf, 3, 4, 2, 1, bias=False),
        nn.Tanh(),
    )


def reference_discriminator(ndf: int = 64) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, ndf, 4, 2, 1, bias=False),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(ndf, ndf * 2, 4, 2, 1, bias=False),
        nn.BatchNorm2d(ndf * 2),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(ndf * 2, ndf * 4, 4, 2, 1, bias=False),
        nn.BatchNorm2d(ndf * 4),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(ndf * 4, ndf * 8, 4, 2, 1, bias=False),
        nn.BatchNorm2d(ndf * 8),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(ndf * 8, 1, 4, 1, 0, bias=False),
        nn.Sigmoid(),
    )


def size_of(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_the_layers_are_the_examples() -> None:
    G, D = Generator(100, 64, 64), Discriminator(64, 64)
    assert [str(layer) for layer in G] == [str(layer) for layer in reference_generator()]
    # The last layer differs: logits here, the example's sigmoid is in the loss.
    assert [str(layer) for layer in D][:-1] == [str(layer) for layer in reference_discriminator()][:-1]
    assert (size_of(G), size_of(D)) == (3_576_704, 2_765_568)


def test_equal_weights_give_equal_outputs() -> None:
    G, D, reference_G, reference_D = (
        Generator(100, 8, 64),
        Discriminator(8, 64),
        reference_generator(100, 8),
        reference_discriminator(8),
    )
    reference_G.load_state_dict(G.state_dict())
    reference_D.load_state_dict(D.state_dict())
    z = noise(4, 100, RandomStream.LATENTS.rng(0))
    fake = G(z)
    torch.testing.assert_close(fake, reference_G(z))
    torch.testing.assert_close(D(fake).sigmoid(), reference_D(fake).flatten())


@pytest.mark.parametrize("size", [32, 64, 128, 256])
def test_the_networks_grow_with_the_image(size: int) -> None:
    G, D = Generator(10, 4, size), Discriminator(4, size)
    images = G(torch.zeros(2, 10, 1, 1))
    assert images.shape == (2, 3, size, size)
    assert D(images).shape == (2,)


def test_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="96"):
        Generator(10, 4, 96)


def test_initial_weights_are_dcgans() -> None:
    G = Generator(100, 64, 64)
    initialise(G, RandomStream.WEIGHTS_G.rng(0))
    for module in G:
        if isinstance(module, nn.ConvTranspose2d):
            assert abs(module.weight.detach().mean()) < 0.001
            assert module.weight.detach().std() == pytest.approx(0.02, rel=0.05)
        if isinstance(module, nn.BatchNorm2d):
            assert module.weight.detach().mean() == pytest.approx(1, abs=0.01)
            assert module.weight.detach().std() == pytest.approx(0.02, rel=0.3)
            assert not module.bias.any()
