"""Where and how the arithmetic runs: device, precision, determinism."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch

from train.recipe import Recipe

deterministic: Any = torch.utils.deterministic  # a module whose attribute is typed nowhere


def pick_device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


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
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


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
