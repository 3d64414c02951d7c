"""`facades` without a command: what it prints in each state of a project."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from dvc.repo import Repo
from ruamel.yaml import YAML

from common.errors import UserError
from pipelines.stages import check
from pipelines.versions import freshness
from tests.pipelines.audit.conftest import ROOT, Town


def status(folder: Path, *, width: int = 80) -> list[str]:
    """Type `facades` in a folder; the lines it prints."""
    code, text = Town(folder).facades()
    lines = text.splitlines()
    assert code == 0, text
    assert len(lines) <= 12
    assert max(map(len, lines)) <= width
    return lines


def write_params(town: Town) -> None:
    YAML().dump(town.params, town.folder / "params.yaml")


def test_outside_of_a_project_it_says_how_to_get_to_one(tmp_path: Path) -> None:
    first, *steps = status(tmp_path, width=200)
    assert first == f"no project here: found no params.yaml in {tmp_path}"
    assert steps == [
        "next: cd PROJECT      go to a clone of the project",
        "      facades --help  list the commands",
    ]


def test_in_a_folder_of_the_project_it_names_the_root(project: Town) -> None:
    assert status(project.folder / "data/dataset", width=200) == [
        f"found no params.yaml here; the project is in {project.folder}",
        f"next: cd {project.folder}",
    ]


def test_a_mistake_in_params_is_the_error_of_check(project: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    project.params["curate"]["holdout"] = 2
    write_params(project)
    code, text = project.facades()
    monkeypatch.chdir(project.folder)
    with pytest.raises(UserError) as error:
        check.run()
    assert (code, text) == (1, f"error: {error.value}")
    assert "curate.holdout: found 2" in text


@pytest.mark.parametrize("empty", [{}, None])
def test_without_sources_the_next_step_is_to_add_one(project: Town, empty: object) -> None:
    project.params["sources"] = empty
    write_params(project)
    assert status(project.folder) == [
        "no sources yet",
        "next: facades source list                     list the kinds of sources",
        "      facades source add NAME KIND KEY=VALUE  add a source to params.yaml",
    ]


def test_before_the_first_run_the_next_step_is_dvc_repro(tmp_path: Path) -> None:
    shutil.copy(ROOT / "params.yaml", tmp_path)
    assert status(tmp_path) == [
        "source  demo             demo       not crawled yet",
        "model   facade                      not trained yet",
        "no stage has run yet",
        "next: dvc repro  run all stages",
    ]


def test_when_all_is_up_to_date_it_names_the_report_and_what_to_try(project: Town) -> None:
    assert status(project.folder) == [
        "source  town             demo       7 of 10 images kept",
        "model   facade                      KSD 0.0123, lower is better",
        "up to date; the report is report/index.html",
        "next: facades model sample facade  draw images",
        "      facades dataset log          list the dataset versions",
        "      facades source list          list the kinds of sources to add",
    ]


def edit(path: str, text: str = "changed") -> Callable[[Town], None]:
    def change(town: Town) -> None:
        file = town.folder / path
        file.unlink(missing_ok=True)  # a link into DVC's cache
        file.write_text(text)

    return change


def remove(path: str) -> Callable[[Town], None]:
    return lambda town: (town.folder / path).unlink()


def set_params(change: Callable[[dict], object]) -> Callable[[Town], None]:  # type: ignore[type-arg]
    def apply(town: Town) -> None:
        change(town.params)
        write_params(town)

    return apply


CHANGES = [
    (
        set_params(lambda p: p["curate"]["thresholds"].update(min_side=120)),
        "curate",
        "curate.thresholds.min_side: 96 → 120",
    ),
    (
        set_params(lambda p: p["sources"].update(suburb={"kind": "demo", "snapshot": "1"})),
        "crawl@suburb",
        "not run yet",
    ),
    (set_params(lambda p: p["sources"]["town"].update(snapshot="2")), "crawl@town", 'sources.town.snapshot: "1" → "2"'),
    (set_params(lambda p: p["models"]["facade"].update(steps=9)), "train@facade", "models.facade.steps: 4 → 9"),
    (set_params(lambda p: p["models"].update(other={"recipe": "facade"})), "train@other", "not run yet"),
    (edit("exclusions.csv"), "curate", "exclusions.csv changed"),
    (edit("train/gan.py"), "train@facade", "train/gan.py changed"),
    (edit("crawler/extract.py"), "extract@town", "crawler changed"),
    (edit("data/archive/town/b.c"), "crawl@town", "data/archive/town changed"),
    (edit("models/facade/metrics.json", '{"ksd": 0.43210}'), "evaluate@facade", "models/facade/metrics.json changed"),
    (remove("report/index.html"), "report", "report/index.html is missing"),
]


@pytest.mark.parametrize(("change", "stage", "reason"), CHANGES, ids=[reason for _, _, reason in CHANGES])
def test_a_stage_that_is_out_of_date_is_named_with_the_reason_and_dvc_agrees(
    project: Town, change: Callable[[Town], None], stage: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(project)
    *_, last, step = status(project.folder)
    assert (last, step) == (f"out of date: {stage} ({reason})", "next: dvc repro  run what is out of date")
    monkeypatch.chdir(project.folder)
    with Repo() as dvc:
        assert stage in dvc.status()


def test_what_dvc_ignores_is_ignored(project: Town) -> None:
    (project.folder / "crawler/__pycache__").mkdir(exist_ok=True)
    (project.folder / "crawler/__pycache__/x.pyc").write_text("")
    (project.folder / "crawler/.x.writing").write_text("")
    assert "up to date; the report is report/index.html" in status(project.folder)
    ignored = (ROOT / ".dvcignore").read_text().split()
    assert {pattern.rstrip("/") for pattern in ignored} == set(freshness.IGNORED)


def test_data_that_are_not_here_can_be_pulled_if_there_is_a_remote(project: Town) -> None:
    shutil.rmtree(project.folder / "data/archive")
    assert status(project.folder)[-1] == "next: dvc repro  run what is out of date"
    with (project.folder / ".dvc/config").open("a") as config:
        config.write("[core]\n    remote = store\n['remote \"store\"']\n    url = /nowhere\n")
    assert status(project.folder)[-3:] == [
        "out of date: crawl@town (data/archive/town is missing)",
        "next: dvc pull   download the data of this version",
        "      dvc repro  run the stages again",
    ]


def test_a_large_file_is_compared_by_its_size(project: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freshness, "HASHED", 10)
    edit("data/archive/town/b.c", "another text, as long"[:19])(project)
    assert "up to date; the report is report/index.html" in status(project.folder)
    edit("data/archive/town/b.c", "longer than it was before")(project)
    assert "out of date: crawl@town (data/archive/town changed)" in status(project.folder)


def test_what_was_stopped_is_not_finished(project: Town) -> None:
    project.params["sources"]["suburb"] = {"kind": "demo"}
    project.params["models"]["other"] = {"recipe": "facade"}
    write_params(project)
    for unfinished in (".crawl/suburb/1", ".crawl/town", ".state/other"):
        (project.folder / unfinished).mkdir(parents=True)
    lines = status(project.folder)
    assert "source  suburb           demo       crawl not finished yet" in lines
    assert "model   other                       training not finished yet" in lines


def test_many_sources_and_models_are_counted(project: Town) -> None:
    for number in range(9):
        project.params["sources"][f"suburb-{number}"] = {"kind": "demo", "snapshot": "1"}
        project.params["models"][f"model-{number}"] = {"recipe": "facade"}
    write_params(project)
    assert status(project.folder) == [
        "source  town             demo       7 of 10 images kept",
        "source  suburb-0         demo       not crawled yet",
        "source  suburb-1         demo       not crawled yet",
        "source  suburb-2         demo       not crawled yet",
        "… and 6 more: facades source list",
        "model   facade                      KSD 0.0123, lower is better",
        "model   model-0                     not trained yet",
        "… and 8 more: params.yaml",
        "out of date: crawl@suburb-0 (not run yet)",
        "out of date: crawl@suburb-1 (not run yet)",
        "… and 7 more: dvc status",
        "next: dvc repro  run what is out of date",
    ]


def test_it_imports_neither_torch_nor_dvc_nor_scrapy(project: Town) -> None:
    code = (
        "import sys; from pipelines.cli import status; status.show();"
        "print(sorted({'torch', 'dvc', 'scrapy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=project.folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
