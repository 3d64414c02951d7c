"""`facades source list`, `try` and `add` on the command line, in a folder that contains only params.yaml."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from crawler.registry import KINDS, kind

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(ROOT / "params.yaml", folder)
    return folder


def facades(project: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [str(Path(sys.executable).parent / "facades"), *words]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=200)


def test_list_prints_every_kind_and_every_source(project):
    done = facades(project, "source", "list")
    assert done.returncode == 0, done.stderr
    for name in KINDS:
        assert re.search(rf"^{name}  ", done.stdout, re.MULTILINE)
        assert (kind(name).Params.__doc__ or "").strip("`") in done.stdout
        for parameter in set(kind(name).Params.model_fields) - {"kind", "snapshot"}:
            assert re.search(rf"^  {parameter}  ", done.stdout, re.MULTILINE)
    assert re.search(r"^demo +demo +1 +– +– +–", done.stdout, re.MULTILINE)


def test_try_prints_a_few_images_and_changes_nothing(project):
    before = {path: path.read_bytes() for path in project.rglob("*")}
    done = facades(project, "source", "try", "demo", "seed=3", "--limit", "5", "-q")
    assert done.returncode == 0, done.stderr
    assert {path: path.read_bytes() for path in project.rglob("*")} == before
    assert len(re.findall(r"^  http://demo-town\.invalid/building/", done.stdout, re.MULTILINE)) == 5
    sheet = Path(done.stdout.rpartition("contact sheet: ")[2].strip())
    text = sheet.read_text(encoding="utf-8")
    assert text.count("<li>") == 5
    assert text.count("data:image/jpeg;base64,") + text.count("no picture") == 5
    assert [path.name for path in sheet.parent.iterdir()] == ["contact.html"], "the trial's archive is gone"
    shutil.rmtree(sheet.parent)


def test_try_names_an_unknown_parameter(project):
    done = facades(project, "source", "try", "demo", "biuldings=40")
    assert (done.returncode, done.stdout) == (1, "")
    assert "biuldings: found an unknown key" in done.stderr
    assert "did you mean buildings?" in done.stderr


def test_an_added_source_is_listed(project):
    done = facades(project, "source", "add", "town", "demo", "buildings=40")
    assert done.returncode == 0, done.stderr
    assert 'town:\n    kind: demo\n    buildings: 40\n    snapshot: "1"' in done.stdout
    assert re.search(r"^town +demo +1 ", facades(project, "source", "list").stdout, re.MULTILINE)
