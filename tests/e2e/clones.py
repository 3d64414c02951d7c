"""Temporary clones in which the real `dvc repro` runs, with the environment that the tests run in."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]

SMALL: dict[str, Any] = {
    "sources": {"demo": {"kind": "demo", "buildings": 40, "seed": 7, "snapshot": "1"}},
    "models": {"facade": {"recipe": "facade", "steps": 4, "batch": 8, "measure_images": 20}},
    "evaluate": {"n": 20, "seed": 0},
}


class Clone:
    """A fresh checkout of this tree, in a folder with a space in its name."""

    def __init__(self, folder: Path, temp: Path) -> None:
        self.folder = folder
        gitconfig = temp / "gitconfig"
        gitconfig.write_text("[user]\n name = Test\n email = test@example.invalid\n[init]\n defaultBranch = main\n")
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "DVC_"))},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(folder),  # this clone's code before the installed one
            "PYTHONDONTWRITEBYTECODE": "1",
            "GIT_CONFIG_GLOBAL": str(gitconfig),
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(temp / "site-cache"),
        }

    def run(self, *command: str, check: bool = True, **more: Any) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command, cwd=self.folder, env=self.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more
        )
        assert not check or done.returncode == 0, done.stdout
        return done

    def repro(self, *targets: str) -> list[str]:
        """Run `dvc repro`; the names of the stages that ran, in order."""
        output = self.run("dvc", "repro", *targets).stdout
        assert "Traceback" not in output, output
        return re.findall(r"^Running stage '([^']+)'", output, flags=re.MULTILINE)

    def params(self, change: Callable[[Any], None]) -> None:
        """Change params.yaml in place, keeping its comments."""
        yaml = YAML()
        yaml.preserve_quotes = True
        file = self.folder / "params.yaml"
        values = yaml.load(file.read_text())
        change(values)
        with file.open("w") as out:
            yaml.dump(values, out)

    def lock(self) -> dict[str, Any]:
        stages: dict[str, Any] = YAML(typ="safe").load((self.folder / "dvc.lock").read_text())["stages"]
        return stages


def fresh(temp: Path) -> Clone:
    """What a clone of this tree would hold, small parameters committed."""
    folder = temp / "a clone"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and name != "dvc.lock":
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    clone = Clone(folder, temp)
    clone.params(lambda values: values.update(SMALL))
    clone.run("git", "init", "--quiet")
    clone.run("git", "add", "--all")
    clone.run("git", "commit", "--quiet", "--message", "a fresh clone")
    return clone
