"""dvc.yaml depends on exactly the code that each stage runs, and imports between packages point one way."""

import ast
from collections.abc import Iterator

import pytest

from tests.pipelines.code_dependencies import ROOMS, ROOT, STAGES, closure, code_deps, covers, imported

# `crawl` depends on its entry in params.yaml only, `check` on params.yaml only: by design (docs/decisions).
BY_CODE = sorted(set(STAGES) - {"crawl", "check"})
FILES = sorted(str(file.relative_to(ROOT)) for room in ROOMS for file in (ROOT / room).rglob("*.py"))

SUB_ROOMS: dict[str, dict[str, set[str]]] = {
    "crawler": {
        "rights": set(),
        "archive": {"rights"},
        "transport": {"archive", "rights"},
        "recheck": {"archive", "rights", "transport"},
        "spiders": {"archive", "rights", "recheck"},
    },
    "curate": {"duplicates": set(), "executors": set(), "documents": set()},
    "pipelines": {
        "versions": set(),
        "report": {"versions"},
        "documents": {"report"},
        "exports": {"versions", "documents"},
        "audit": {"versions", "report", "documents"},
        "stages": {"versions", "report", "documents"},
        "sources": {"versions", "report", "audit", "stages"},
        "cli": {"versions", "report", "exports", "audit", "stages", "sources"},
    },
}
"""The sub-packages of each package, and which of its siblings each may import."""


@pytest.mark.parametrize("stage", BY_CODE)
def test_a_stage_depends_on_all_the_code_it_runs(stage: str) -> None:
    deps = code_deps(stage)
    assert {file for file in closure(stage) if not any(covers(dep, file) for dep in deps)} == set()


@pytest.mark.parametrize("stage", BY_CODE)
def test_a_stage_depends_on_no_code_it_does_not_run(stage: str) -> None:
    reached = closure(stage)
    assert [dep for dep in code_deps(stage) if not any(covers(dep, file) for file in reached)] == []


def test_crawl_never_depends_on_code() -> None:
    assert code_deps("crawl") == []


@pytest.mark.parametrize("stage", BY_CODE)
def test_every_dependency_on_code_exists(stage: str) -> None:
    assert [dep for dep in code_deps(stage) if not (ROOT / dep).exists()] == []


def test_importing_a_package_runs_nothing() -> None:
    """So no stage depends on its `__init__`: functions for notebooks, and what a type checker wants of them."""
    harmless = (ast.Expr, ast.Import, ast.ImportFrom, ast.If, ast.Assign, ast.FunctionDef)
    for room in ROOMS:
        body = ast.parse((ROOT / room / "__init__.py").read_text(encoding="utf-8")).body
        assert all(isinstance(node, harmless) for node in body)
        assert not [node for node in body if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)]
        for node in body:
            assert not isinstance(node, ast.If) or ast.unparse(node.test) == "TYPE_CHECKING"
            assert not isinstance(node, ast.Assign) or ast.unparse(node.targets[0]) == "__all__"


def test_imports_point_one_way() -> None:
    """pipelines → train → curate → crawler → common."""
    upward = [
        f"{file} imports {found}"
        for file in FILES
        for found in imported(file)
        if ROOMS.index(found.split("/")[0]) > ROOMS.index(file.split("/")[0])
    ]
    assert upward == []


def test_imports_between_sub_packages_point_one_way() -> None:
    wrong = []
    for file in FILES:
        room, own = _sub_room(file)
        for found in imported(file):
            other_room, other = _sub_room(found)
            if room == other_room and own and other and other != own and other not in SUB_ROOMS[room][own]:
                wrong.append(f"{file} imports {found}")
    assert wrong == []


def test_no_two_modules_import_each_other_in_a_circle() -> None:
    """Lazy imports count, too; only imports for type checking do not."""
    graph = {file: {found for found in _imported_at_run_time(file) if found != file} for file in FILES}
    assert list(_circles(graph)) == []


def _sub_room(file: str) -> tuple[str, str | None]:
    room, *rest = file.split("/")
    return room, rest[0] if len(rest) > 1 and rest[0] in SUB_ROOMS.get(room, {}) else None


def _imported_at_run_time(file: str) -> set[str]:
    return imported(file) if "TYPE_CHECKING" not in (ROOT / file).read_text(encoding="utf-8") else _without_types(file)


def _without_types(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    return imported(file, tree)


def _circles(graph: dict[str, set[str]]) -> Iterator[list[str]]:
    """Yield each strongly connected component of more than one file (Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []

    def visit(node: str) -> Iterator[list[str]]:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph[node]):
            if other not in index:
                yield from visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            component = [stack.pop()]
            while component[-1] != node:
                component.append(stack.pop())
            if len(component) > 1:
                yield sorted(component)

    for node in sorted(graph):
        if node not in index:
            yield from visit(node)
