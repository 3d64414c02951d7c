import torch

from train import features
from train.features import DIMENSIONS


def test_features_know_buildings_from_noise(photographs: torch.Tensor) -> None:
    """Two halves of the photographs are nearer to each other than either to anything that is no photograph."""
    photos = photographs[:60]
    noise = torch.randint(0, 256, photos.shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    seen = features.features(torch.cat([photos, noise]), torch.device("cpu"))
    assert seen.shape == (120, DIMENSIONS)
    assert 0.03 < seen[:60].square().mean() < 0.5
    means = [seen[:30].mean(0), seen[30:60].mean(0), seen[60:].mean(0)]
    assert (means[0] - means[1]).norm() < 0.5 * (means[0] - means[2]).norm()


def test_the_size_of_a_batch_changes_nothing(photographs: torch.Tensor) -> None:
    device = torch.device("cpu")
    together = features.features(photographs[:7], device)
    apart = features.features(iter(photographs[:7].split(2)), device)
    torch.testing.assert_close(together, apart, rtol=1e-4, atol=1e-4)
