"""What docs/sharing.md says of working together, on real git and DVC repositories."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.clones import ROOT, Clone

pytestmark = pytest.mark.integration

SOURCE = {"kind": "demo", "buildings": 20, "seed": 8, "snapshot": "1"}


def commit(clone: Clone, message: str) -> None:
    clone.run("git", "add", "--all")
    clone.run("git", "commit", "--quiet", "--message", message)


def publish(clone: Clone, temp: Path) -> None:
    """As the docs say: a tagged version, its data in the DVC remote, its code in a git one."""
    commit(clone, "The first version")
    clone.run("git", "tag", "v1.0.0")
    clone.run("dvc", "push", "--quiet")
    clone.run("git", "init", "--quiet", "--bare", str(temp / "origin.git"))
    clone.run("git", "remote", "add", "origin", str(temp / "origin.git"))
    clone.run("git", "push", "--quiet", "--tags", "origin", "HEAD:main")


def cloned(temp: Path, name: str) -> Clone:
    (temp / name).mkdir()
    subprocess.run(["git", "clone", "--quiet", temp / "origin.git", temp / name / "a clone"], check=True)
    return Clone(temp / name / "a clone", temp / name)


def hashes(clone: Clone) -> dict[str, Any]:
    return {path: item["md5"] for stage in clone.lock().values() for item in stage["outs"] for path in [item["path"]]}


def test_a_colleague_clones_pulls_and_has_nothing_to_repeat(copy: Clone, tmp_path: Path) -> None:
    copy.run("dvc", "remote", "add", "--default", "store", str(tmp_path / "store"))
    publish(copy, tmp_path)
    colleague = cloned(tmp_path, "colleague")
    colleague.run("dvc", "pull", "--quiet")
    assert colleague.repro() == []
    assert hashes(colleague) == hashes(copy)
    (version,) = json.loads(colleague.run("facades", "dataset", "log", "--json").stdout)
    assert (version["name"], version["number"]) == ("v1.0.0", "1.0.0")


@pytest.mark.slow
def test_a_source_comes_by_a_pull_request(copy: Clone, tmp_path: Path) -> None:
    copy.run("dvc", "remote", "add", "--default", "store", str(tmp_path / "store"))
    publish(copy, tmp_path)
    colleague = cloned(tmp_path, "colleague")
    colleague.run("git", "switch", "--quiet", "--create", "suburb")
    colleague.run("dvc", "pull", "--quiet")
    colleague.params(lambda p: p["sources"].update(suburb=SOURCE))
    assert {"crawl@suburb", "curate", "report"} <= set(colleague.repro())
    commit(colleague, "The suburb")
    colleague.run("dvc", "push", "--quiet")
    colleague.run("git", "push", "--quiet", "origin", "suburb")

    copy.run("git", "fetch", "--quiet", "origin")
    before = (copy.folder / "dvc.lock").read_bytes()
    found = json.loads(copy.run("facades", "dataset", "diff", "HEAD", "origin/suburb", "--json").stdout)
    assert {(group["change"], group["cause"]) for group in found["groups"] if group["facades"] > 0} == {
        ("added", "new_source")
    }
    assert (copy.folder / "dvc.lock").read_bytes() == before, "a review leaves the work tree alone"
    copy.run("facades", "dataset", "verify", "origin/suburb", "--sample", "20")
    copy.run("git", "merge", "--quiet", "origin/suburb")
    copy.run("dvc", "pull", "--quiet")
    assert copy.repro() == []
    assert hashes(copy) == hashes(colleague)


@pytest.mark.slow
def test_experiments_are_run_and_compared_as_a_dvc_user_expects(copy: Clone) -> None:
    commit(copy, "The first version")
    ran = copy.run("dvc", "exp", "run", "--name", "longer", "-S", "models.facade.steps=6").stdout
    assert "Running stage 'train@facade'" in ran
    assert "Running stage 'curate'" not in ran
    shown = copy.run("dvc", "exp", "show", "--csv").stdout
    assert "models.facade.steps" in shown.splitlines()[0]
    assert "ksd" in shown.splitlines()[0].split(",")
    assert any("longer" in line for line in shown.splitlines())
    metrics = json.loads(copy.run("dvc", "metrics", "diff", "--json").stdout)
    assert {"old", "new", "diff"} <= metrics["models/facade/metrics.json"]["ksd"].keys()
    params = json.loads(copy.run("dvc", "params", "diff", "--json").stdout)
    assert params["params.yaml"]["models.facade.steps"] == {"old": 4, "new": 6, "diff": 2}
    plots = json.loads(copy.run("dvc", "plots", "diff", "--json").stdout)["data"]
    assert {"losses", "verdicts", "models/facade/log.csv"} <= plots.keys()
    assert plots["losses"][0]["revisions"] == ["workspace", "HEAD"]
    tried = json.loads(copy.run("facades", "dataset", "log", "--all", "--json").stdout)
    assert len(tried) == 1, "an experiment with the same dataset is no version"


def test_the_curves_of_the_default_models_are_declared(copy: Clone) -> None:
    plots = json.loads(copy.run("dvc", "plots", "show", "--json").stdout)["data"]
    points = {name: plot["content"]["data"]["values"] for name, (plot,) in plots.items()}
    assert {point["field"] for point in points["losses"]} == {"loss_d", "loss_g"}
    assert {point["field"] for point in points["verdicts"]} == {"d_real", "d_fake"}
    assert {point["field"] for point in points["overfitting"]} == {"d_train", "d_heldout"}
    assert {"step", "ksd"} <= points["models/facade/log.csv"][0].keys()


@pytest.fixture
def s3() -> Iterator[str]:
    """An S3 server on loopback that somebody else has written; its address."""
    script = Path(os.environ.get("FACADES_SERVERS", ROOT / "../shared/servers")) / "s3-up.sh"
    if not script.is_file():
        pytest.skip(f"{script} is not there; FACADES_SERVERS says where it is")
    pytest.importorskip("dvc_s3", reason="needs the extra `s3`")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "facades-servers/test-s3"
    subprocess.run(["bash", script, str(port), root], check=True, capture_output=True)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(int((root / "server.pid").read_text()), 15)
        (root / "server.pid").unlink()


@pytest.mark.slow
def test_an_s3_store_serves_as_the_remote(copy: Clone, s3: str, tmp_path: Path) -> None:
    keys = {"endpointurl": s3, "access_key_id": "test", "secret_access_key": "test", "region": "us-east-1"}

    def log_in(clone: Clone) -> None:
        for name, value in keys.items():
            clone.run("dvc", "remote", "modify", "--local", "store", name, value)

    copy.run("dvc", "remote", "add", "--default", "store", "s3://dvc/facades")
    log_in(copy)
    publish(copy, tmp_path)
    colleague = cloned(tmp_path, "colleague")
    log_in(colleague)
    # The audit fetches what it needs on its own, before anything was pulled.
    (version,) = json.loads(colleague.run("facades", "dataset", "log", "--json").stdout)
    assert version["kept"] > 0
    assert not (colleague.folder / "data").exists()
    colleague.run("dvc", "pull", "--quiet")
    assert colleague.repro() == []
    assert hashes(colleague) == hashes(copy)
    colleague.run("facades", "dataset", "verify", "v1.0.0", "--sample", "20")
