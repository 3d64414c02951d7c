"""A real git and DVC repository with several dataset versions, made of small drawn buildings."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import safetensors.numpy
from dvc.repo import Repo
from PIL import Image, ImageDraw, ImageOps
from pydantic import TypeAdapter
from ruamel.yaml import YAML
from typer.testing import CliRunner

from common.errors import UserError
from common.files import write_table
from crawler.archive.fetches import Fetch
from crawler.archive.schemas import IMAGES, Outcome, Role
from crawler.archive.tables import write_tables
from crawler.archive.writer import ArchiveWriter, Exchange
from crawler.extract import extract
from crawler.registry import Entry
from curate.build import build
from curate.dataset import dataset_hash, read_manifest
from curate.prepare import prepare
from curate.rules import CurateParams, Thresholds
from pipelines.cli.main import commands
from pipelines.documents.facts import FETCHES_COLUMNS, model_facts
from pipelines.documents.write import write_documents
from train.provenance import KEY

ROOT = Path(__file__).parents[3]
AT = datetime(2026, 11, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Building:
    """One image on the drawn web."""

    number: int
    side: int = 160
    author: str = "Ann"
    license: str = "CC-BY-4.0"
    title: str = "A house"
    frame: int = 0  # pixels of white around the picture

    def jpeg(self) -> bytes:
        rng = np.random.default_rng(self.number)
        picture = Image.new("RGB", (self.side, self.side), tuple(int(v) for v in rng.integers(150, 250, 3)))
        pen = ImageDraw.Draw(picture)
        wall = tuple(int(v) for v in rng.integers(60, 200, 3))
        top = int(rng.integers(10, 50)) * self.side // 160
        pen.rectangle((4, top, self.side - 5, self.side - 1), fill=wall)
        columns, rows = (int(v) for v in rng.integers((2, 2), (8, 7)))
        for column in range(columns):
            for row in range(rows):
                x = 8 + column * (self.side - 16) / columns
                y = top + 6 + row * (self.side - top - 6) / rows
                if rng.random() < 0.9:
                    size = (0.6 * (self.side - 16) / columns, 0.6 * (self.side - top - 6) / rows)
                    pen.rectangle((x, y, x + size[0], y + size[1]), fill=tuple(int(v) for v in rng.integers(0, 90, 3)))
        buffer = io.BytesIO()
        ImageOps.expand(picture, self.frame, "white").save(buffer, "JPEG", quality=92)
        return buffer.getvalue()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.jpeg()).hexdigest()

    @property
    def image_url(self) -> str:
        return f"https://images.invalid/{self.number}-{self.side}.jpg"

    @property
    def page_url(self) -> str:
        return f"https://pages.invalid/{self.number}"


@dataclass
class Town:
    """The repository, and the present images of its sources; `write` and `commit` make the next version."""

    folder: Path
    sources: dict[str, list[Building]] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    models: dict[str, int] = field(default_factory=dict)  # name to the seed of its drawn weights
    commits: dict[str, str] = field(default_factory=dict)  # label to sha
    drawn: dict[str, Any] = field(default_factory=dict)  # the pictures in the archives, and how they were prepared

    def git(self, *arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=self.folder, check=True, capture_output=True, text=True).stdout

    def facades(self, *arguments: str, inside: str = "") -> tuple[int, str]:
        """Run a command in a folder of the repository; return its exit code and output."""
        with chdir(self.folder / inside):
            done = CliRunner().invoke(commands, arguments)
        if isinstance(done.exception, UserError):
            return 1, f"error: {done.exception}"
        assert isinstance(done.exception, SystemExit | None), done.exception
        return done.exit_code, done.stdout

    def exclude(self, line: str) -> None:
        with (self.folder / "exclusions.csv").open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def write(self) -> None:
        """Write params.yaml and the outputs of all stages."""
        YAML().dump(self.params, self.folder / "params.yaml")
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        options = {name: self.params["curate"][name] for name in ("image_size", "trim")}
        for name, buildings in self.sources.items():
            drawn = [(building.number, building.side, building.frame) for building in buildings], options
            if self.drawn.get(name) != drawn:  # else only what the pages say of them may have changed
                shutil.rmtree(data / "archive" / name, ignore_errors=True)
                write_archive(data / "archive" / name, buildings)
                prepare(data / "archive" / name, data / "prepared" / f"{name}.parquet", **options)
                self.drawn[name] = drawn
            write_images(data / "images" / f"{name}.parquet", buildings)
            self.write_signals(name)
        build(
            {
                name: (data / "images" / f"{name}.parquet", data / "prepared" / f"{name}.parquet")
                for name in self.sources
            },
            data / "dataset",
            CurateParams.model_validate_json(json.dumps(self.params["curate"])),
            licenses=self.params["crawl"]["licenses"],
            unknown=self.params["crawl"]["unknown"],
            exclusions=self.folder / "exclusions.csv",
        )
        for name, seed in self.models.items():
            self._write_model(self.folder / "models" / name, seed)

    def _write_model(self, folder: Path, seed: int) -> None:
        dataset, archive = self.folder / "data/dataset", self.folder / "data/archive"
        write_model(folder, seed, dataset_hash(dataset))
        write_documents(
            model_facts(
                folder.name,
                folder / "generator.safetensors",
                (folder / "metrics.json").read_bytes(),
                read_manifest(dataset),
                {
                    name: pq.read_table(archive / name / "fetches.parquet", columns=FETCHES_COLUMNS)
                    for name in self.sources
                },
                self.params,
            ),
            folder,
        )

    def write_signals(self, source: str) -> None:
        """Write the table of signals of a source, as extraction does."""
        entry = TypeAdapter(Entry).validate_python(self.params["sources"][source])
        signals = self.folder / "data" / "signals" / f"{source}.parquet"
        with tempfile.TemporaryDirectory() as temp:
            archive = self.folder / "data" / "archive" / source
            extract(entry, archive, Path(temp, "images.parquet"), lambda *_: None, signals=signals)

    def take(self) -> None:
        """Write, and commit the outputs to DVC, as `dvc repro` does."""
        self.write()
        self.take_as_it_is()

    def take_as_it_is(self) -> None:
        """Commit the present files to DVC as the outputs of the stages."""
        with chdir(self.folder), Repo() as dvc:
            for out in dvc.index.outs:  # outputs that no audit reads get a placeholder
                path = Path(out.fs_path)
                if not path.exists():
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text("{}")
            dvc.commit(force=True)

    def commit(self, label: str, *tags: str) -> str:
        """Make a version of the present state."""
        self.take()
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", label)
        for tag in tags:
            self.git("tag", tag)
        self.commits[label] = self.git("rev-parse", "HEAD").strip()
        return self.commits[label]


def write_archive(folder: Path, buildings: list[Building], robots: bytes = b"") -> None:
    """Write an archive in which the kind `demo` finds the images."""
    folder.mkdir(parents=True)
    writer = ArchiveWriter(folder, {"software": "test"})

    def add(url: str, role: Role, body: bytes) -> None:
        kind = "text/html" if role is Role.PAGE else "image/jpeg"
        exchange = Exchange(url, "GET", (("Host", "town"),), "200 OK", (("Content-Type", kind),), body)
        writer.end(Fetch(url, role, Outcome.STORED, AT, AT, status=200, final_url=url), exchange)

    add("https://images.invalid/robots.txt", Role.ROBOTS, robots)
    for url, page in _pages([building.image_url for building in buildings]).items():
        add(url, Role.PAGE, page.encode())
    for building in buildings:
        add(building.image_url, Role.IMAGE, building.jpeg())
    writer.close()
    write_tables(folder)
    (folder / "run.json").write_text(json.dumps({"entry": {"kind": "demo"}, "started": [AT.isoformat()]}))


def _pages(images: list[str]) -> dict[str, str]:
    """The index, a district and a building of a demo town."""
    photos = "".join(f'<figure><img class="photo" src="{url}"></figure>' for url in images)
    return {
        "http://demo-town.invalid/": '<ul class="districts"><li><a href="/d">d</a></li></ul>',
        "http://demo-town.invalid/d": '<ul class="buildings"><li><a href="/b">b</a></li></ul>',
        "http://demo-town.invalid/b": photos,
    }


def write_images(path: Path, buildings: list[Building]) -> None:
    rows = [
        {
            "sha256": building.sha256,
            "format": "jpeg",
            "nbytes": len(building.jpeg()),
            **_metadata(building),
            "opt_out": "",
            "others": [],
        }
        for building in sorted(buildings, key=lambda building: building.sha256)
    ]
    write_table(pa.Table.from_pylist(rows, IMAGES), path)


def _metadata(building: Building) -> dict[str, Any]:
    return {
        "image_url": building.image_url,
        "page_url": building.page_url,
        "title": building.title,
        "author": building.author,
        "license": building.license,
        "license_url": "https://creativecommons.org/licenses/by/4.0/",
        "attribution": f"{building.title}, {building.author}, {building.license}",
        "tags": ["house"],
        "latitude": 48.8582,
        "longitude": 2.2945,
        "taken": "1998-05",
    }


def write_model(folder: Path, seed: int, dataset: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    weights = np.random.default_rng(seed).normal(size=(4, 4)).astype(np.float32)
    record = {"recipe": {"recipe": "facade", "steps": 4, "seed": seed}, "dataset": dataset, "size": 64, "step": 4}
    safetensors.numpy.save_file({"weights": weights}, folder / "generator.safetensors", {KEY: json.dumps(record)})
    (folder / "log.csv").write_text("step,loss_d\n1,0.5\n")
    (folder / "metrics.json").write_text(json.dumps({"ksd": 0.1 + seed / 100, "n": 1000}))


@pytest.fixture(scope="session", autouse=True)
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """git and DVC without the settings of this machine."""
    temp = tmp_path_factory.mktemp("surroundings")
    (temp / "gitconfig").write_text(
        "[user]\n name = Test\n email = test@example.invalid\n[init]\n defaultBranch = main\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("GIT_", "DVC_"))]:
            patch.delenv(name)
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        patch.setenv("GIT_CONFIG_GLOBAL", str(temp / "gitconfig"))
        patch.setenv("DVC_NO_ANALYTICS", "1")
        patch.setenv("DVC_SITE_CACHE_DIR", str(temp / "site-cache"))
        yield


def found(folder: Path) -> Town:
    """A repository with the stages of this project and no outputs, in a folder with a space in its name."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        wanted = name.endswith((".py", ".csv", ".toml", "ignore", "dvc.yaml", "params.yaml")) or name == ".dvc/config"
        wanted |= name.startswith("crawler/")  # DVC has one hash of the whole folder, which `verify` compares
        if wanted and not name.startswith("tests/") and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    params = YAML(typ="safe").load((ROOT / "params.yaml").read_text())
    params["sources"] = {"town": {"kind": "demo", "snapshot": "1"}}
    # Drawn buildings are flat and similar, so all other filters are off.
    params["curate"]["thresholds"] = dict.fromkeys(Thresholds.model_fields) | {"min_side": 96}
    params["curate"]["duplicates"]["radius"] = 0
    params["models"] = {"facade": {"recipe": "facade", "steps": 4}}
    town = Town(folder, params=params, models={"facade": 1})
    town.git("init", "--quiet")
    return town


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Seven commits, six versions; every test that changes something takes a copy (`town`)."""
    town = found(tmp_path_factory.mktemp("story") / "a town")
    town.sources["town"] = [
        Building(number, side=80 + 8 * number, author=("Ann", "Bob", "Cleo")[number % 3]) for number in range(20)
    ]
    town.commit("first", "v1.0.0")
    town.models["facade"] = 2
    town.params["models"]["facade"]["steps"] = 8
    town.commit("retrained")
    town.params["sources"]["museum"] = {"kind": "demo", "snapshot": "1"}
    town.sources["museum"] = [Building(number, author="Dora") for number in range(100, 108)] + town.sources["town"][4:6]
    town.commit("museum")
    town.params["curate"]["thresholds"]["min_side"] = 120
    town.commit("threshold", "v2.0.0")
    town.exclude("author,Bob,asked by mail,curator,2026-11-20,false")
    town.commit("takedown")
    town.sources["museum"] = [
        replace(building, title="A palace") if building.author == "Dora" else building
        for building in town.sources["museum"]
    ]
    town.commit("titles")
    town.params["sources"]["museum"]["snapshot"] = "2"
    town.sources["museum"] = [*town.sources["museum"][1:], Building(200, author="Dora")]
    town.commit("refresh")
    return town


@pytest.fixture
def town(story: Town, tmp_path: Path) -> Town:
    """A copy of the story's repository that a test may change."""
    folder = tmp_path / "a town"
    shutil.copytree(story.folder, folder, symlinks=True)
    return replace(deepcopy(story), folder=folder)
