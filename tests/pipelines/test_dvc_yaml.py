"""dvc.yaml against the code: each stage depends on just the project modules that its result hangs on."""

import ast
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
STAGES = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text())["stages"]
ROOMS = ("crawler", "curate", "train", "pipelines")

# Reads, writes and shows, but cannot change a result: a mended message must not retrain a model.
PLUMBING = {
    "crawler/__init__.py",
    "crawler/errors.py",
    "crawler/files.py",
    "curate/__init__.py",
    "train/__init__.py",
    "pipelines/__init__.py",
    "pipelines/params.py",
    "pipelines/paths.py",
    "pipelines/progress.py",
}
# How a dataset is read: what training sees of it are the bytes of two arrays. A new reason for a drop must not retrain
# a model.
FORMAT = {"train": {"curate/dataset.py", "curate/records.py"}, "evaluate": {"curate/dataset.py", "curate/records.py"}}
# crawl hangs on its entry alone, check on params.yaml alone: design, not an oversight.
BY_CODE = sorted(set(STAGES) - {"crawl", "check"})


def imported(file: str) -> set[str]:
    """The project files that `file` imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / file).read_text())):
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
    """The project files that a stage's module reaches."""
    reached: set[str] = set()
    todo = [f"pipelines/{stage}.py"]
    while todo:
        current = todo.pop()
        if current not in reached:
            reached.add(current)
            if current not in PLUMBING:
                todo += imported(current)
    return reached - PLUMBING - FORMAT.get(stage, set())


def code_deps(stage: str) -> list[str]:
    body = STAGES[stage].get("do", STAGES[stage])
    return [dep for dep in body["deps"] if dep.split("/")[0] in ROOMS]


@pytest.mark.parametrize("stage", BY_CODE)
def test_a_stage_depends_on_all_the_code_it_runs(stage: str) -> None:
    deps = code_deps(stage)
    missing = {f for f in closure(stage) if not any(f == d or f.startswith(f"{d}/") for d in deps)}
    assert not missing


@pytest.mark.parametrize("stage", BY_CODE)
def test_a_stage_depends_on_no_code_it_does_not_run(stage: str) -> None:
    reached = closure(stage)
    unused = [dep for dep in code_deps(stage) if not any(f == dep or f.startswith(f"{dep}/") for f in reached)]
    assert not unused


def test_crawl_never_depends_on_code() -> None:
    assert code_deps("crawl") == []


def test_every_dependency_exists_or_is_made_by_a_stage() -> None:
    for stage in BY_CODE:
        for dep in code_deps(stage):
            assert (ROOT / dep).exists(), f"{stage}: {dep}"


def test_imports_point_one_way() -> None:
    """pipelines → train → curate → crawler; what is left of a room it never imports."""
    for index, room in enumerate(ROOMS):
        for file in (ROOT / room).rglob("*.py"):
            relative = str(file.relative_to(ROOT))
            upward = [found for found in imported(relative) if ROOMS.index(found.split("/")[0]) > index]
            assert not upward, f"{relative} imports {upward}"
