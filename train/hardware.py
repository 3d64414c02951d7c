"""Where and how the arithmetic runs: device, precision, determinism."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch

from common.errors import UserError
from train.recipe import Recipe

CPU = torch.device("cpu")

deterministic: Any = torch.utils.deterministic  # a module whose attribute is typed nowhere


def pick_device() -> torch.device:
    """The GPU that torchrun means for this process, or the first; the CPU where there is none."""
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))) if torch.cuda.is_available() else CPU


def has_native_bf16(device: torch.device) -> bool:
    """Whether the hardware multiplies bfloat16 itself; where it is emulated it is slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") or capabilities.get("bf16"))


def pick_precision(recipe: Recipe, device: torch.device) -> str:
    """`fp32` or `bf16`: what `precision: auto` comes to on this device."""
    if recipe.precision != "auto":
        return recipe.precision
    return "bf16" if has_native_bf16(device) else "fp32"


def autocast(device: torch.device, precision: str) -> AbstractContextManager[None]:
    return torch.autocast(device.type, torch.bfloat16) if precision == "bf16" else nullcontext()


@contextmanager
def determinism(wanted: bool) -> Iterator[None]:
    """Within it, torch uses only algorithms that give equal bits for equal input, or else the fastest."""
    algorithms = torch.are_deterministic_algorithms_enabled()
    fill = deterministic.fill_uninitialized_memory
    benchmark = torch.backends.cudnn.benchmark
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS reads it once, when it starts
    torch.use_deterministic_algorithms(wanted)
    deterministic.fill_uninitialized_memory = False  # we read no memory that we did not write
    torch.backends.cudnn.benchmark = not wanted
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(algorithms)
        deterministic.fill_uninitialized_memory = fill
        torch.backends.cudnn.benchmark = benchmark


NO_MEMORY = ("out of memory", "ALLOC_FAILED", "can't allocate memory")
"""In the message of a failed allocation: by torch or CUDA, by cuBLAS or cuDNN, and by torch on the CPU."""


def is_out_of_memory(error: Exception) -> bool:
    """Return whether an allocation failed, on the CPU or on a GPU."""
    return isinstance(error, torch.OutOfMemoryError) or any(text in str(error) for text in NO_MEMORY)


@contextmanager
def enough_memory(recipe: Recipe) -> Iterator[None]:
    """Within it, running out of memory is an error that gives the numbers and says what to lower.

    Raises:
        UserError: an allocation failed.
    """
    try:
        yield
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        text = str(error)
        said = text[max(0, text.rfind("] ") + 1) :].strip().splitlines()[0]
        said = ". ".join(said.split(". ")[:3]).removesuffix(".")  # CUDA's further ones are advice on its allocator
        raise UserError(
            f"out of memory: {said}. Lower batch (now {recipe.batch}), then width_d ({recipe.width_d}) or width_g "
            f"({recipe.width_g})"
        ) from None
