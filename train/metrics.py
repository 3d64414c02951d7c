"""Distances between two sets of images: pure functions of features or pixels, on the CPU.

FSD and KSD are FID and KID with features of SqueezeNet instead of Inception. Their values cannot be compared with those
of FID and KID.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

NEIGHBOURS = 5  # k of the k-nearest-neighbour metrics (Naeem et al. 2020, arXiv:2002.09797)
PROJECTIONS = 128  # random directions of SWD
PATCH = 7  # side of SWD's patches, in pixels (Karras et al. 2018, arXiv:1710.10196)
SMALLEST_LEVEL = 16  # side of the coarsest level of SWD's pyramid (the same paper)


def fsd(a: Tensor, b: Tensor) -> float:
    """Return the Fréchet distance between normal distributions fitted to two sets of features (Heusel et al. 2017,
    arXiv:1706.08500).

    It falls as N and M grow: compare values of equal N and M only.

    Args:
        a, b: float, N×d and M×d, N and M ≥ 2.

    Returns:
        ≥ 0; 0 for equal means and covariances.
    """
    x, y = a.double(), b.double()
    # The trace of (Σx Σy)^½ is the sum of the singular values of X Yᵀ, X and Y the centred, scaled features. This needs
    # no matrix square root, and is exact for fewer images than features.
    xc, yc = (z.sub(z.mean(0)).div((len(z) - 1) ** 0.5) for z in (x, y))
    cross = torch.linalg.svdvals(xc @ yc.T).sum()
    distance = (x.mean(0) - y.mean(0)).square().sum() + xc.square().sum() + yc.square().sum() - 2 * cross
    return max(0.0, float(distance))


def ksd(a: Tensor, b: Tensor) -> float:
    """Return the kernel distance between two sets of features: the unbiased estimate of MMD² with the kernel
    (x·y / d + 1)³ (Bińkowski et al. 2018, arXiv:1801.01401), over all features instead of random subsets.

    Args:
        a, b: float, N×d and M×d, N and M ≥ 2.

    Returns:
        About 0 for sets from the same distribution; it may be negative.
    """
    x, y = a.double(), b.double()
    d, n, m = x.shape[1], len(x), len(y)
    xx, yy, xy = ((p @ q.T / d + 1) ** 3 for p, q in ((x, x), (y, y), (x, y)))
    within = (xx.sum() - xx.trace()) / (n * (n - 1)) + (yy.sum() - yy.trace()) / (m * (m - 1))
    return (within - 2 * xy.mean()).item()


def precision_recall(real: Tensor, generated: Tensor, k: int = NEIGHBOURS) -> dict[str, float]:
    """Return precision and recall (Kynkäänniemi et al. 2019, arXiv:1904.06991), density and coverage (Naeem et al.
    2020, arXiv:2002.09797).

    Precision and density measure how many generated images are similar to real ones, recall and coverage how much of
    the variety of the real images is generated.

    Args:
        real, generated: features, float, N×d and M×d, N and M > k.
        k: a point's neighbourhood is the ball that reaches to its k-th nearest neighbour.

    Returns:
        Values by name; each is in [0, 1], except density, which may exceed 1.
    """
    distance = torch.cdist(real.double(), generated.double())  # N×M
    real_radius, generated_radius = (_radius(z, k) for z in (real, generated))
    inside_real = distance < real_radius[:, None]
    return {
        "precision": inside_real.any(0).double().mean().item(),
        "recall": (distance < generated_radius).any(1).double().mean().item(),
        "density": inside_real.sum(0).double().mean().item() / k,
        "coverage": (distance.min(1).values < real_radius).double().mean().item(),
    }


def swd(a: Tensor, b: Tensor, seed: int, *, descriptors: int = 8_192) -> float:
    """Return the sliced Wasserstein distance between 7×7 patches of two sets of images, the mean over the levels of a
    Laplacian pyramid, × 10³ (Karras et al. 2018, arXiv:1710.10196).

    It uses no trained network, so it is a check of the metrics that do.

    Args:
        a, b: uint8, N×3×S×S and M×3×S×S, S ≥ 16.
        seed: of the choice of patches and of the projections.
        descriptors: number of patches from each set and level.

    Returns:
        ≥ 0; 0 for equal distributions of patches.
    """
    rng = np.random.default_rng(seed)
    projections = torch.from_numpy(rng.standard_normal((3 * PATCH * PATCH, PROJECTIONS), dtype=np.float32))
    projections /= projections.norm(dim=0)
    levels = []
    for one, other in zip(_laplacian(a), _laplacian(b), strict=True):
        p, q = (_patches(level, descriptors, rng) @ projections for level in (one, other))
        levels.append((p.sort(dim=0).values - q.sort(dim=0).values).abs().mean())
    return 1000 * torch.stack(levels).mean().item()


def _radius(points: Tensor, k: int) -> Tensor:
    """Return the distance of each point to its k-th nearest neighbour, not counting itself."""
    points = points.double()
    return torch.cdist(points, points).kthvalue(k + 1, dim=1).values


def _laplacian(images: Tensor) -> list[Tensor]:
    """Return the bands of images from fine to coarse; the last one is the image at 16×16."""
    level, bands = images.float() / 127.5 - 1, []
    while level.shape[-1] > SMALLEST_LEVEL:
        coarse = F.avg_pool2d(level, 2)
        bands.append(level - F.interpolate(coarse, scale_factor=2, mode="bilinear"))
        level = coarse
    return [*bands, level]


def _patches(images: Tensor, count: int, rng: np.random.Generator) -> Tensor:
    """Return random 7×7 patches, each channel normalised over all of them as in the paper: count×147."""
    n, channels, size, _ = images.shape
    which = torch.from_numpy(rng.integers(n, size=count))
    y, x = torch.from_numpy(rng.integers(size - PATCH + 1, size=(2, count)))
    offsets = torch.arange(PATCH)
    rows, columns = (y[:, None] + offsets)[:, :, None], (x[:, None] + offsets)[:, None, :]
    patches = images[which[:, None, None], :, rows, columns].permute(0, 3, 1, 2)  # count×C×7×7
    mean = patches.mean((0, 2, 3), keepdim=True)
    deviation = patches.std((0, 2, 3), keepdim=True)
    return ((patches - mean) / deviation.clamp_min(1e-8)).reshape(count, channels * PATCH * PATCH)
