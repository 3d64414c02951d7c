"""Fixtures: photographs, and archives of pictures."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pytest

from common.files import write_table
from crawler.archive.schemas import INDEX
from tests.curate.pictures import sha256


@pytest.fixture(scope="session")
def photographs(data: Path) -> list[Path]:
    """Two hundred photographs of buildings and houses."""
    buildings = sorted((data / "buildings/test").glob("*.jpg"))
    return buildings[:120] + sorted((data / "houses").glob("*.jpg"))[:80]


@pytest.fixture
def archive(tmp_path: Path) -> Callable[[str, Mapping[str, bytes]], Path]:
    """Return a function that writes an archive of bodies by URL: one file and its index."""

    def make(name: str, bodies: Mapping[str, bytes]) -> Path:
        folder = tmp_path / "archive" / name
        folder.mkdir(parents=True)
        rows, offset = [], 0
        for url, body in bodies.items():
            place = {"file": "00000.warc", "offset": offset, "length": len(body)}
            rows.append({"sha256": sha256(body), "url": url, **place})
            offset += len(body)
        (folder / "00000.warc").write_bytes(b"".join(bodies.values()))
        rows.sort(key=lambda row: (row["sha256"], row["url"]))
        write_table(pa.Table.from_pylist(rows, INDEX), folder / "index.parquet")
        return folder

    return make
