"""Random streams: every random number of a training depends on (seed, stream, step) only.

So no state of a random number generator is saved with a training.
"""

from enum import IntEnum

import numpy as np
import torch


class RandomStream(IntEnum):
    """Independent streams of random numbers, one for each use. The values determine the numbers: never change one."""

    WEIGHTS_G = 0
    WEIGHTS_D = 1
    BATCH_ORDER = 2
    STEP = 3
    MEASURE = 4
    GRID = 5
    BATCH_NORM = 6
    EVALUATE = 7
    LATENTS = 8
    PROBE = 9
    WEIGHTS_CRITIC = 10

    def seed(self, seed: int, step: int = 0) -> int:
        """Return a seed of 32 bits, all that torch's CPU generator uses, mixed by numpy's SeedSequence."""
        return int(np.random.SeedSequence((seed, self, step)).generate_state(1)[0])

    def rng(self, seed: int, step: int = 0, device: torch.device | str = "cpu") -> torch.Generator:
        """Return a new generator on the device; equal arguments give equal numbers on the same type of device."""
        return torch.Generator(device).manual_seed(self.seed(seed, step))
