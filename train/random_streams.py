"""All that is random in training, drawn from (seed, purpose, step), so that nothing random needs saving."""

from enum import IntEnum

import numpy as np
import torch


class Purpose(IntEnum):
    """What a stream of random numbers is for. Two purposes never share one."""

    WEIGHTS_G = 0
    WEIGHTS_D = 1
    ORDER = 2
    STEP = 3
    MEASURE = 4
    GRID = 5
    STANDING = 6
    EVALUATE = 7
    SAMPLE = 8
    JUDGE = 9
    WEIGHTS_CRITIC = 10


def seed_of(seed: int, purpose: Purpose, step: int = 0) -> int:
    """Mix the three into one 32-bit number (numpy's SeedSequence); torch's CPU generator takes no more bits."""
    return int(np.random.SeedSequence((seed, purpose, step)).generate_state(1)[0])


def stream(seed: int, purpose: Purpose, step: int = 0, device: torch.device | str = "cpu") -> torch.Generator:
    return torch.Generator(device).manual_seed(seed_of(seed, purpose, step))
