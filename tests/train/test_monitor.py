import copy

import numpy as np
import pytest
import torch

from train.data import SplitImages
from train.features import features
from train.gan import Gan
from train.metrics import ksd
from train.monitor import KSD_NOISE, TrainingMonitor, alarms
from train.recipe import Recipe

pytestmark = pytest.mark.integration


def row(step: int, ksd: float, d_train: float = 0.9, d_heldout: float = 0.8) -> dict[str, float]:
    return {"step": step, "ksd": ksd, "d_train": d_train, "d_heldout": d_heldout}


def test_no_alarm_for_one_bad_measurement() -> None:
    rows: list[dict[str, float]]
    rows = [row(1, 0.2), row(2, 0.4), row(3, 0.2), row(4, 0.2, 1.0, 0.1), {"step": 5}, row(6, 0.2)]
    assert alarms(rows) == {}


def test_each_alarm_names_the_step_at_which_it_was_first_raised() -> None:
    rows: list[dict[str, float]]
    rows = [row(1, 0.2), row(2, 0.4, 1.0, 0.5), {"step": 3}, row(4, 0.4), row(5, 0.4, 1.0, 0.5), row(6, 0.1, 1.0, 0.5)]
    assert alarms(rows) == {"collapse": 4, "overfitting": 6}


def test_a_better_ksd_is_no_collapse_even_below_nothing() -> None:
    """KSD is unbiased: about as good as real photographs it is about 0, and as often negative."""
    assert alarms([row(1, 0.01), row(2, -0.001), row(3, -0.0012), row(4, 0.001), row(5, 0.002)]) == {}
    assert alarms([row(1, -0.001), row(2, 0.004), row(3, 0.005)]) == {"collapse": 3}


def test_real_photographs_are_as_near_to_each_other_as_the_noise(photographs: torch.Tensor) -> None:
    seen = features(photographs, torch.device("cpu"))
    for seed in range(20):
        one, other = seen[torch.randperm(len(seen), generator=torch.Generator().manual_seed(seed))].chunk(2)
        assert abs(ksd(one, other)) < KSD_NOISE


@pytest.mark.parametrize("offset", [0.0, 150.0, -150.0])
def test_a_relativistic_d_has_a_threshold_of_its_own(offset: float) -> None:
    """Its logits may be shifted at will: what is taken for real is what lies above the middle of real and generated."""
    recipe = Recipe(batch=8, latent=8, width_g=4, width_d=4, loss="relativistic", norm_d="none", measure_images=12)
    gan = Gan(recipe, 32, torch.device("cpu"), "fp32")
    scores = gan.scores
    gan.scores = lambda images, labels: scores(images, labels) * 1e6 + offset  # type: ignore[method-assign]
    images = torch.randint(0, 256, (32, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    monitor = TrainingMonitor(
        SplitImages(images.numpy(), np.arange(16)), SplitImages(images.numpy(), np.arange(16, 32)), gan
    )
    real, drawn = gan.scores(*monitor.probe_images["d_train"]), monitor.scores(monitor.draw(gan.published_generator()))
    found = monitor.measure(gan.published_generator())
    middle = (real.mean() + drawn.mean()) / 2
    assert found["d_train"] == (real > middle).float().mean().item()
    assert found["d_heldout"] == (gan.scores(*monitor.probe_images["d_heldout"]) > middle).float().mean().item()


def test_a_d_that_memorized_its_images_is_noticed() -> None:
    recipe = Recipe(batch=16, latent=8, width_g=4, width_d=16, lr_d=1e-3, augment=(), measure_images=16)
    gan = Gan(recipe, 32, torch.device("cpu"), "fp32")
    rng = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (32, 3, 32, 32), dtype=torch.uint8, generator=rng)
    training, heldout = (SplitImages(images.numpy(), np.arange(start, start + 16)) for start in (0, 16))
    labels = torch.zeros(16, dtype=torch.long)
    # D is taught that the held-out images are what is generated: the extreme of what overfitting leads to.
    for _ in range(40):
        gan.adam_d.zero_grad()
        right = gan._discriminate(images[:16].float() / 127.5 - 1, labels)
        wrong = gan._discriminate(images[16:].float() / 127.5 - 1, labels)
        torch.autograd.backward((wrong - right).mean())
        gan.adam_d.step()
    monitor = TrainingMonitor(training, heldout, gan)
    before = copy.deepcopy(gan.state_dict())
    read = monitor.measure(gan.published_generator())
    torch.testing.assert_close(gan.state_dict(), before, rtol=0, atol=0)
    assert read["d_train"] - read["d_heldout"] > 0.3
    assert monitor.measure(gan.published_generator()) == read
