"""run.json: the settings, versions, code and times of a crawl. Written before the first request."""

import hashlib
import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from common.files import replacing

RUN_FILE = "run.json"
_PACKAGES = ("facades", "scrapy", "twisted", "requests")


def begin(folder: Path, source: str, entry: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """Write the record of a run that starts or resumes in `folder`, and return it."""
    file = folder / RUN_FILE
    before = read(folder)["started"] if file.is_file() else []
    record = {
        "source": source,
        "entry": entry,
        "settings": settings,
        "versions": {"python": platform.python_version(), **{package: version(package) for package in _PACKAGES}},
        "code": code_hash(),
        "started": [*before, _now()],  # one per start: more than one after an interruption
    }
    _write(record, folder)
    return record


def finish(record: dict[str, Any], folder: Path, counts: dict[str, dict[str, int]]) -> None:
    """Complete the record with the time of the end and the number of fetches by role and outcome."""
    _write({**record, "finished": _now(), "counts": counts}, folder)


def read(folder: Path) -> dict[str, Any]:
    """Return the record of the run that made the archive in `folder`."""
    record: dict[str, Any] = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
    return record


def code_hash() -> str:
    """Return the sha256 over the names and contents of the crawler's modules."""
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for module in sorted(root.rglob("*.py")):
        digest.update(f"{module.relative_to(root).as_posix()}\0".encode())
        digest.update(hashlib.sha256(module.read_bytes()).digest())
    return digest.hexdigest()


def _write(record: dict[str, Any], folder: Path) -> None:
    with replacing(folder / RUN_FILE) as draft:
        draft.write_text(json.dumps(record, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
