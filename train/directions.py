"""The principal directions of a latent space: along which of its vectors the first layer moves most."""

import torch
from torch import Tensor, nn

from train.networks import Generator


@torch.no_grad()
def principal_directions(generator: Generator, n: int) -> Tensor:
    """The n directions along which a step of unit length changes the first layer most, strongest first.

    GANSpace (Härkönen et al. 2020, arXiv:2004.02546) takes the principal components of a layer's activations over many
    z; SeFa (Shen & Zhou 2021, arXiv:2007.06600) the singular vectors of its weights. In DCGAN the first layer and its
    batch norm are one affine map of a standard normal z, so that both give the same directions, and the decomposition
    gives them exactly, without sampling.

    Returns:
        float32, n×latent, orthonormal; the component of largest magnitude of each is positive.
    """
    first, norm = generator[0], generator[1]
    assert isinstance(first, nn.ConvTranspose2d)
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_var is not None
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    weight = (first.weight * scale.view(1, -1, 1, 1)).flatten(1).double()  # latent×activations
    vectors: Tensor = torch.linalg.eigh(weight @ weight.T).eigenvectors  # in columns, from weak to strong
    directions = vectors.T.flip(0)[:n]
    largest = directions.gather(1, directions.abs().argmax(1, keepdim=True))
    return (directions * largest.sign()).float()
