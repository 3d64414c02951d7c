"""One function of a benchmark in a process of its own, on one thread: what it took.

    python benchmarks/child.py SCRIPT FUNCTION TARGET

A folder as TARGET becomes the list of its files, of which the function sees eight before the clock starts (imports,
tables, networks); any other path is handed over as it is. The function returns how many things it did or found.
"""

import json
import os
import resource
import runpy
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]

Result = dict[str, float]


def measured(script: str, function: Callable[..., int], target: Path, python: str = sys.executable) -> Result:
    """`count`, `wall` and `cpu` in seconds, `MB` at the peak; ends this process too where the function fails."""
    threads = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
    done = subprocess.run(
        [python, "-P", __file__, script, function.__name__, str(target)],
        env={**os.environ, **threads, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{function.__name__}: {done.stderr.strip().splitlines()[-1]}")
    found: Result = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main(script: str, name: str, target: Path) -> None:
    function: Callable[..., int] = runpy.run_path(script)[name]
    argument: object = target
    if target.is_dir():
        files = sorted(target.iterdir())
        function(files[:8])
        argument = files
    wall, cpu = time.perf_counter(), time.process_time()
    count = function(argument)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"count": count, "wall": wall, "cpu": cpu, "MB": peak}))


if __name__ == "__main__":
    if len(sys.argv) == 4:
        main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
