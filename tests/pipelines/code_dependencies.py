"""The project modules that each DVC stage runs, found by following imports.

`python -m tests.pipelines.code_dependencies` writes them into dvc.yaml.
"""

import ast
import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
DVC_YAML = ROOT / "dvc.yaml"
STAGES: dict[str, dict[str, Any]] = YAML(typ="safe").load(DVC_YAML.read_text(encoding="utf-8"))["stages"]
ROOMS = ("common", "crawler", "curate", "train", "pipelines")
"""From left to right: a package imports those before it only."""

PLUMBING = {
    "common/errors.py",
    "common/files.py",
    "common/locks.py",
    "common/progress.py",
    "curate/__init__.py",
    "train/__init__.py",
    "pipelines/params.py",
    "pipelines/paths.py",
}
"""Modules that read, write and show but cannot change a result: a better message must not retrain a model.

A package's `__init__` has functions for notebooks, which no stage calls.
"""

_DATASET = {"common/described.py", "curate/dataset.py", "curate/schemas.py"}
FORMAT = {"train": _DATASET, "evaluate": _DATASET}
"""Readers of the dataset. Training depends on the bytes of the arrays, so a new reason must not retrain a model."""


def imported(file: str, tree: ast.AST | None = None) -> set[str]:
    """Return the project files that `file` imports, anywhere in it, or in `tree` if given."""
    names: set[str] = set()
    for node in ast.walk(tree or ast.parse((ROOT / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            assert node.module
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    files = set()
    for name in names:
        if name.split(".")[0] in ROOMS:
            path = name.replace(".", "/")
            files |= {found for found in (f"{path}.py", f"{path}/__init__.py") if (ROOT / found).is_file()}
    return files


def closure(stage: str) -> set[str]:
    """Return the project files that can change the result of `stage`."""
    reached: set[str] = set()
    todo = [f"pipelines/stages/{stage}.py"]
    while todo:
        current = todo.pop()
        if current not in reached:
            reached.add(current)
            if current not in PLUMBING:
                todo += imported(current)
    own = {file for file in reached - PLUMBING - FORMAT.get(stage, set()) if not _only_a_docstring(file)}
    return own | {table for file in own for table in tables(file)}


def tables(file: str) -> set[str]:
    """Return the TOML files beside `file` that it names."""
    names = {
        node.value
        for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith(".toml")
    }
    paths = {Path(file).parent / name for name in names if "\n" not in name}
    return {path.as_posix() for path in paths if (ROOT / path).is_file()}


def code_deps(stage: str) -> list[str]:
    """Return the project files and folders that dvc.yaml names as dependencies of `stage`."""
    body = STAGES[stage].get("do", STAGES[stage])
    return [dep for dep in body["deps"] if dep.split("/")[0] in ROOMS]


def covers(dep: str, file: str) -> bool:
    """Whether `dep` is `file` or a folder that contains it."""
    return file == dep or file.startswith(f"{dep}/")


def write() -> None:
    """Replace the code dependencies in dvc.yaml by those found; folders stay where a file in them is still used."""
    text = DVC_YAML.read_text(encoding="utf-8")
    for stage in STAGES:
        if not (old := code_deps(stage)):
            continue
        reached = closure(stage)
        folders = [dep for dep in old if not dep.endswith(".py") and any(covers(dep, file) for file in reached)]
        files = [file for file in reached if not any(covers(folder, file) for folder in folders)]
        start = re.search(rf"^  {stage}:\n", text, re.MULTILINE)
        assert start
        lines = [rf" +- {re.escape(dep)}\n" for dep in old]
        block = re.compile("(?P<indent> +)- (?:" + "|".join(map(re.escape, old)) + rf")\n(?:{'|'.join(lines)})*")
        found = block.search(text, start.end())
        assert found
        new = "".join(f"{found['indent']}- {dep}\n" for dep in sorted([*folders, *files]))
        text = text[: found.start()] + new + text[found.end() :]
    DVC_YAML.write_text(text, encoding="utf-8")


def _only_a_docstring(file: str) -> bool:
    body = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
    return all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in body)


if __name__ == "__main__":
    write()
