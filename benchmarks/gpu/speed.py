"""How fast is a step, and what does the rest of a training cost."""

import gc
import itertools
import os
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile

from benchmarks.gpu.bench import KINDS, SIZE, Bench, dataset, eager, inputs
from train import checkpoint, data, hardware, publish
from train.gan import Gan
from train.monitor import TrainingMonitor
from train.networks import Discriminator, Generator, initialise
from train.recipe import Recipe

IMAGES = 6_900  # of the article
MODES = (("bf16", True, True), ("bf16", True, False), ("bf16", False, True), ("fp32", True, True))
"""Precision, with a graph, deterministic; large batches are measured in the first two alone."""


def machine(bench: Bench) -> None:
    """Report card and versions, and the device's limits: a large product, a large copy, small kernels."""
    if bench.device.type != "cuda":
        bench.fact("machine", device="cpu", torch=torch.__version__)
        return
    found = torch.cuda.get_device_properties(bench.device)
    bench.fact("machine", card=found.name, multiprocessors=found.multi_processor_count, torch=torch.__version__,
               cudnn=torch.backends.cudnn.version(), native_bf16=hardware.has_native_bf16(bench.device),
               tf32_convolutions=torch.backends.cudnn.allow_tf32,
               tf32_products=torch.backends.cuda.matmul.allow_tf32)  # fmt: skip
    a, b = (torch.randn(8192, 8192, device=bench.device, dtype=torch.bfloat16) for _ in range(2))
    bench.fact("machine", bf16_tflops=round(2 * 8192**3 / bench.timed(lambda: a @ b, 10) / 1e12))
    large = torch.zeros(2**31, dtype=torch.uint8, device=bench.device)
    bench.fact("machine", copy_tb_per_s=round(2 * large.nbytes / bench.timed(large.clone, 5) / 1e12, 2))
    one = torch.zeros(1, device=bench.device)

    def thousand() -> None:
        for _ in range(1000):
            one.add_(1)

    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        thousand()
    bench.fact("machine", us_per_replayed_kernel=round(bench.timed(graph.replay, 10) * 1e3, 2),
               us_per_eager_kernel=round(bench.timed(thousand, 5) * 1e3, 2))  # fmt: skip


def step(bench: Bench) -> None:
    """Measure images a second by recipe, batch and mode, with a resident dataset, as the loop takes steps."""
    for name in ("dcgan", "facade"):
        for batch in (8,) if bench.quick else (64, 128, 256, 512, 1024):
            recipe = bench.recipe(**KINDS[name] | {"batch": batch})
            for precision, graph, deterministic in MODES if batch <= 128 else MODES[:2]:
                try:
                    found = rate(bench, recipe, precision, graph, deterministic)
                except Exception as error:  # the other modes still count
                    found = {"raised": type(error).__name__, "message": str(error)[:200]}
                bench.fact("step", recipe=name, batch=batch, precision=precision, graph=graph,
                           deterministic=deterministic, **found)  # fmt: skip


def rate(bench: Bench, recipe: Recipe, precision: str, graph: bool, deterministic: bool) -> dict[str, Any]:
    """Take steps for about a second; return milliseconds a step, images a second and the memory reserved."""
    on_gpu = bench.device.type == "cuda"
    gc.collect()  # a Gan and its steps refer to each other
    if on_gpu:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    with hardware.determinism(deterministic):
        gan = Gan(recipe, SIZE, bench.device, precision)
        if not graph:
            eager(gan)
        images = data.SplitImages(np.zeros((IMAGES, 3, SIZE, SIZE), np.uint8), np.arange(IMAGES), bench.device)
        order = data.BatchOrder(len(images), recipe.batch, 0, images.storage)
        number = itertools.count()

        def some(steps: int) -> None:
            for now in itertools.islice(number, steps):
                real, labels = images.batch(order.at(now))
                gan.update(data.scaled(real), now, labels)
            bench.synchronise()

        some(2 if bench.quick else 8)
        done, started = 0, time.perf_counter()
        while time.perf_counter() - started < (0.2 if bench.quick else 1.0):
            some(chunk := 1 if bench.quick else 10)
            done += chunk
        seconds = (time.perf_counter() - started) / done
    memory = torch.cuda.max_memory_reserved() / 2**30 if on_gpu else 0.0
    return {"ms": round(seconds * 1e3, 3), "images_per_s": round(recipe.batch / seconds), "gib": round(memory, 2)}


def kernels(bench: Bench) -> None:
    """Count the kernels of an eager step and their time; write the longest into kernels-RECIPE.txt."""
    if bench.device.type != "cuda":
        return
    for name, batch in (("dcgan", 128), ("facade", 64)):
        recipe = bench.recipe(**KINDS[name] | {"batch": batch})
        with hardware.determinism(wanted=True):
            gan = eager(Gan(recipe, SIZE, bench.device, "bf16"))
            given = [x.to(bench.device) for x in inputs(recipe, 0)]
            for _ in range(3):
                gan._plain_step(*given)
            with profile(activities=[ProfilerActivity.CUDA, ProfilerActivity.CPU]) as seen:
                gan._plain_step(*given)
                bench.synchronise()
        cuda = torch.autograd.DeviceType.CUDA  # type: ignore[attr-defined]  # PyTorch's types do not list it
        events = [event for event in seen.events() if event.device_type == cuda]
        bench.fact("kernels", recipe=name, batch=batch, launched=len(events),
                   busy_us=round(sum(event.device_time for event in events)),
                   under_3_us=sum(event.device_time < 3 for event in events))  # fmt: skip
        table = seen.key_averages().table(sort_by="self_device_time_total", row_limit=45, max_name_column_width=110)
        (bench.out / f"kernels-{name}.txt").write_text(table)


def example(bench: Bench) -> None:
    """Measure the loop of PyTorch's examples/dcgan on a resident batch of floats, so without its loader: eager,
    float32, five values read back a step (https://github.com/pytorch/examples/blob/main/dcgan/main.py)."""
    n, width = (8, 8) if bench.quick else (128, 64)
    gen, dis = Generator(100, width, SIZE), nn.Sequential(Discriminator(width, SIZE), nn.Sigmoid())
    for network in (gen, dis):
        initialise(network, torch.Generator().manual_seed(0))
        network.to(bench.device)
    criterion = nn.BCELoss()
    adam_d, adam_g = (torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999)) for network in (dis, gen))
    real = torch.rand(n, 3, SIZE, SIZE, device=bench.device) * 2 - 1
    ones, zeros = torch.ones(n, device=bench.device), torch.zeros(n, device=bench.device)

    def one() -> None:
        dis.zero_grad()
        on_real = dis(real)
        loss_real = criterion(on_real, ones)
        loss_real.backward()
        d_real = on_real.mean().item()
        fake = gen(torch.randn(n, 100, 1, 1, device=bench.device))
        on_fake = dis(fake.detach())
        loss_fake = criterion(on_fake, zeros)
        loss_fake.backward()
        d_fake = on_fake.mean().item()
        adam_d.step()
        gen.zero_grad()
        on_fake = dis(fake)
        loss_g = criterion(on_fake, ones)
        loss_g.backward()
        adam_g.step()
        print((loss_real + loss_fake).item(), loss_g.item(), d_real, d_fake, on_fake.mean().item(), file=sink)

    with Path(os.devnull).open("w") as sink:
        seconds = bench.timed(one, 3 if bench.quick else 200)
    bench.fact("example", batch=n, ms=round(seconds * 1e3, 2), images_per_s=round(n / seconds))


def overheads(bench: Bench) -> None:
    """Measure what is not the step: publishing, measuring, a snapshot, a save, and the host's time of a step."""
    recipe = bench.recipe()
    folder = dataset(256 if bench.quick else 2048)
    with hardware.determinism(wanted=True), tempfile.TemporaryDirectory() as temporary:
        gan = Gan(recipe, SIZE, bench.device, "bf16")
        real = inputs(recipe, 0)[0].to(bench.device)
        gan.update(real, 0)
        training, heldout = (data.read(folder, holdout=holdout, device=bench.device) for holdout in (False, True))
        monitor = TrainingMonitor(training, heldout, gan)
        parts = {
            "publish": gan.published_generator,
            "measure": lambda: monitor.measure(gan.published_generator()),
            "finite": gan.is_finite,
            "snapshot": lambda: publish.save_snapshot(gan, 0, "", Path(temporary)),
            "save": lambda: checkpoint.save({"gan": gan.state_dict()}, Path(temporary)),
        }
        for name, part in parts.items():
            bench.fact("overheads", what=name, ms=round(bench.timed(part, 3) * 1e3))
        gan._plain_step = partial(lambda *given: torch.zeros(4, device=bench.device))
        host = bench.timed(lambda: gan.update(real, 1), 100)
        bench.fact("overheads", what="update without its step", us=round(host * 1e6))


def compiled(bench: Bench) -> None:
    """Measure the captured step with torch.compile of G, D, the critic's heads and its backbone."""
    if bench.device.type != "cuda" or bench.left < 100:
        bench.fact("compiled", left_out="needs a GPU and 100 s")
        return
    for name, batch in (("facade", 64), ("dcgan", 128)):
        recipe = bench.recipe(**KINDS[name] | {"batch": batch})
        with hardware.determinism(wanted=True):
            gan = Gan(recipe, SIZE, bench.device, "bf16")
            for part in (gan.G, gan.D, gan.backbone, *gan.critic):
                part.compile()
            given = [x.to(bench.device) for x in inputs(recipe, 0)]
            started = time.monotonic()
            for _ in range(8):
                gan._plain_step(*given)
            bench.synchronise()
            seconds = time.monotonic() - started
            ms = bench.timed(partial(gan._plain_step, *given), 30) * 1e3
            bench.fact("compiled", recipe=name, batch=batch, compile_s=round(seconds, 1), ms=round(ms, 3))
