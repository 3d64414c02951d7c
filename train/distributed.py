"""One training in several processes, which torchrun starts: each computes an equal part of every batch.

All processes have the same weights and take the same steps on different images. Gradients, statistics of batch norm and
means are reduced over all processes, so that their number changes nothing but rounding. torch's DistributedDataParallel
is not used: it does not support gradients of gradients, which `train.losses.gradient_penalty` needs, and
torch.nn.SyncBatchNorm runs on GPUs only.
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

TIMEOUT = timedelta(minutes=10)  # after which a process that does not respond counts as dead


@dataclass(frozen=True)
class ProcessGroup:
    """This process and the number of all of them."""

    rank: int = 0
    world_size: int = 1

    @property
    def is_main(self) -> bool:
        """Whether this is the process that writes files and reports progress."""
        return self.rank == 0

    def shard(self, batch: Tensor) -> Tensor:
        """Return this process's rows of a batch; the number of processes divides its length."""
        return batch.chunk(self.world_size)[self.rank]

    def all_reduce_mean(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its mean over all processes, in place."""
        if self.world_size == 1:
            return
        flat = torch.cat([tensor.flatten() for tensor in tensors])  # one message instead of many
        dist.all_reduce(flat)
        flat /= self.world_size
        sizes = [tensor.numel() for tensor in tensors]
        for tensor, mean in zip(tensors, torch.split(flat, sizes), strict=True):
            tensor.copy_(mean.view_as(tensor))

    def any(self, flag: bool, device: torch.device) -> bool:
        """Return whether the flag is set in any process, the same in all of them. Waits for the device."""
        if self.world_size == 1:
            return flag
        flags = torch.tensor(float(flag), device=device)
        dist.all_reduce(flags)
        return flags.item() > 0


SINGLE_PROCESS = ProcessGroup()


@contextmanager
def process_group() -> Iterator[ProcessGroup]:
    """Join the processes that torchrun started, by NCCL on GPUs and by gloo on CPUs; SINGLE_PROCESS without torchrun.

    Raises:
        UserError: another process ended before this context did.
    """
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield SINGLE_PROCESS
        return
    on_gpu = torch.cuda.is_available()
    if on_gpu:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if on_gpu else "gloo", timeout=TIMEOUT)
    try:
        yield ProcessGroup(dist.get_rank(), world)
    except (dist.DistError, RuntimeError) as error:
        if not _is_lost_connection(error):
            raise
        first = str(error).splitlines()[0]
        raise UserError(f"another process of this training has ended ({first}); run it again to resume") from None
    finally:
        dist.destroy_process_group()


def synchronise_batch_norm(network: nn.Sequential, group: ProcessGroup) -> None:
    """Replace the batch norms of a network by SyncBatchNorm, in place, unless there is a single process."""
    for index, layer in enumerate(network):
        if group.world_size > 1 and isinstance(layer, nn.BatchNorm2d):
            synchronised = SyncBatchNorm(layer.num_features, group.world_size)
            synchronised.load_state_dict(layer.state_dict())
            network[index] = synchronised


class SyncBatchNorm(nn.BatchNorm2d):
    """Batch norm with the statistics of the images of all processes, an equal number in each. Twice differentiable."""

    def __init__(self, features: int, world_size: int) -> None:
        super().__init__(features)
        self.world_size = world_size

    def forward(self, input: Tensor) -> Tensor:
        if not self.training:
            return super().forward(input)
        images = input.float()
        mean = self._mean(images)
        centred = images - mean[:, None, None]
        variance = self._mean(centred.square())
        count = self.world_size * images.numel() // self.num_features
        self._update_running_statistics(mean.detach(), variance.detach(), count)
        scale = self.weight * (variance + self.eps).rsqrt()
        return (centred * scale[:, None, None] + self.bias[:, None, None]).to(input.dtype)

    def _mean(self, values: Tensor) -> Tensor:
        mean: Tensor = _AllReduceSum.apply(values.mean((0, 2, 3))) / self.world_size
        return mean

    @torch.no_grad()
    def _update_running_statistics(self, mean: Tensor, variance: Tensor, count: int) -> None:
        assert self.num_batches_tracked is not None
        assert self.running_mean is not None
        assert self.running_var is not None
        self.num_batches_tracked.add_(1)
        weight = (
            self.num_batches_tracked.reciprocal() if self.momentum is None else torch.full_like(mean, self.momentum)
        )
        self.running_mean.lerp_(mean, weight)
        self.running_var.lerp_(variance * (count / (count - 1)), weight)


class _AllReduceSum(torch.autograd.Function):
    """The sum of a tensor over all processes. Its gradient is the sum of the gradients of all processes."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor) -> Tensor:
        total = tensor.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total: Tensor = _AllReduceSum.apply(gradients[0])
        return total


def _is_lost_connection(error: Exception) -> bool:
    """Return whether an error means that another process has ended; gloo raises a plain RuntimeError."""
    text = str(error)
    return isinstance(error, dist.DistError) or any(
        sign in text for sign in ("Connection closed", "Connection reset", "gloo")
    )
