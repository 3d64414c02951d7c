"""The formulas against slow ones written from the papers, and their order on pictures that get worse and worse."""

from itertools import pairwise

import numpy as np
import pytest
import scipy.linalg
import scipy.ndimage
import scipy.stats
import torch
from torch import Tensor
from torch.nn import functional

from train import metrics
from train.evaluate import compare
from train.features import features

pytestmark = pytest.mark.integration

CPU = torch.device("cpu")


def points(n: int, d: int, seed: int, shift: float = 0.0, scale: float = 1.0) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed)) * scale + shift


def slow_fsd(a: Tensor, b: Tensor) -> float:
    """Heusel et al.'s formula with a matrix square root, as torch-fidelity computes it."""
    x, y = a.double().numpy(), b.double().numpy()
    root = scipy.linalg.sqrtm(np.cov(x.T) @ np.cov(y.T))
    between = np.square(x.mean(0) - y.mean(0)).sum()
    return float(between + np.trace(np.cov(x.T)) + np.trace(np.cov(y.T)) - 2 * np.trace(root).real)


def slow_ksd(a: Tensor, b: Tensor) -> float:
    """Bińkowski et al.'s formula, pair by pair."""
    x, y = a.double().numpy(), b.double().numpy()

    def k(p: np.ndarray, q: np.ndarray) -> float:
        return float((p @ q / len(p) + 1) ** 3)

    def within(z: np.ndarray) -> float:
        return float(np.mean([k(z[i], z[j]) for i in range(len(z)) for j in range(len(z)) if i != j]))

    return within(x) + within(y) - 2 * float(np.mean([k(p, q) for p in x for q in y]))


def slow_prdc(real: Tensor, fake: Tensor, k: int) -> dict[str, float]:
    """The definitions of Kynkäänniemi et al. and Naeem et al., image by image."""

    def radius(z: Tensor, i: int) -> float:
        return float((z - z[i]).norm(dim=1).sort().values[k])

    r, f = real.double(), fake.double()
    inside_real = [[float((y - r[i]).norm()) < radius(r, i) for i in range(len(r))] for y in f]
    inside_fake = [[float((x - f[j]).norm()) < radius(f, j) for j in range(len(f))] for x in r]
    return {
        "precision": float(np.mean([any(row) for row in inside_real])),
        "recall": float(np.mean([any(row) for row in inside_fake])),
        "density": float(np.mean([sum(row) / k for row in inside_real])),
        "coverage": float(np.mean([any(inside_real[j][i] for j in range(len(f))) for i in range(len(r))])),
    }


def coarser(images: np.ndarray) -> np.ndarray:
    n, channels, size, _ = images.shape
    return images.reshape(n, channels, size // 2, 2, size // 2, 2).mean((3, 5))


def finer(images: np.ndarray) -> np.ndarray:
    return scipy.ndimage.zoom(images, (1, 1, 2, 2), order=1, mode="nearest", grid_mode=True)


def slow_bands(images: Tensor) -> list[np.ndarray]:
    """A Laplacian pyramid down to 16×16."""
    level, bands = images.numpy() / 127.5 - 1, []
    while level.shape[-1] > 16:
        bands.append(level - finer(coarser(level)))
        level = coarser(level)
    return [*bands, level]


def slow_swd(a: Tensor, b: Tensor, seed: int, descriptors: int) -> float:
    """Karras et al.'s formula on the same draws, patch by patch, projection by projection."""
    rng = np.random.default_rng(seed)
    directions = rng.standard_normal((147, 128), dtype=np.float32).astype(float).T

    def projected(band: np.ndarray) -> list[np.ndarray]:
        which = rng.integers(len(band), size=descriptors)
        y, x = rng.integers(band.shape[-1] - 6, size=(2, descriptors))
        patches = np.stack([band[which[i], :, y[i] : y[i] + 7, x[i] : x[i] + 7] for i in range(descriptors)])
        for channel in range(3):
            patches[:, channel] -= patches[:, channel].mean()
            patches[:, channel] /= patches[:, channel].std(ddof=1)
        return [patches.reshape(descriptors, 147) @ direction / np.linalg.norm(direction) for direction in directions]

    distances = []
    for one, other in zip(slow_bands(a), slow_bands(b), strict=True):
        pairs = zip(projected(one), projected(other), strict=True)
        distances += [scipy.stats.wasserstein_distance(p, q) for p, q in pairs]
    return 1000 * float(np.mean(distances))


def test_fsd_is_the_frechet_distance() -> None:
    a, b = points(300, 12, 1), points(200, 12, 2, shift=0.3, scale=1.5)
    assert metrics.fsd(a, b) == pytest.approx(slow_fsd(a, b), rel=1e-6)


def test_fsd_of_known_normals() -> None:
    """In one dimension it is (μ₁ - μ₂)² + (σ₁ - σ₂)²."""
    a = torch.tensor([[-1.0], [1.0]])  # mean 0, standard deviation √2
    b = a * 3 + 5
    assert metrics.fsd(a, b) == pytest.approx(25 + (2 * 2**0.5) ** 2)


def test_fsd_with_fewer_images_than_features() -> None:
    a, b = points(20, 64, 1), points(30, 64, 2, shift=0.5)
    assert metrics.fsd(a, b) == pytest.approx(slow_fsd(a, b), rel=1e-3)
    assert metrics.fsd(a, a) == pytest.approx(0, abs=1e-9)


def test_ksd_is_the_unbiased_mmd() -> None:
    a, b = points(25, 6, 1), points(18, 6, 2, shift=0.4)
    assert metrics.ksd(a, b) == pytest.approx(slow_ksd(a, b), rel=1e-9)


def test_ksd_is_unbiased() -> None:
    values = [metrics.ksd(points(20, 4, 2 * seed), points(20, 4, 2 * seed + 1)) for seed in range(200)]
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(len(values))


def test_precision_recall_density_coverage_are_their_definitions() -> None:
    real, fake = points(40, 3, 1), points(30, 3, 2, shift=0.5, scale=0.7)
    found = metrics.precision_recall(real, fake, k=4)
    assert found == pytest.approx(slow_prdc(real, fake, 4))
    assert len(set(found.values())) == 4  # a case in which no two of them could be mixed up


@pytest.mark.parametrize("size", [16, 32, 64])
def test_swd_is_the_mean_wasserstein_distance_of_projected_patches(size: int) -> None:
    rng = torch.Generator().manual_seed(0)
    a, b = (
        torch.randint(0, high, (n, 3, size, size), dtype=torch.uint8, generator=rng) for n, high in ((9, 256), (7, 99))
    )
    b[:, :, ::3] += 100
    assert metrics.swd(a, b, 5, descriptors=300) == pytest.approx(slow_swd(a, b, 5, 300), rel=1e-5)


def test_the_bands_of_the_pyramid_sum_to_the_image(photographs: Tensor) -> None:
    images = photographs[:10]
    *bands, image = [band.double().numpy() for band in metrics._laplacian(images)]
    assert [band.shape[-1] for band in bands] == [64, 32]
    assert image.shape[-1] == 16
    for band in bands[::-1]:
        image = finer(image) + band
    np.testing.assert_allclose(image, images.double().numpy() / 127.5 - 1, atol=1e-6)


def test_a_far_copy_has_none_and_an_equal_one_has_all() -> None:
    real = points(50, 3, 1)
    assert metrics.precision_recall(real, real + 100) == {"precision": 0, "recall": 0, "density": 0, "coverage": 0}
    again = metrics.precision_recall(real, real)
    assert again["precision"] == again["recall"] == again["coverage"] == 1


@pytest.fixture(scope="module")
def halves(photographs: Tensor) -> tuple[Tensor, Tensor]:
    """Two sets of 100, uint8, 100×3×64×64."""
    return photographs[0:200:2], photographs[1:200:2]


def noisy(images: Tensor, amount: float) -> Tensor:
    grain = torch.randn(images.shape, generator=torch.Generator().manual_seed(0)) * amount
    return (images.float() + grain).round().clamp(0, 255).to(torch.uint8)


def blurred(images: Tensor, amount: int) -> Tensor:
    small = functional.interpolate(images.float(), scale_factor=1 / amount, mode="area")
    return functional.interpolate(small, size=images.shape[-2:], mode="bilinear").round().clamp(0, 255).to(torch.uint8)


def shuffled(images: Tensor, tiles: int) -> Tensor:
    side = images.shape[-1] // tiles
    parts = images.unfold(2, side, side).unfold(3, side, side).flatten(2, 3)
    order = torch.randperm(tiles * tiles, generator=torch.Generator().manual_seed(0))
    parts = parts[:, :, order].unflatten(2, (tiles, tiles))
    return parts.permute(0, 1, 2, 4, 3, 5).reshape(images.shape).contiguous()


def repeated(images: Tensor, distinct: int) -> Tensor:
    return images[torch.arange(len(images)) % distinct]


def striped(images: Tensor, quarters: int) -> Tensor:
    """So many quarters of the images are black and white stripes instead."""
    stripes = (torch.arange(images.shape[-1]) // 4 % 2 * 255).to(torch.uint8).expand(images.shape)
    struck = torch.arange(len(images)) % 4 < quarters
    return torch.where(struck[:, None, None, None], stripes, images)


@pytest.mark.parametrize(
    ("damage", "grades", "blind"),
    [
        # Noisy images lie so close together that the ball of one photograph holds 87 of 100; of shuffled ones, 44.
        (noisy, (10, 40), {"precision"}),
        (shuffled, (4, 8), {"precision"}),
        # What is left of a blurred image is what photographs have in common: it lies nearer to the middle of them.
        (blurred, (2, 4), {"precision", "density"}),
        # Quarters of a photograph look like photographs, and nearly all of their 7×7 patches are whole.
        (shuffled, (2,), {"precision", "density", "swd"}),
        # Each of the few images is as good as it was.
        (repeated, (40, 8), {"precision", "density"}),
        # The fewer images are left, the wider are their balls, and the real images in them are no fewer.
        (striped, (1, 3), {"recall"}),
    ],
    ids=["noise", "shuffled patches", "blur", "shuffled quarters", "few distinct images", "stripes for some"],
)
def test_more_damage_is_further_away(halves: tuple[Tensor, Tensor], damage, grades, blind) -> None:
    """By every metric but those that are `blind` to this damage, for the reason above it."""
    real, other = halves
    ground = features(real, CPU)
    versions = [other, *(damage(other, grade) for grade in grades)]
    found = [compare(real, ground, version, features(version, CPU), seed=0) for version in versions]
    for metric in found[0].keys() - blind:
        values = [each[metric] for each in found]
        worse = values if metric in ("fsd", "ksd", "swd") else values[::-1]
        assert all(a < b for a, b in pairwise(worse)), (metric, values)


def test_swd_is_near_zero_only_for_the_same_pictures(halves: tuple[Tensor, Tensor]) -> None:
    real, other = halves
    floor = metrics.swd(real, real.clone(), 0)
    assert floor < metrics.swd(real, other, 0) < metrics.swd(real, torch.full_like(real, 128), 0)
