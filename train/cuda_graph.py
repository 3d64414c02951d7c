"""A computation on the GPU as a CUDA graph, which launches all kernels at once.

Follows https://docs.pytorch.org/docs/stable/notes/cuda.html#whole-network-capture. Replayed steps equal eager ones,
bit for bit; docs/benchmarks.md contains the times.
"""

import warnings
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

N_WARM_UP = 3  # calls before the capture, in which cuDNN, cuBLAS and the optimizers allocate their state

NOT_CAPTURED_WARNING = ".*without CUDA graph capture"
"""A pattern for the warning of a capturable optimizer that runs before the capture."""


@cache
def _side_stream() -> torch.cuda.Stream:
    """Return the stream of all warm-ups and captures: it has to be the same, as cuBLAS has a workspace per stream."""
    return torch.cuda.Stream()  # type: ignore[no-untyped-call]


class CudaGraphed:
    """A function of tensors on the GPU that also updates other tensors in place, replayed as a CUDA graph.

    The first N_WARM_UP calls run the function itself; the next one captures a graph, which it and all later calls
    replay. The shapes of the inputs must be the same at every call.
    """

    def __init__(self, function: Callable[..., Tensor]) -> None:
        self.function, self.calls = function, 0
        self.graph: torch.cuda.CUDAGraph | None = None
        self.inputs: list[Tensor] = []
        self.output = torch.empty(0)

    def __call__(self, *inputs: Tensor) -> Tensor:
        self.calls += 1
        if self.calls <= N_WARM_UP:
            return self._warm_up(inputs)
        if self.graph is None:
            self._capture(inputs)
        assert self.graph is not None
        for held, tensor in zip(self.inputs, inputs, strict=True):
            held.copy_(tensor)
        self.graph.replay()
        return self.output.clone()  # the next replay overwrites it

    def _warm_up(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """Call the function on the side stream, as CUDA requires before a capture."""
        stream = _side_stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream), warnings.catch_warnings():
            warnings.filterwarnings("ignore", NOT_CAPTURED_WARNING)
            output = self.function(*inputs)
        torch.cuda.current_stream().wait_stream(stream)
        return output

    def _capture(self, inputs: tuple[Tensor, ...]) -> None:
        """Record the kernels without running them."""
        self.inputs = [tensor.clone() for tensor in inputs]
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph, stream=_side_stream()):
            self.output = self.function(*self.inputs)
