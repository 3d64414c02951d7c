"""A computation on the GPU as one CUDA graph: launched whole, instead of kernel by kernel.

Follows https://docs.pytorch.org/docs/stable/notes/cuda.html#whole-network-capture. Replayed steps equal eager ones,
bit for bit; docs/benchmarks.md contains the times.
"""

import warnings
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

EAGER = 3  # calls before the capture, in which cuDNN, cuBLAS and the optimisers set themselves up

UNCAPTURED = ".*without CUDA graph capture"
"""Matches the warning of a capturable optimiser that runs before the capture."""


@cache
def _side() -> torch.cuda.Stream:
    """Return the one stream on which functions are warmed up and captured: a cuBLAS workspace belongs to a stream."""
    return torch.cuda.Stream()  # type: ignore[no-untyped-call]


class CudaGraphed:
    """A function of tensors on the GPU, of one shape at every call, that changes others in place.

    Every call computes: the first ones as they are written, all later ones by replaying what was captured.
    """

    def __init__(self, function: Callable[..., Tensor]) -> None:
        self.function, self.calls = function, 0
        self.graph: torch.cuda.CUDAGraph | None = None
        self.inputs: list[Tensor] = []
        self.output = torch.empty(0)

    def __call__(self, *given: Tensor) -> Tensor:
        self.calls += 1
        if self.calls <= EAGER:
            return self._aside(given)
        if self.graph is None:
            self._capture(given)
        assert self.graph is not None
        for held, tensor in zip(self.inputs, given, strict=True):
            held.copy_(tensor)
        self.graph.replay()
        return self.output.clone()  # the next replay overwrites it

    def _aside(self, given: tuple[Tensor, ...]) -> Tensor:
        """Call the function on the side stream, as a capture asks of the calls before it."""
        stream = _side()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream), warnings.catch_warnings():
            warnings.filterwarnings("ignore", UNCAPTURED)
            output = self.function(*given)
        torch.cuda.current_stream().wait_stream(stream)
        return output

    def _capture(self, given: tuple[Tensor, ...]) -> None:
        """Record the kernels; nothing is computed yet."""
        self.inputs = [tensor.clone() for tensor in given]
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph, stream=_side()):
            self.output = self.function(*self.inputs)
