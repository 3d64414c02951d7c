"""One training in several processes, as torchrun starts them: each computes its share of every batch.

All processes hold the same weights and do the same steps; they differ in the images they look at. What one process
would compute from the whole batch (gradients, batch norm's statistics, means) they compute together, so that the number
of processes changes nothing but rounding. torch's DistributedDataParallel is not used: it cannot differentiate a
gradient, which the penalties of `train.losses` do, and its batch norm runs on GPUs alone.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from common.errors import UserError

TIMEOUT = timedelta(minutes=10)  # after which a silent process counts as dead


@dataclass(frozen=True)
class ProcessGroup:
    """Which part of every batch is this process's."""

    rank: int = 0
    world: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that writes and speaks."""
        return self.rank == 0

    def of(self, batch: Tensor) -> Tensor:
        """This process's rows of a batch, whose length the number of processes divides."""
        return batch.chunk(self.world)[self.rank]

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its mean over all processes, in place."""
        if self.world == 1:
            return
        flat = torch.cat([tensor.flatten() for tensor in tensors])  # one message instead of many
        dist.all_reduce(flat)
        flat /= self.world
        sizes = [tensor.numel() for tensor in tensors]
        for tensor, mean in zip(tensors, torch.split(flat, sizes), strict=True):
            tensor.copy_(mean.view_as(tensor))

    def any(self, flag: bool, device: torch.device) -> bool:
        """Whether the flag is set in any process; all of them get the same answer."""
        if self.world == 1:
            return flag
        flags = torch.tensor(float(flag), device=device)
        dist.all_reduce(flags)
        return flags.item() > 0


ALONE = ProcessGroup()


@contextmanager
def joined() -> Iterator[ProcessGroup]:
    """Join the processes that torchrun started beside this one; without torchrun there is one process.

    Raises:
        UserError: another process ended before the training did.
    """
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield ALONE
        return
    on_gpu = torch.cuda.is_available()
    if on_gpu:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if on_gpu else "gloo", timeout=TIMEOUT)
    try:
        yield ProcessGroup(dist.get_rank(), world)
    except (dist.DistError, RuntimeError) as error:
        if not _lost(error):
            raise
        first = str(error).splitlines()[0]
        raise UserError(f"another process of this training has ended ({first}); run it again to go on") from None
    finally:
        dist.destroy_process_group()


def synchronise(network: nn.Sequential, share: ProcessGroup) -> None:
    """Let batch norm see the whole batch and not just this process's share of it."""
    for index, layer in enumerate(network):
        if share.world > 1 and isinstance(layer, nn.BatchNorm2d):
            shared = SharedBatchNorm(layer.num_features, share.world)
            shared.load_state_dict(layer.state_dict())
            network[index] = shared


class SharedBatchNorm(nn.BatchNorm2d):
    """Batch norm with the statistics of all processes' images, which are equal in number. Can be differentiated
    twice."""

    def __init__(self, features: int, world: int) -> None:
        super().__init__(features)
        self.world = world

    def forward(self, input: Tensor) -> Tensor:
        if not self.training:
            return super().forward(input)
        images = input.float()
        mean = self._mean(images)
        centred = images - mean[:, None, None]
        variance = self._mean(centred.square())
        self._remember(mean.detach(), variance.detach(), count=self.world * images.numel() // self.num_features)
        scale = self.weight * (variance + self.eps).rsqrt()
        return (centred * scale[:, None, None] + self.bias[:, None, None]).to(input.dtype)

    def _mean(self, values: Tensor) -> Tensor:
        mean: Tensor = _Sum.apply(values.mean((0, 2, 3))) / self.world
        return mean

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, count: int) -> None:
        assert self.num_batches_tracked is not None
        assert self.running_mean is not None
        assert self.running_var is not None
        self.num_batches_tracked.add_(1)
        weight = (
            self.num_batches_tracked.reciprocal() if self.momentum is None else torch.full_like(mean, self.momentum)
        )
        self.running_mean.lerp_(mean, weight)
        self.running_var.lerp_(variance * (count / (count - 1)), weight)


class _Sum(torch.autograd.Function):
    """The sum of a tensor over all processes. What each of them loses by a change of the sum adds up likewise."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor) -> Tensor:
        total = tensor.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total: Tensor = _Sum.apply(gradients[0])
        return total


def _lost(error: Exception) -> bool:
    """Whether an error says that a process at the other end is gone: gloo has no type of its own for it."""
    text = str(error)
    return isinstance(error, dist.DistError) or any(
        sign in text for sign in ("Connection closed", "Connection reset", "gloo")
    )
