"""What the shell completes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from crawler.registry import KINDS
from pipelines.cli import completion
from tests.pipelines.audit.conftest import Town

pytestmark = pytest.mark.integration


def completed(folder: Path, *words: str) -> list[str]:
    """Press the tab key after these words, in bash."""
    env = {
        **os.environ,
        "_FACADES_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(("facades", *words)),
        "COMP_CWORD": str(len(words)),
    }
    facades = Path(sys.executable).parent / "facades"
    return subprocess.run([facades], cwd=folder, env=env, capture_output=True, text=True).stdout.split()


def test_the_names_of_the_project_are_completed(finished: Town) -> None:
    assert completed(finished.folder, "source", "retry", "t") == ["town"]
    assert completed(finished.folder, "model", "sample", "") == ["facade"]
    assert completed(finished.folder, "source", "try", "ii") == ["iiif"]
    assert completed(finished.folder, "dataset", "verify", "work") == ["workspace"]
    assert completed(finished.folder, "dataset", "export", "z") == ["zip"]


def test_all_kinds_are_offered() -> None:
    assert tuple(completion.kinds()) == KINDS


@pytest.mark.parametrize("text", [None, "", "sources: {", "sources: 3", "models: {}"])
def test_a_broken_file_completes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None) -> None:
    monkeypatch.chdir(tmp_path)
    if text is not None:
        Path("params.yaml").write_text(text)
    assert completion.sources() == []
