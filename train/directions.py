"""Principal directions of a latent space: those along which the images change most."""

import torch
from torch import Tensor

from train.latents import draw
from train.networks import Generator

AVERAGED = 4  # latents; more of them change the images by only 1 % more


@torch.inference_mode()
def principal_directions(generator: Generator, n: int) -> Tensor:
    """Return the n directions along which a step of unit length changes the images most, strongest first.

    They are singular vectors of the mean Jacobian of the image with respect to z, computed by differences over steps of
    unit length; Zhu et al. 2021 (arXiv:2106.04488) use the Jacobian of a single image. GANSpace (Härkönen et al. 2020,
    arXiv:2004.02546) uses principal components of a layer's activations, SeFa (Shen & Zhou 2021, arXiv:2007.06600)
    singular vectors of its weights; on DCGAN's first layer, which is linear in z, both give the same directions, along
    which the images change less.

    Args:
        generator: in evaluation mode, on the CPU.
        n: number of directions, at most the length of z.

    Returns:
        float32, n×latent, orthonormal; the component of largest magnitude of each is positive.
    """
    steps = torch.eye(generator.latent)[:, :, None, None]
    changes = [
        (generator(z + steps) - generator(z - steps)).flatten(1) / 2
        for z in draw(AVERAGED, generator.latent, seed=0)[:, None, :, None, None]
    ]
    mean = torch.stack(changes).mean(0).double()  # latent×3·S·S
    vectors: Tensor = torch.linalg.eigh(mean @ mean.T).eigenvectors  # in columns, from weak to strong
    directions = vectors.T.flip(0)[:n]
    largest = directions.gather(1, directions.abs().argmax(1, keepdim=True))
    return (directions * largest.sign()).float()
