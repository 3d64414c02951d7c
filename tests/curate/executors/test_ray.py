"""A real Ray cluster of two nodes on this machine: the same bytes as from processes, after any crash."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from common.errors import UserError
from curate.executors import ray
from curate.executors.processes import Processes
from curate.executors.ray import RayCluster
from curate.prepare import prepare
from tests.curate import crashing
from tests.curate.pictures import jpeg

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def nodes() -> Iterator[Any]:
    from ray.cluster_utils import Cluster

    patch = pytest.MonkeyPatch()
    patch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))  # our own tasks lie under tests/
    head = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": 200_000_000}
    nodes = Cluster(initialize_head=True, head_node_args=head)
    nodes.add_node(num_cpus=1, object_store_memory=200_000_000)
    yield nodes
    nodes.shutdown()
    patch.undo()


def results(address: str, task: Callable[[Sequence[int]], list[int]], items: Sequence[int]) -> list[int]:
    chunks = [items[start : start + 4] for start in range(0, len(items), 4)]
    return [value for part in RayCluster(address).run(task, chunks, lost=lambda item: [-item]) for value in part]


@pytest.mark.slow
def test_only_an_item_that_kills_its_worker_twice_is_lost(nodes: Any, tmp_path: Path) -> None:
    items = [*range(10), crashing.DEADLY, *range(11, 30)]
    expected = [-item if item == crashing.DEADLY else 2 * item for item in items]
    assert results(nodes.address, crashing.doubled, items) == expected
    survived = results(nodes.address, partial(crashing.dies_once, str(tmp_path / "died")), items)
    assert survived == [2 * item for item in items]


@pytest.mark.slow
def test_an_exception_of_the_task_is_raised(nodes: Any) -> None:
    with pytest.raises(ValueError, match="cannot do 0"):
        results(nodes.address, crashing.refuses, range(8))


@pytest.mark.slow
def test_a_machine_with_other_versions_is_refused(nodes: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = {**ray.versions(), "pillow": "1.0"}
    monkeypatch.setattr(ray, "versions", lambda: ours)
    with pytest.raises(UserError, match=r"curate\.ray_address: on \S+ found pillow [\d.]+, expected 1\.0"):
        results(nodes.address, crashing.doubled, range(8))


@pytest.mark.slow
def test_the_same_bytes_as_from_processes_though_workers_and_a_node_are_killed(
    nodes: Any, archive: Callable[[str, Mapping[str, bytes]], Path], tmp_path: Path
) -> None:
    town = archive("town", {f"{seed}.jpg": jpeg(seed) for seed in range(400)} | {"no.jpg": b"no picture"})
    local, spread = tmp_path / "local.parquet", tmp_path / "spread.parquet"
    prepare(town, local, executor=Processes(2))
    extra = nodes.add_node(num_cpus=1, object_store_memory=200_000_000)
    begun = threading.Event()
    killed: list[int] = []

    def kill() -> None:
        begun.wait()
        for process in psutil.process_iter(["cmdline"]):
            if (process.info["cmdline"] or [""])[0].startswith("ray::_task"):
                os.kill(process.pid, signal.SIGKILL)
                killed.append(process.pid)
        nodes.remove_node(extra, allow_graceful=False)
        killed.append(0)

    killer = threading.Thread(target=kill)
    killer.start()

    def progress(done: int, total: int | None, note: str) -> None:
        if done:
            begun.set()
            time.sleep(0.2)  # so that there is work left to kill

    prepare(town, spread, executor=RayCluster(nodes.address), progress=progress)
    killer.join()
    assert len(killed) >= 2
    assert spread.read_bytes() == local.read_bytes()


def test_a_task_imports_only_packages_that_are_sent(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    for name in ray.SENT:
        (tmp_path / name).symlink_to(root / name)
    rooms = ("common", "crawler", "curate", "train", "pipelines")
    script = (
        "import sys, curate.prepare, curate.facade_score, curate.executors.ray\n"
        f"print(*(sys.modules[name].__file__ for name in {rooms} if name in sys.modules), sep='\\n')"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    # Where facades is installed, a package that is not sent is found there.
    assert {Path(file).parent.parent for file in ran.stdout.splitlines()} == {tmp_path}, ran.stderr


def test_a_missing_cluster_is_one_line() -> None:
    pytest.importorskip("ray")
    with pytest.raises(UserError, match=r"^curate\.ray_address: found '127\.0\.0\.1:1', expected a Ray cluster"):
        results("127.0.0.1:1", crashing.doubled, range(8))
