"""How far generated images are from real ones. Pure functions of features and pixels, on the CPU, without randomness
of their own.

FSD and KSD are FID's and KID's formulas on SqueezeNet's features instead of Inception's; their values do not compare
with a FID, and are never called one.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

NEIGHBOURS = 5  # k of the k-nearest-neighbour metrics (Naeem et al. 2020)
PROJECTIONS = 128
PATCH = 7
SMALLEST_LEVEL = 16


def fsd(a: Tensor, b: Tensor) -> float:
    """Fréchet distance between normal distributions fitted to two sets of features, N×d and M×d; 0 is equal.

    Heusel et al. 2017, arXiv:1706.08500. It falls with N and M: compare only at equal numbers.
    """
    x, y = a.double(), b.double()
    # The trace of (Σx Σy)^½ is the sum of the singular values of X Yᵀ, X and Y the centred, scaled features: no matrix
    # square root, and exact where there are fewer images than features.
    xc, yc = (z.sub(z.mean(0)).div((len(z) - 1) ** 0.5) for z in (x, y))
    cross = torch.linalg.svdvals(xc @ yc.T).sum()
    distance = (x.mean(0) - y.mean(0)).square().sum() + xc.square().sum() + yc.square().sum() - 2 * cross
    return max(0.0, float(distance))


def ksd(a: Tensor, b: Tensor) -> float:
    """Kernel distance: unbiased MMD² between two sets of features, N×d and M×d, kernel (x·y / d + 1)³; 0 is equal.

    Bińkowski et al. 2018, arXiv:1801.01401, on all images at once instead of averaged over random subsets.
    """
    x, y = a.double(), b.double()
    d, n, m = x.shape[1], len(x), len(y)
    xx, yy, xy = ((p @ q.T / d + 1) ** 3 for p, q in ((x, x), (y, y), (x, y)))
    within = (xx.sum() - xx.trace()) / (n * (n - 1)) + (yy.sum() - yy.trace()) / (m * (m - 1))
    return (within - 2 * xy.mean()).item()


def precision_recall(real: Tensor, generated: Tensor, k: int = NEIGHBOURS) -> dict[str, float]:
    """Precision and recall (Kynkäänniemi et al. 2019, arXiv:1904.06991), density and coverage (Naeem et al. 2020,
    arXiv:2002.09797) of features N×d and M×d, N and M > k. All are in [0, 1] but density, which may exceed 1.

    Precision and density: how many generated images lie among real ones. Recall and coverage: how much of the real
    variety is generated.
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
    """Sliced Wasserstein distance between the 7×7 patches of two sets of images, mean over a Laplacian pyramid, × 10³.

    Karras et al. 2018, arXiv:1710.10196. It needs no trained network, and so is a check on the metrics that do.

    Args:
        a, b: uint8, N×3×S×S and M×3×S×S.
        seed: of the patches and the projections.
        descriptors: patches from each set at each level.
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
    """Distance of each point to its k-th nearest neighbour, itself not counted."""
    points = points.double()
    return torch.cdist(points, points).kthvalue(k + 1, dim=1).values


def _laplacian(images: Tensor) -> list[Tensor]:
    """The bands of an image from fine to coarse; the last is what remains at 16×16."""
    level, bands = images.float() / 127.5 - 1, []
    while level.shape[-1] > SMALLEST_LEVEL:
        coarse = F.avg_pool2d(level, 2)
        bands.append(level - F.interpolate(coarse, scale_factor=2, mode="bilinear"))
        level = coarse
    return [*bands, level]


def _patches(images: Tensor, count: int, rng: np.random.Generator) -> Tensor:
    """Random 7×7 patches, each channel normalised over all of them (the paper's step): count × 147."""
    n, channels, size, _ = images.shape
    which = torch.from_numpy(rng.integers(n, size=count))
    y, x = torch.from_numpy(rng.integers(size - PATCH + 1, size=(2, count)))
    offsets = torch.arange(PATCH)
    rows, columns = (y[:, None] + offsets)[:, :, None], (x[:, None] + offsets)[:, None, :]
    patches = images[which[:, None, None], :, rows, columns].permute(0, 3, 1, 2)  # count×C×7×7
    mean = patches.mean((0, 2, 3), keepdim=True)
    deviation = patches.std((0, 2, 3), keepdim=True)
    return ((patches - mean) / deviation.clamp_min(1e-8)).reshape(count, channels * PATCH * PATCH)
