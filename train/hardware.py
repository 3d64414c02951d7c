"""Device, precision, determinism and memory of the computation."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch

from common.errors import UserError
from train.recipe import Recipe

CPU = torch.device("cpu")

deterministic: Any = torch.utils.deterministic  # its attribute has no type annotation


def pick_device() -> torch.device:
    """Return the GPU that torchrun assigned to this process, or the first one, or the CPU if there is none."""
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))) if torch.cuda.is_available() else CPU


def has_native_bf16(device: torch.device) -> bool:
    """Return whether the hardware computes in bfloat16; emulated bfloat16 is slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") or capabilities.get("bf16"))


def pick_precision(recipe: Recipe, device: torch.device) -> str:
    """Return `fp32` or `bf16`: the recipe's precision, or for `auto` the faster one on this device."""
    if recipe.precision != "auto":
        return recipe.precision
    return "bf16" if has_native_bf16(device) else "fp32"


def autocast(device: torch.device, precision: str) -> AbstractContextManager[None]:
    """Return a context in which convolutions compute in this precision, `fp32` or `bf16`."""
    return torch.autocast(device.type, torch.bfloat16) if precision == "bf16" else nullcontext()


@contextmanager
def determinism(wanted: bool) -> Iterator[None]:
    """Set torch to deterministic algorithms, or to the fastest ones, within this context."""
    algorithms = torch.are_deterministic_algorithms_enabled()
    fill = deterministic.fill_uninitialized_memory
    benchmark = torch.backends.cudnn.benchmark
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # which cuBLAS reads when it is initialised
    torch.use_deterministic_algorithms(wanted)
    deterministic.fill_uninitialized_memory = False  # no code here reads uninitialised memory
    torch.backends.cudnn.benchmark = not wanted
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(algorithms)
        deterministic.fill_uninitialized_memory = fill
        torch.backends.cudnn.benchmark = benchmark


NO_MEMORY = ("out of memory", "ALLOC_FAILED", "can't allocate memory")
"""Parts of the messages of failed allocations: of torch and CUDA, of cuBLAS and cuDNN, and of torch on the CPU."""


def is_out_of_memory(error: Exception) -> bool:
    """Return whether the error is a failed allocation, on the CPU or on a GPU."""
    return isinstance(error, torch.OutOfMemoryError) or any(text in str(error) for text in NO_MEMORY)


@contextmanager
def enough_memory(recipe: Recipe) -> Iterator[None]:
    """Turn a failed allocation within this context into one line: what was requested, and which fields to lower.

    Raises:
        UserError: an allocation failed.
    """
    try:
        yield
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        text = str(error)
        message = text[max(0, text.rfind("] ") + 1) :].strip().splitlines()[0]
        message = ". ".join(message.split(". ")[:3]).removesuffix(".")  # CUDA's other sentences are about its allocator
        raise UserError(
            f"out of memory: {message}. Lower batch (now {recipe.batch}), then width_d ({recipe.width_d}) or width_g "
            f"({recipe.width_g})"
        ) from None
