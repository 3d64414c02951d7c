"""Our metrics against what other packages compute from the same features."""

import pytest
import torch
from torch import Tensor

from train import metrics

fid = pytest.importorskip("torch_fidelity.metric_fid", reason="torch-fidelity is not installed")
kid = pytest.importorskip("torch_fidelity.metric_kid", reason="torch-fidelity is not installed")
prdc = pytest.importorskip("prdc", reason="prdc is not installed")


def points(n: int, d: int, seed: int, shift: float) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(n, d, generator=rng) @ torch.randn(d, d, generator=rng) / d**0.5 + shift


A, B = points(300, 48, 1, 0.0), points(260, 48, 2, 0.15)


def test_fsd_is_torch_fidelitys_frechet_distance() -> None:
    ours = metrics.fsd(A, B)
    statistics = (fid.fid_features_to_statistics(features) for features in (A, B))
    theirs = fid.fid_statistics_to_metric(*statistics, verbose=False)
    assert ours == pytest.approx(theirs[fid.KEY_METRIC_FID], rel=1e-6)


def kernel_distance(one: Tensor, other: Tensor) -> float:
    """torch-fidelity's, over one subset that is the whole set, so that its mean over subsets is a single value."""
    found = kid.kid_features_to_metric(
        one.double(), other.double(), kid_subsets=1, kid_subset_size=len(one), verbose=False
    )
    return float(found[kid.KEY_METRIC_KID_MEAN])


def test_ksd_is_torch_fidelitys_unbiased_kernel_distance() -> None:
    equal = A[: len(B)]
    assert metrics.ksd(equal, B) == pytest.approx(kernel_distance(equal, B), rel=1e-9)


@pytest.mark.parametrize("k", [3, 5])
def test_precision_recall_density_coverage_are_prdcs(k: int) -> None:
    theirs = prdc.compute_prdc(real_features=A.double().numpy(), fake_features=B.double().numpy(), nearest_k=k)
    assert metrics.precision_recall(A, B, k) == pytest.approx({name: float(value) for name, value in theirs.items()})
