"""What can be known of the path on a GPU without one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from common.errors import UserError
from train import checkpoint, data, hardware
from train.augment import N_RANDOM
from train.gan import N_AUGMENT_CALLS, Gan
from train.recipe import Recipe

CPU = torch.device("cpu")
EVERYTHING = Recipe(
    batch=4, latent=8, width_g=4, width_d=4, loss="relativistic", norm_d="none", r1=0.1, r2=0.1, penalty_every=2,
    adaptive=0.6, labels=("brick", "stone"),
)  # fmt: skip
RECIPES = [EVERYTHING, Recipe(recipe="dcgan", batch=4, width_g=4, width_d=4)]


class NoWaiting(TorchDispatchMode):
    """Raises where the host would have to wait for a value or a shape from the device."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func.overloadpacket in (torch.ops.aten._local_scalar_dense, torch.ops.aten.nonzero):
            raise AssertionError(f"{func} waits for the device")
        return func(*args, **(kwargs or {}))


def test_the_guard_sees_an_item() -> None:
    with NoWaiting(), pytest.raises(AssertionError, match="waits for the device"):
        torch.ones(1).item()


@pytest.mark.parametrize("recipe", RECIPES)
def test_no_step_waits_for_the_device(recipe: Recipe) -> None:
    gan = Gan(recipe, 32, CPU, "fp32")
    with NoWaiting():
        for step in range(3):
            gan.update(torch.rand(4, 3, 32, 32), step)


@pytest.mark.parametrize("recipe", RECIPES)
def test_all_tensors_of_a_step_live_on_the_device(recipe: Recipe) -> None:
    """Tensors on `meta` have a shape and no values: one left on the CPU, or a value that is asked for, is an error."""
    meta = torch.device("meta")
    gan = Gan(recipe, 32, meta, "fp32")
    for name, network in (("adam_g", gan.G), ("adam_d", gan.D)):
        setattr(gan, name, torch.optim.Adam(network.parameters()))  # the fused one has no such device
    real, z = torch.empty(4, 3, 32, 32, device=meta), torch.empty(4, recipe.latent, 1, 1, device=meta)
    labels = torch.empty(4, dtype=torch.long, device=meta)
    u, weight = torch.empty(4, N_AUGMENT_CALLS, N_RANDOM, device=meta), torch.empty((), device=meta)
    for penalised in (False, True):
        figures = gan._step(penalised, real, labels, z, u, weight)
        assert (figures.device, figures.shape) == (meta, (4,))


class Crossings(TorchDispatchMode):
    """Counts what is copied from one device to another."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        if func.overloadpacket in (torch.ops.aten._to_copy, torch.ops.aten.copy_):
            self.count += args[0].device != found.device
        return found


def test_a_batch_of_a_resident_dataset_never_leaves_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fake tensors claim to lie on a GPU. Only a new round's order crosses over: three in eight steps of 30 images."""
    gpu = torch.device("cuda", 0)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (2**40, 2**40))
    with FakeTensorMode(allow_non_fake_inputs=True):
        labels = np.arange(100)
        rows = data.SplitImages(np.zeros((100, 3, 32, 32), np.uint8), np.arange(90), gpu, labels)
        order = data.BatchOrder(len(rows), 30, 0, rows.storage)
        with Crossings() as crossings, NoWaiting():
            for step in range(8):
                images, their_labels = rows.batch(order.at(step))
                assert images.device == their_labels.device == gpu
                assert data.scaled(images).shape == (30, 3, 32, 32)
    assert crossings.count == 3


def test_labels_are_drawn_without_waiting() -> None:
    with NoWaiting():
        assert Gan(EVERYTHING, 32, CPU, "fp32").G.draw_labels(5, torch.Generator()).shape == (5,)


def test_a_step_leaves_its_input_unchanged() -> None:
    """A graph writes the next batch into the tensor of the one before, which therefore may not ask for a gradient."""
    recipe = EVERYTHING.model_copy(update={"augment": (), "adaptive": 0, "penalty_every": 1})
    gan = Gan(recipe, 32, CPU, "fp32")
    real = torch.rand(4, 3, 32, 32)
    gan.update(real, 0)
    assert not real.requires_grad
    real.copy_(torch.rand(4, 3, 32, 32))


@pytest.mark.slow
def test_a_compiled_step_is_the_same_and_breaks_at_autograd_and_optimisers_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain, compiled = (Gan(EVERYTHING, 32, CPU, "fp32") for _ in range(2))
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    for name in ("_plain_step", "_penalised_step"):
        monkeypatch.setattr(compiled, name, torch.compile(getattr(compiled, name), backend="eager"))
    for step in range(3):
        real = torch.rand(4, 3, 32, 32)
        torch.testing.assert_close(compiled.update(real, step), plain.update(real, step))
    known = ("_fused_adam", "Optimizer.zero_grad", "torch.autograd", "torch._dynamo.graph_break", "requires_grad_")
    breaks = list(torch._dynamo.utils.counters["graph_break"])
    assert breaks
    assert [reason for reason in breaks if not any(name in reason for name in known)] == []


def test_out_of_memory_names_the_number_and_what_to_lower() -> None:
    """The CPU's allocator refuses more than there are addresses for."""
    with (
        pytest.raises(UserError, match=r"tried to allocate \d+ bytes.*Lower batch \(now 4\), then width_d \(4\)"),
        hardware.enough_memory(EVERYTHING),
    ):
        torch.empty(2**60, dtype=torch.uint8)


def test_out_of_memory_while_a_state_is_read_is_not_called_damage(tmp_path: Path) -> None:
    with (
        pytest.raises(UserError, match=r"^out of memory: "),
        hardware.enough_memory(EVERYTHING),
        checkpoint.reading(tmp_path),
    ):
        torch.empty(2**60, dtype=torch.uint8)


CUDA_SAYS = (
    "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 79.11 GiB of which 5.02 GiB is "
    "free. Including non-PyTorch memory, this process has 74.09 GiB memory in use. See documentation for Memory "
    "Management  (https://docs.pytorch.org/docs/stable/notes/cuda.html)"
)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (torch.OutOfMemoryError(CUDA_SAYS), CUDA_SAYS[: CUDA_SAYS.index(" Including")]),
        (torch.AcceleratorError("CUDA error: out of memory"), "CUDA error: out of memory."),
        (
            RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
            "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`.",
        ),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), "cuDNN error: CUDNN_STATUS_ALLOC_FAILED."),
    ],
)
def test_every_out_of_memory_error_of_a_gpu_is_three_sentences_at_most(error: Exception, said: str) -> None:
    with pytest.raises(UserError) as caught, hardware.enough_memory(EVERYTHING):
        raise error
    lower = "Lower batch (now 4), then width_d (4) or width_g (4)"
    assert str(caught.value) == f"out of memory: {said} {lower}"


def test_other_errors_pass_through() -> None:
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"), hardware.enough_memory(EVERYTHING):
        torch.ones(2, 3) @ torch.ones(2, 3)


@pytest.mark.parametrize(("asked", "native", "chosen"), [("auto", True, "bf16"), ("auto", False, "fp32")])
def test_auto_takes_what_the_hardware_runs_natively(
    asked: str, native: bool, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "has_native_bf16", lambda device: native)
    assert hardware.pick_precision(Recipe.model_validate({"precision": asked}), CPU) == chosen


@pytest.mark.parametrize("asked", ["fp32", "bf16"])
def test_a_named_precision_is_taken_anywhere(asked: str) -> None:
    assert hardware.pick_precision(Recipe.model_validate({"precision": asked}), CPU) == asked
