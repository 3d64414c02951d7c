"""What only a GPU can show; skipped where there is none."""

import warnings

import pytest
import torch

from train import cuda_graph, hardware
from train.gan import Gan
from train.recipe import Recipe

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")

GPU = torch.device("cuda", 0)
TINY = Recipe(batch=4, latent=8, width_g=4, width_d=4)
STEPS = cuda_graph.N_WARM_UP + 3


def trained(gan: Gan) -> torch.Tensor:
    """The figures of some steps, the first ones before the capture and the last ones after it: STEPS×4."""
    rng = torch.Generator().manual_seed(0)
    with hardware.determinism(wanted=True):
        return torch.stack([gan.update(torch.rand(4, 3, 32, 32, generator=rng).to(GPU), s) for s in range(STEPS)])


def test_a_replayed_step_gives_the_bits_of_an_eager_one(monkeypatch: pytest.MonkeyPatch) -> None:
    replayed, eager = (Gan(TINY, 32, GPU, "bf16") for _ in range(2))
    monkeypatch.setattr(eager, "_plain_step", eager._plain_step.function)
    assert torch.equal(trained(replayed), trained(eager))
    assert replayed._plain_step.graph is not None
    for one, other in zip(replayed.G.parameters(), eager.G.parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_calls_before_a_capture_and_the_capture_run_on_one_stream() -> None:
    streams = []
    step = cuda_graph.CudaGraphed(lambda x: streams.append(torch.cuda.current_stream().cuda_stream) or x + 1)
    for _ in range(STEPS):
        step(torch.ones(1, device=GPU))
    assert len(streams) == cuda_graph.N_WARM_UP + 1
    assert len(set(streams)) == 1
    assert streams[0] != torch.cuda.default_stream().cuda_stream


def test_a_training_starts_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trained(Gan(TINY, 32, GPU, "bf16"))
