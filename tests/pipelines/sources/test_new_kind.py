"""From `facades source new-kind` to a kind that passes the contract, by following the messages of the contract test."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
CONTRACT = "tests/crawler/test_contract.py"
PAGE = """<html><body><h1>Mill Lane</h1>
<div class="house"><img src="/i/1.jpg"><h2>1 Mill Lane</h2><span class="by">Ada Example</span>{licence}</div>
{following}</body></html>"""
CC0 = '<a rel="license" href="https://creativecommons.org/publicdomain/zero/1.0/">CC0</a>'
PICTURE = "https://exampleton.example/i/1.jpg"


class Project:
    """A copy of the project, whose code is imported instead of the installed one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("common", "crawler", "pipelines", "curate", "train", "tests/crawler/fixtures"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in (CONTRACT, "docs/sources.md", "scrapy.cfg", "params.yaml"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        (folder / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n')
        self.spider = folder / "crawler/spiders/exampleton.py"
        self.fixtures = folder / "tests/crawler/fixtures/exampleton"
        self.docs = folder / "docs/sources.md"

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        env = {**os.environ, "PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            [sys.executable, *command], cwd=self.folder, env=env, capture_output=True, text=True, timeout=200
        )

    def facades(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return self.run("-c", "from pipelines.cli.main import app; app()", *words)

    def contract(self) -> tuple[int, set[str]]:
        """Run the contract test; return its exit code and what it lists as missing."""
        done = self.run("-m", "pytest", "-q", "-p", "no:cacheprovider", CONTRACT, "-k", "exampleton")
        return done.returncode, set(re.findall(r"^(?:E +)?- (.*)$", done.stdout, re.MULTILINE))

    def case(self, name: str, page: str, images: dict[str, str], asks: tuple[str, ...] = ()) -> None:
        (self.fixtures / f"{name}.html").write_text(page)
        listed = json.loads((self.fixtures / "cases.json").read_text())
        listed["entry"]["start"] = "https://exampleton.example/mill-lane"
        pages = {"https://exampleton.example/mill-lane": f"{name}.html"}
        listed[name] = {"pages": pages, "images": images, "asks": list(asks)}
        (self.fixtures / "cases.json").write_text(json.dumps(listed))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def test_the_messages_of_the_contract_test_lead_to_a_complete_kind(project):
    done = project.facades("source", "new-kind", "exampleton")
    assert done.returncode == 0, done.stderr
    assert "next: pytest tests/crawler/test_contract.py -k exampleton" in done.stdout

    code, left = project.contract()
    assert code == 1
    assert len([one for one in left if one.startswith("crawler/spiders/exampleton.py:")]) == 6
    for case in ("first", "last", "empty", "unlicensed", "malformed"):
        assert any(f"`{case}`: " in one for one in left)
    assert "tests/crawler/fixtures/exampleton/busy.html: save it (`scrapy fetch --nolog URL`)" in left
    assert "docs/sources.md: the section on `exampleton`" in left

    code = project.spider.read_text()
    code = code.replace("TODO: one line: the site and its images.", "Facades of Exampleton.")
    code = code.replace("TODO: selector of the element with one picture and its description", "div.house")
    code = code.replace("TODO: selector of its title, with ::text at the end", "h2::text")
    code = code.replace("TODO: selector of its author", ".by::text")
    code = code.replace("TODO: selector of its licence, as the site writes it", "a[rel=license]::text")
    project.spider.write_text(re.sub(r" *# TODO: the link.*\n", "", code))
    _, left = project.contract()
    assert not [one for one in left if one.startswith("crawler/")]

    following = '<a rel="next" href="/mill-lane/2">next</a>'
    project.case(
        "first",
        PAGE.format(licence=CC0, following=following),
        {PICTURE: "CC0-1.0"},
        ("https://exampleton.example/mill-lane/2",),
    )
    project.case("last", PAGE.format(licence=CC0, following=""), {PICTURE: "CC0-1.0"})
    project.case("empty", "<html><body><h1>Mill Lane</h1></body></html>", {})
    project.case("unlicensed", PAGE.format(licence="", following=""), {PICTURE: "unknown"})
    project.case("malformed", "<html><bo", {})
    (project.fixtures / "busy.html").write_text("<p>later")
    assert project.contract() == (1, {"docs/sources.md: the section on `exampleton`"})

    docs = project.docs.read_text()
    project.docs.write_text(re.sub(r"TODO[^\n]*", "the houses of Exampleton", docs))
    assert project.contract() == (0, set())

    listed = project.facades("source", "list", "exampleton")
    assert listed.stdout.startswith("exampleton  Facades of Exampleton.")


def test_an_image_that_a_case_does_not_list_fails(project):
    """Without TODO marks a case still fails if the spider finds an image that the case does not list."""
    project.facades("source", "new-kind", "exampleton")
    project.spider.write_text(re.sub(r" *# TODO.*\n", "", project.spider.read_text()).replace("TODO: ", "b"))
    for case in ("first", "last", "empty", "unlicensed", "malformed"):
        project.case(case, PAGE.format(licence=CC0, following=""), {})
    (project.fixtures / "busy.html").write_text("<p>later")
    project.docs.write_text(project.docs.read_text().replace("TODO", ""))
    code, left = project.contract()
    assert (code, left) == (1, set())


@pytest.mark.parametrize(
    ("name", "message"),
    [("commons", "found an existing kind commons"), ("My-Kind", "expected lower-case letters, digits and _ only")],
)
def test_an_invalid_name_is_an_error(project, name, message):
    before = project.docs.read_text()
    done = project.facades("source", "new-kind", name)
    assert done.returncode == 1
    assert message in done.stderr
    assert project.docs.read_text() == before
