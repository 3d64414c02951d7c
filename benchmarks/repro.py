"""Seconds of a first `make repro`, after the installation, by stage.

    python benchmarks/repro.py [--params FILE]

Copies this tree into a temporary clone, runs `dvc repro` there and times each stage from the lines that DVC prints.
"""

import argparse
import itertools
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, help="another params.yaml to run with")
    other = parser.parse_args().params
    with tempfile.TemporaryDirectory() as temp:
        folder = Path(temp) / "facades"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
        if other:
            (folder / "params.yaml").write_bytes(other.read_bytes())
        env = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(folder),
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(Path(temp) / "site-cache"),
        }
        marks = [("(dvc)", time.monotonic())]
        with subprocess.Popen(
            ["dvc", "repro"], cwd=folder, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as run:
            assert run.stdout is not None
            for line in run.stdout:
                if running := re.match(r"Running stage '([^']+)'", line):
                    marks.append((running[1], time.monotonic()))
        marks.append(("", time.monotonic()))
        if run.returncode:
            sys.exit(f"dvc repro ended with exit code {run.returncode}")
    for (stage, start), (_, end) in itertools.pairwise(marks):
        print(f"{stage:24} {end - start:7.1f} s")
    print(f"{'all':24} {marks[-1][1] - marks[0][1]:7.1f} s")


if __name__ == "__main__":
    main()
